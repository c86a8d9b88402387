package transport

import (
	"net/http"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// portalIdle is how long the portal may send nothing in the middle of an answer.
const portalIdle = 60 * time.Second

// portalAnswer is how long an answer of the portal may take to read as a whole. Time in which the caller
// does not read is not counted: what a page of a list asks for may take hours to fetch.
const portalAnswer = 5 * time.Minute

// watched ends answers of the portal whose bytes stop coming, or that take too long as a whole. What storage
// sends is watched by internal/transfer, which knows how many bytes of a file are progress.
type watched struct{ next http.RoundTripper }

func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	watch := retry.NewWatch(req.Context(), portalIdle, portalAnswer)
	return watch.Answered(w.next.RoundTrip(req.WithContext(watch.Context())))
}
