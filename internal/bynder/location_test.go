package bynder_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// portal serves handle and returns a client for it.
func portal(t *testing.T, handle http.HandlerFunc) *bynder.Client {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	origin, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return bynder.New(origin, server.Client())
}

func TestLocationAsksOneCall(t *testing.T) {
	for _, tt := range []struct {
		id   string
		s    bynder.Selector
		want string // as it stands in the request line
	}{
		{"D4AC0B41-141B-47D2-98B4FECDA8894CB2", bynder.Selector{}, "/api/v4/media/D4AC0B41-141B-47D2-98B4FECDA8894CB2/download/"},
		{"a", bynder.Selector{Kind: bynder.Additional}, "/api/v4/media/a/download/?type=additional"},
		{"a", bynder.Selector{Kind: bynder.Version, Version: 2}, "/api/v4/media/a/2/download/"},
		{"a", bynder.Selector{Kind: bynder.Item, ItemID: "i"}, "/api/v4/media/a/download/i/"},
		{"a", bynder.Selector{Kind: bynder.Item, ItemID: "i", Hashed: true}, "/api/v4/media/a/download/i/?hash=1"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			var asked []string
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.Method+" "+r.RequestURI)
				_, _ = io.WriteString(w, `{"s3_file":"https://s3.example/k?sig=1","disclaimer":"<b>read</b>"}`)
			})
			got, err := c.Location(t.Context(), tt.id, tt.s)
			if err != nil {
				t.Fatal(err)
			}
			if len(asked) != 1 || asked[0] != "GET "+tt.want {
				t.Errorf("asked %q, want GET %s once", asked, tt.want)
			}
			if got.URL.String() != "https://s3.example/k?sig=1" {
				t.Errorf("location %+v", got)
			}
		})
	}
}

func TestLocationAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       string // the URL
		wants      string // or what the error says
	}{
		{"documented", `{"s3_file":"https://h/k","disclaimer":""}`, "https://h/k", ""},
		{"url in place of s3_file", `{"url":"https://h/k"}`, "https://h/k", ""},
		{"both", `{"s3_file":"https://h/a","url":"https://h/b"}`, "https://h/a", ""},
		{"null and url", `{"s3_file":null,"url":"https://h/b","disclaimer":null}`, "https://h/b", ""},
		{"odd disclaimer", `{"s3_file":"https://h/k","disclaimer":["x"]}`, "https://h/k", ""},
		{"empty object", `{}`, "", "no location"},
		{"number", `{"s3_file":7}`, "", "no location"},
		{"array", `[]`, "", "not a JSON object"},
		{"cut off", `{"s3_file":"https://h`, "", "not what its API describes"},
		{"HTML", `<html><body>maintenance</body></html>`, "", "an HTML page"},
		{"empty", ``, "", "not what its API describes"},
		{"file scheme", `{"s3_file":"file:///etc/passwd"}`, "", `"file:"`},
		{"ftp scheme", `{"s3_file":"ftp://h/k"}`, "", `"ftp:"`},
		{"relative", `{"s3_file":"/k?sig=secret"}`, "", "not an absolute URL"},
		{"no host", `{"s3_file":"https://?sig=secret"}`, "", "no host"},
		{"user name", `{"s3_file":"https://u:p@h/k"}`, "", "user name"},
		{"no URL", `{"s3_file":"https://[h/%zz?sig=secret"}`, "", "invalid IPv6 address"},
		{"as browsers take it", `{"s3_file":" HTTPS:\\\\h\\100% ö.jpg?sig=%2f \n"}`, "https://h/100%25%20%C3%B6.jpg?sig=%2f", ""},
		{"without a scheme", `{"s3_file":"//h/k"}`, "http://h/k", ""}, // the portal's own
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := portal(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.body) })
			got, err := c.Location(t.Context(), "a", bynder.Selector{})
			if tt.want != "" {
				if err != nil || got.URL.String() != tt.want {
					t.Errorf("location %v, error %v; want %s", got.URL, err, tt.want)
				}
				return
			}
			var protocol *bynder.ProtocolError
			if !errors.As(err, &protocol) || !strings.Contains(err.Error(), tt.wants) {
				t.Errorf("error %v; want a *ProtocolError that says %q", err, tt.wants)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats the URL: %v", err)
			}
		})
	}
}

func TestAPIErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"media", 404, `{"message":"Original file not available","statuscode":"404"}`, "not found: Original file not available"},
		{"number", 404, `{"message":"Collection not found","statuscode":404}`, "not found: Collection not found"},
		{"oauth", 401, `{"error":"token rejected"}`, "the portal does not accept the credentials: token rejected"},
		{"HTML", 503, "<html>busy</html>", "the portal answered 503 Service Unavailable"},
		{"empty", 404, "", "not found (HTTP 404)"},
		{"cut off", 400, `{"message":"Invalid ty`, "the portal answered 400 Bad Request"},
		{"text", 400, "Invalid type\n", "the portal answered 400 Bad Request: Invalid type"},
		{"odd message", 400, `{"message":{"a":1}}`, "the portal answered 400 Bad Request"},
		{"a URL", 500, `{"message":"cannot read https://s3/k?X-Amz-Signature=secret&b=1 now"}`, "the portal answered 500 Internal Server Error: cannot read https://s3/k now"},
		{"the same words", 500, `{"message":"Internal server error"}`, "the portal answered 500 Internal Server Error"},
		{"of a CDN", 520, "", "the portal answered 520"},
		{"blocked", 429, "", "the portal has blocked this address for a while (HTTP 429)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := portal(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			_, err := c.Location(t.Context(), "a", bynder.Selector{})
			var api *bynder.APIError
			if !errors.As(err, &api) {
				t.Fatalf("error %v, want an *APIError", err)
			}
			if api.Error() != tt.want || api.Status != tt.status {
				t.Errorf("error %d %q, want %d %q", api.Status, api, tt.status, tt.want)
			}
			if api.Date.IsZero() {
				t.Error("the portal's clock is not kept")
			}
			if foreign := slices.Contains([]string{"HTML", "cut off", "text"}, tt.name); api.Foreign != foreign {
				t.Errorf("foreign is %v", api.Foreign)
			}
		})
	}
}

// An answer without an end must end in an error, not in all of the memory.
func TestAnswersAreCapped(t *testing.T) {
	endless := func(status int, sent *int64) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			chunk := []byte(strings.Repeat(" ", 1<<16))
			for {
				n, err := w.Write(chunk)
				*sent += int64(n)
				if err != nil || *sent > 1<<30 {
					return
				}
			}
		}
	}
	t.Run("success", func(t *testing.T) {
		var sent int64
		c := portal(t, endless(200, &sent))
		_, err := c.Location(t.Context(), "a", bynder.Selector{})
		var protocol *bynder.ProtocolError
		if !errors.As(err, &protocol) || !strings.Contains(err.Error(), "larger than 8 MiB") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("error", func(t *testing.T) {
		var sent int64
		c := portal(t, endless(500, &sent))
		_, err := c.Location(t.Context(), "a", bynder.Selector{})
		var api *bynder.APIError
		if !errors.As(err, &api) || len(api.Message) > 400 {
			t.Errorf("error %v", err)
		}
	})
	t.Run("long message", func(t *testing.T) {
		c := portal(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"message":"%s"}`, strings.Repeat("é", 1000))
		})
		_, err := c.Location(t.Context(), "a", bynder.Selector{})
		if len(err.Error()) > 400 || !strings.HasSuffix(err.Error(), "é…") {
			t.Errorf("error %q", err)
		}
	})
}

// An answer about another asset is not taken for the one that was asked for.
func TestAssetIsTheOneAskedFor(t *testing.T) {
	const asked = "D4AC0B41-141B-47D2-98B4FECDA8894CB2"
	for _, tt := range []struct {
		name, answer string
		ok           bool
	}{
		{"the same", `{"id":"D4AC0B41-141B-47D2-98B4FECDA8894CB2"}`, true},
		{"in small letters", `{"id":"d4ac0b41-141b-47d2-98b4fecda8894cb2"}`, true},
		{"as an RFC UUID", `{"id":"D4AC0B41-141B-47D2-98B4-FECDA8894CB2"}`, true},
		{"by its hash", `{"id":"B","idHash":"D4AC0B41-141B-47D2-98B4FECDA8894CB2"}`, true},
		{"another", `{"id":"B"}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := portal(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.answer) })
			a, err := c.Asset(t.Context(), asked)
			if (err == nil) != tt.ok {
				t.Fatalf("asset %+v, error %v", a, err)
			}
			if err != nil && !strings.Contains(err.Error(), `another asset, "B"`) {
				t.Errorf("error %v does not say which", err)
			}
		})
	}
}
