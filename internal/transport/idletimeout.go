package transport

import (
	"net/http"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// portalIdle is how long the portal may send nothing within an answer.
const portalIdle = 60 * time.Second

// portalAnswer is the time limit for reading an answer of the portal. Time in which the caller does not
// read is not counted: the files of one page of a list may take hours to download.
const portalAnswer = 5 * time.Minute

// idleTimeout ends answers of the portal that stall, or that take too long as a whole. internal/transfer does so
// for answers of storage, with the number of bytes of a file that counts as progress.
type idleTimeout struct{ next http.RoundTripper }

func (w *idleTimeout) RoundTrip(req *http.Request) (*http.Response, error) {
	watch := retry.NewWatch(req.Context(), portalIdle, portalAnswer)
	return watch.Answered(w.next.RoundTrip(req.WithContext(watch.Context())))
}
