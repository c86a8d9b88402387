package cli

import (
	"slices"
	"testing"
)

// What opens a page has the address as one argument, and no shell in between.
func TestBrowserCommand(t *testing.T) {
	const page = "https://brand.getbynder.com/media/?mediaId=A&b"
	for system, want := range map[string][]string{
		"linux":   {"xdg-open", page},
		"freebsd": {"xdg-open", page},
		"darwin":  {"open", page},
		"windows": {"rundll32", "url.dll,FileProtocolHandler", page},
	} {
		if got := browserCommand(system, page); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", system, got, want)
		}
	}
}
