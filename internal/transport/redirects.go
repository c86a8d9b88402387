package transport

import (
	"net/http"

	"github.com/bynder-cli/bynder/internal/location"
)

// redirects parses the Location of each redirect before net/http does, which would refuse some
// that browsers follow, and would quote the URL in its error.
type redirects struct{ next http.RoundTripper }

func (r *redirects) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return resp, err
	}
	to := resp.Header.Get("Location")
	if to == "" || resp.StatusCode < 300 || resp.StatusCode > 399 {
		return resp, nil
	}
	u, err := location.Resolve(req.URL, to)
	if err != nil {
		resp.Body.Close()
		return nil, &RedirectError{reason: err.Error()}
	}
	resp.Header.Set("Location", u.String())
	return resp, nil
}
