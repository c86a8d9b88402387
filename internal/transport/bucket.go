package transport

import (
	"net"
	"net/http"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

const (
	// bucketIdle is how long a bucket may take none of a body that is sent to it, or send none of its answer.
	bucketIdle = 60 * time.Second
	// instanceDial and instanceAnswer are the time limits of the service with the credentials of this machine's role: on
	// a machine without one nothing answers at its address.
	instanceDial   = 500 * time.Millisecond
	instanceAnswer = 2 * time.Second
)

// Bucket returns the transport of requests to a bucket, which their sender signs. It shares nothing with the two
// clients, and follows no redirects. Of o, the options of the portal do not apply.
func Bucket(o Options) http.RoundTripper {
	base := o.base()
	base.DisableCompression = true
	base.MaxIdleConns = 0          // only the limit per host applies
	base.ResponseHeaderTimeout = 0 // bucketTransport has another limit
	base.ExpectContinueTimeout = 0
	return &bucketTransport{&traced{next: base, trace: o.Trace}, base}
}

// bucketTransport ends requests to a bucket that stall, in either direction.
type bucketTransport struct {
	next http.RoundTripper
	base *http.Transport
}

func (t *bucketTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	watch := retry.NewWatch(req.Context(), bucketIdle, 0)
	req = req.WithContext(watch.Context())
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = watch.Sent(req.Body)
	}
	return watch.Answered(t.next.RoundTrip(req))
}

// CloseIdleConnections closes the connections that no request uses.
func (t *bucketTransport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// Instance returns the client for the service that has the credentials of this machine's role, or of this container's:
// without a proxy, and with short time limits.
func Instance() *http.Client {
	return &http.Client{
		Timeout: instanceAnswer,
		Transport: &http.Transport{
			DialContext:       (&net.Dialer{Timeout: instanceDial}).DialContext,
			DisableKeepAlives: true,
		},
	}
}
