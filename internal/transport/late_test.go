package transport

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// What takes too long is said with the time that it had.
func TestAnswersThatDoNotCome(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	base := Options{}.base()
	base.ResponseHeaderTimeout, base.TLSHandshakeTimeout = 20*time.Millisecond, 30*time.Millisecond
	for url, wants := range map[string]string{
		"http://" + silent.Addr().String():  "no answer in 20ms",
		"https://" + silent.Addr().String(): "no TLS connection in 30ms",
	} {
		resp, err := newTransports(base).RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil))
		if err == nil {
			resp.Body.Close()
		}
		timeout, ok := errors.AsType[net.Error](err)
		if err == nil || err.Error() != wants || !retry.Temporary(err) || !ok || !timeout.Timeout() {
			t.Errorf("%s: %v", url, err)
		}
	}
	base.CloseIdleConnections()
}
