package sink

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

func TestFailureHasCodeAndHint(t *testing.T) {
	for _, c := range []struct {
		what string
		err  error
		code download.Code
		hint string // a part of it
	}{
		{"disk full", diskFull[0], download.CodeDiskFull, "free some space"},
		{"over quota", overQuota[0], download.CodeDiskFull, "quota"},
		{"too large", tooLarge[0], download.CodeLocal, "FAT"},
		{"read-only", readOnly[0], download.CodeLocal, "read-only"},
		{"too many files", tooManyFiles[0], download.CodeLocal, "--jobs"},
		{"name too long", nameTooLong[0], download.CodeLocal, "--name"},
		{"a file in the way", notADirectory[0], download.CodeLocal, "a file is where"},
		{"a folder in the way", isADirectory[0], download.CodeLocal, "a folder is where"},
		{"in use", inUse[0], download.CodeLocal, "another program"},
		{"forbidden", fs.ErrPermission, download.CodeLocal, "may write"},
		{"cancelled", context.Canceled, download.CodeInterrupted, ""},
		{"anything else", fs.ErrInvalid, download.CodeLocal, ""},
	} {
		for _, err := range []error{
			c.err,
			&fs.PathError{Op: "write", Path: "secret.part", Err: c.err},
			&os.LinkError{Op: "link", Old: "secret.part", New: "n", Err: c.err},
			&os.SyscallError{Syscall: "write", Err: c.err},
		} {
			got := failure("write", "a.jpg", err)
			if got.Code != c.code || !strings.Contains(got.Hint(), c.hint) || (c.hint == "") != (got.Hint() == "") {
				t.Errorf("%s: code %s, hint %q", c.what, got.Code, got.Hint())
			}
			if want := "write a.jpg: " + c.err.Error(); got.Error() != want {
				t.Errorf("%s: %q, want %q", c.what, got, want)
			}
		}
	}
}
