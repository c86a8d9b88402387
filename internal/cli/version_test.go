package cli

import (
	"bytes"
	"encoding/json"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// linked sets what the linker sets in a release, for the time of a test.
func linked(t *testing.T, v, c, d string) {
	t.Helper()
	oldVersion, oldCommit, oldDate := version, commit, date
	t.Cleanup(func() { version, commit, date = oldVersion, oldCommit, oldDate })
	version, commit, date = v, c, d
}

// A release says what the linker was given.
func TestVersionOfARelease(t *testing.T) {
	linked(t, "1.2.3", "0123456789abcdef0123456789abcdef01234567", "2026-11-27T04:05:06Z")
	var out bytes.Buffer
	if err := writeVersion(&out); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "bynder 1.2.3 (commit 0123456789ab, 2026-11-27, "+runtime.Version()+", "+runtime.GOOS+"/"+runtime.GOARCH+")\n"; got != want {
		t.Errorf("the version is %q, want %q", got, want)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(helpFor(t, "version", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"version": "1.2.3", "commit": "0123456789abcdef0123456789abcdef01234567", "date": "2026-11-27T04:05:06Z",
		"go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
	}
	delete(got, "modified") // of the tree that the test was built from
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got, want := userAgent(), "bynder-cli/1.2.3"; got != want {
		t.Errorf("the User-Agent is %q, want %q", got, want)
	}
}

// What is not known is left out.
func TestVersionOfAnUnknownBuild(t *testing.T) {
	for b, want := range map[build]string{
		{Version: "dev", Go: "go1.26", OS: "linux", Arch: "arm64"}:                  "bynder dev (go1.26, linux/arm64)",
		{Version: "1.0", Commit: "abc", Go: "go1.26", OS: "linux", Arch: "arm64"}:   "bynder 1.0 (commit abc, go1.26, linux/arm64)",
		{Version: "1.0", Date: "2026-01-02T03:04:05Z", Go: "g", OS: "o", Arch: "a"}: "bynder 1.0 (2026-01-02, g, o/a)",
	} {
		if got := b.String(); got != want {
			t.Errorf("%+v is %q, want %q", b, got, want)
		}
	}
}
