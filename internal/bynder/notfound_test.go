package bynder_test

import (
	"net/http"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// The hint of a 404 is about the asset only if the asset may be what is missing.
func TestHintOfNotFound(t *testing.T) {
	const (
		asset = "check the id; the asset may be deleted, or your credentials may not have access"
		file  = "list the files of the asset with `bynder items A-1`"
	)
	for _, tt := range []struct{ path, message, want string }{
		{"/api/v4/media/A-1/", "", asset},
		{"/api/v4/media/A-1/", "Media not found", asset},
		{"/api/v4/media/A-1/download/", "", asset},
		{"/api/v4/media/A-1/download/", "Media not found", asset},
		{"/api/v4/media/A-1/download/", "media not found.", asset},
		{"/api/v4/media/A-1/download/", "Original file not available", file},
		{"/api/v4/media/A-1/99/download/", "Original file not available", file},
		{"/api/v4/media/A-1/99/download/", "", file},
		{"/api/v4/media/A-1/99/download/", "Media not found", asset},
		{"/api/v4/media/A-1/download/nosuch/", "Media item not found", file},
		{"/api/v4/media/A-1/download/nosuch/", "", file},
		{"/api/v4/media/A-1/download/nosuch/", "Media not found", asset},
		{"/api/v4/media/", "", ""},
		{"/api/v4/collections/", "", ""},
	} {
		for _, status := range []int{http.StatusNotFound, http.StatusGone} {
			e := &bynder.APIError{Status: status, Path: tt.path, Message: tt.message}
			if got := e.Hint(); got != tt.want {
				t.Errorf("%d for %s, %q: hint %q, want %q", status, tt.path, tt.message, got, tt.want)
			}
		}
	}
}
