package transport

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/config"
)

// answering answers every request at once.
type answering struct{}

func (answering) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: req}, nil
}

// BenchmarkSign authorises a call for a location, and one that names 190 assets.
func BenchmarkSign(b *testing.B) {
	const origin = "https://portal.example/api/v4/media/"
	ids := strings.TrimSuffix(strings.Repeat("D4AC0B41-141B-47D2-98B4FECDA8894CB2,", 190), ",")
	credentials := config.Credentials{
		ConsumerKey: config.NewSecret("consumer key"), ConsumerSecret: config.NewSecret("consumer secret"),
		Token: config.NewSecret("token"), TokenSecret: config.NewSecret("token secret"),
		PermanentToken: config.NewSecret("permanent token"),
	}
	for _, kind := range []config.Kind{config.OAuth1, config.PermanentToken} {
		for _, call := range []struct{ name, url string }{
			{"location", origin + "D4AC0B41-141B-47D2-98B4FECDA8894CB2/download/"},
			{"190-ids", origin + "?ids=" + ids + "&limit=1000&page=1"},
		} {
			b.Run(string(kind)+"/"+call.name, func(b *testing.B) {
				c := config.Config{Credentials: credentials}
				c.Credentials.Kind = kind
				signed := authorize(c, Options{}, answering{})
				req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, call.url, nil)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					resp, err := signed.RoundTrip(req)
					if err != nil {
						b.Fatal(err)
					}
					resp.Body.Close()
				}
			})
		}
	}
}
