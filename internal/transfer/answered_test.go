package transfer

import (
	"context"
	"net"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// Options.Answered receives what storage alone took, without the time to get a location and to open a connection, and
// no answer for a part but the first byte, which a file in place is compared by.
func TestAnswered(t *testing.T) {
	type answered struct {
		status int
		delay  time.Duration
	}
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(1000, 1)
		after := func(d time.Duration, then step) step {
			return func(f *file, w http.ResponseWriter, r *http.Request) {
				_ = retry.Sleep(r.Context(), d)
				then(f, w, r)
			}
		}
		s := newStorage(t, f, after(30*time.Millisecond, status(503, "")), after(50*time.Millisecond, well), after(40*time.Millisecond, well))
		transport := s.client.Transport.(*http.Transport)
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			_ = retry.Sleep(ctx, time.Second)
			return dial(ctx, network, address)
		}
		var got []answered
		located := 0
		o := New(Options{Client: s.client, AllowHTTP: true, Retries: 1, Answered: func(status int, delay time.Duration) {
			got = append(got, answered{status, delay})
		}})
		stream, err := o.Open(t.Context(), func(ctx context.Context) (Location, error) {
			_ = retry.Sleep(ctx, time.Minute)
			return s.source(&located)(ctx)
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		stream.Close()
		for _, part := range []span{{until: 1}, {from: 100, until: 200}} {
			a, err := ask(t.Context(), &o.opts, stream.at.location.URL, part, "")
			if err != nil {
				t.Fatal(err)
			}
			a.close()
		}
		if want := []answered{{503, 30 * time.Millisecond}, {200, 50 * time.Millisecond}, {206, 40 * time.Millisecond}}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}
