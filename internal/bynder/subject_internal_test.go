package bynder

import "testing"

func TestSubject(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v4/media/":                      "the list of assets",
		"/api/v4/media/D4AC0B41/":             "the asset",
		"/api/v4/media/D4AC0B41/download/":    "the download URL",
		"/api/v4/media/D4AC0B41/3/download/":  "the download URL",
		"/api/v4/media/D4AC/download/1364B4/": "the download URL",
		"/api/v4/collections/":                "the list of collections",
		"/api/v4/metaproperties/":             "the list of metaproperties",
		"/api/v4/account/derivatives/":        "the list of derivatives",
		"/api/v4/currentUser/":                "the current user",
		"/api/v4/collections/id/media/":       "/api/v4/collections/id/media/",
		"/v6/authentication/oauth2/token":     "/v6/authentication/oauth2/token",
	} {
		if got := subject(path); got != want {
			t.Errorf("subject(%q) = %q, want %q", path, got, want)
		}
	}
}
