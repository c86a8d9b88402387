package bynder_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestCurrentUser(t *testing.T) {
	for _, tt := range []struct {
		name string
		body string
		want string // as it is shown, "" for a *ProtocolError
	}{
		{"all fields", `{"id":"6A1B","username":"ada","email":"ada@example.com","firstName":"Ada","lastName":"Lovelace"}`, "Ada Lovelace <ada@example.com>"},
		{"one name", `{"id":"6A1B","username":"ada","firstName":"Ada","lastName":null}`, "Ada"},
		{"no name", `{"id":"6A1B","username":"ada","email":"ada@example.com"}`, "ada <ada@example.com>"},
		{"an e-mail address", `{"email":"ada@example.com"}`, "ada@example.com"},
		{"an id that is a number", `{"id":7}`, "7"},
		{"nobody", `{}`, ""},
		{"a list", `[]`, ""},
		{"null", `null`, ""},
		{"a page", `<html>`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				if r.RequestURI != "/api/v4/currentUser/" {
					t.Errorf("asked for %s", r.RequestURI)
				}
				_, _ = io.WriteString(w, tt.body)
			})
			u, err := c.CurrentUser(t.Context())
			var protocol *bynder.ProtocolError
			switch {
			case tt.want == "" && !errors.As(err, &protocol):
				t.Errorf("error %v, want a *ProtocolError", err)
			case tt.want != "" && (err != nil || u.String() != tt.want):
				t.Errorf("%q and error %v, want %q", u, err, tt.want)
			}
		})
	}
}

func TestCurrentUserTellsCredentialsFromPermission(t *testing.T) {
	for status, unauthorized := range map[int]bool{http.StatusUnauthorized: true, http.StatusForbidden: false} {
		c := portal(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		_, err := c.CurrentUser(t.Context())
		var api *bynder.APIError
		if !errors.As(err, &api) || api.Status != status || api.Unauthorized() != unauthorized {
			t.Errorf("status %d gives %v", status, err)
		}
	}
}
