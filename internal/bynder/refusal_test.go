package bynder_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestRefusal(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		words      string // "" if it is no refusal
	}{
		{"as the portal has it", `{"message":"Original file not available","statuscode":"404"}`, 404, "Original file not available"},
		{"a number", `{"message":"No","statuscode":403}`, 403, "No"},
		{"with its reason", `{"message":"No","statuscode":"401 Unauthorized"}`, 401, "No"},
		{"in another case", `{"Message":"No","statusCode":503}`, 503, "No"},
		{"no words", `{"statuscode":404}`, 404, "not found"},
		{"status", `{"message":"No","status":429}`, 429, "No"},
		{"code", `{"message":"No","code":"410"}`, 410, "No"},
		{"in an object", `{"error":{"code":404,"message":"No"}}`, 404, "No"},
		{"a success", `{"message":"No","statuscode":200}`, 0, "No"},
		{"no status", `{"message":"No"}`, 0, "No"},
		{"a word for a status", `{"message":"No","status":"error","code":"E17"}`, 0, "No"},
		{"a fraction", `{"message":"No","statuscode":404.5}`, 0, "No"},
		{"an empty location", `{"s3_file":"","message":"No","statuscode":"404"}`, 404, "No"},
		{"a location that is null", `{"s3_file":null,"message":"No"}`, 0, "No"},
		{"error", `{"error":"No"}`, 0, "No"},
		{"OAuth", `{"error":"invalid_token","error_description":"No"}`, 0, "No"},
		{"errors", `{"errors":["No","never"]}`, 0, "No; never"},
		{"errors that are objects", `{"errors":[{"message":"No"},{"detail":"never"}]}`, 0, "No; never"},
		{"errors by field", `{"errors":{"ids":["No"]}}`, 0, "No"},
		{"RFC 9457", `{"type":"about:blank","title":"Gone","status":410,"detail":"No"}`, 410, "No"},
		{"a media list beside a statuscode", `{"message":"No","statuscode":404,"media":[]}`, 404, "No"},
		{"a link to help", `{"message":"No","statuscode":404,"url":"https://help/"}`, 404, "No"},
		{"an id of the request", `{"message":"No","statuscode":404,"id":"7"}`, 404, "No"},
		{"a query", `{"message":"see https://h/k?X-Amz-Signature=secret now"}`, 0, "see https://h/k now"},

		{"a location", `{"s3_file":"https://h/k","message":"No","statuscode":404}`, 0, ""},
		{"a location by its other key", `{"url":"https://h/k","message":"No"}`, 0, ""},
		{"an asset", `{"id":"a","name":"b","message":"No","description":"c"}`, 0, ""},
		{"a list", `{"media":[],"message":"No"}`, 0, ""},
		{"a user", `{"email":"a@b","message":"No"}`, 0, ""},
		{"nothing", `{}`, 0, ""},
		{"an array", `[{"message":"No","statuscode":404}]`, 0, ""},
		{"properties by name", `{"message":{"name":"message","options":[]},"error":{"name":"x"}}`, 0, ""},
		{"no JSON", `{"message":"No","statuscode":404`, 0, ""},
		{"empty", ``, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, refused := bynder.Refusal([]byte(tt.body))
			if status != tt.status || refused != (tt.words != "") {
				t.Errorf("status %d, refused %v; want %d, %v", status, refused, tt.status, tt.words != "")
			}
			if !refused {
				return
			}
			c := portal(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.body) })
			for call, err := range everyCall(t.Context(), c) {
				if err == nil || !strings.Contains(err.Error(), tt.words) || strings.Contains(err.Error(), "secret") {
					t.Errorf("%s: error %v; want one that says %q", call, err, tt.words)
				}
				var api *bynder.APIError
				var protocol *bynder.ProtocolError
				switch {
				case status == 0 && !errors.As(err, &protocol):
					t.Errorf("%s: error %v; want a *ProtocolError", call, err)
				case status != 0 && (!errors.As(err, &api) || api.Status != status):
					t.Errorf("%s: error %v; want an *APIError of %d", call, err, status)
				}
			}
		})
	}
}

// everyCall makes each call of the API.
func everyCall(ctx context.Context, c *bynder.Client) map[string]error {
	failed := map[string]error{}
	_, failed["location"] = c.Location(ctx, "a", bynder.Selector{})
	_, failed["asset"] = c.Asset(ctx, "a")
	_, failed["currentUser"] = c.CurrentUser(ctx)
	for _, err := range c.Assets(bynder.Query{}).Each(ctx) {
		failed["assets"] = err
	}
	for _, err := range c.AssetsByID(ctx, []string{"a"}) {
		failed["assets by id"] = err
	}
	for _, err := range c.Collections("").Each(ctx) {
		failed["collections"] = err
	}
	return failed
}

func FuzzRefusal(f *testing.F) {
	f.Add([]byte(`{"message":"No","statuscode":"404","errors":[{"a":[["b"]]}]}`))
	f.Add([]byte(`{"error":{"error":{"error":{"error":"deep"}}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		status, refused := bynder.Refusal(body)
		if status != 0 && (!refused || status < 400 || status > 599) {
			t.Errorf("%q: status %d, refused %v", body, status, refused)
		}
	})
}
