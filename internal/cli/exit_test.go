package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// Whatever could not be written on a full disk, the hint says to free some space.
func TestHintOfAFullDisk(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "journal.ndjson", Err: syscall.ENOSPC}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("writing the journal: %w", full), "free some space"},
		{&usageError{err: full, hint: "another"}, "another"},
		{&download.Error{Err: full}, "free some space"},
		{errors.New("something else"), ""},
		{nil, ""},
	} {
		if hint := hintOf(tt.err); !strings.HasPrefix(hint, tt.want) || tt.want == "" && hint != "" {
			t.Errorf("%v: hint %q, want %q", tt.err, hint, tt.want)
		}
	}
}
