package transport

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrip is a RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// pausing is a body whose reads pause, or end with the request's context.
type pausing struct {
	ctx    context.Context
	pauses []time.Duration
}

func (p *pausing) Read(b []byte) (int, error) {
	if len(p.pauses) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(p.pauses[0]):
		p.pauses = p.pauses[1:]
		b[0] = '.'
		return 1, nil
	case <-p.ctx.Done():
		return 0, p.ctx.Err()
	}
}

func (*pausing) Close() error { return nil }

// An answer that stops in its first bytes is asked for again, with a try of its own.
func TestAnswersThatStopAreAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		chain := &retrying{limit: 2, next: &idleTimeout{roundTrip(func(r *http.Request) (*http.Response, error) {
			if asked++; asked == 1 {
				return &http.Response{StatusCode: http.StatusOK, Body: &pausing{r.Context(), []time.Duration{0, time.Hour}}}, nil
			}
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("whole"))}, nil
		})}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://h/", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := chain.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); string(body) != "whole" || err != nil || asked != 2 {
			t.Errorf("%q, %v after %d requests", body, err, asked)
		}
	})
}
