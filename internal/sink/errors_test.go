package sink

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
			got := DirOptions{}.failure("write", "a.jpg", err)
			if got.Code != c.code || !strings.Contains(got.Hint(), c.hint) || (c.hint == "") != (got.Hint() == "") {
				t.Errorf("%s: code %s, hint %q", c.what, got.Code, got.Hint())
			}
			if want := "cannot write a.jpg: " + c.err.Error(); got.Error() != want {
				t.Errorf("%s: %q, want %q", c.what, got, want)
			}
		}
	}
}

// If the folder itself cannot be used, other names of its files do not help.
func TestHintOfTheFolderItself(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, strings.Repeat("x", 300))
	const taken = "a file is where the folder should be: choose another "
	for _, c := range []struct {
		what string
		open func() error
		hint string
	}{
		{"a file", func() error { _, err := NewDir(file, DirOptions{Folder: "--dir"}); return err }, taken + "--dir"},
		{"below a file", func() error { _, err := NewDir(filepath.Join(file, "in"), DirOptions{Folder: "--dir"}); return err }, taken + "--dir"},
		{"an argument", func() error { _, err := NewDir(file, DirOptions{}); return err }, taken + "folder"},
		{"a preview", func() error { _, err := NewPreview(file, DirOptions{Folder: "--dir"}); return err }, taken + "--dir"},
		{"an output", func() error {
			_, err := ForOutput(t.Context(), "", filepath.Join(file, "x"), DirOptions{Folder: "--dir"})
			return err
		}, taken + "--output"},
		{"a preview of an output", func() error {
			_, err := PreviewOutput("", filepath.Join(file, "x"), DirOptions{Folder: "--dir"})
			return err
		}, taken + "--output"},
		{"a long name", func() error { _, err := NewDir(long, DirOptions{Folder: "--dir"}); return err }, "choose another --dir"},
		{"a recorded folder", func() error { _, err := NewDir(file, DirOptions{Recorded: true}); return err }, "a file is where a folder should be: move it away"},
	} {
		failed, ok := errors.AsType[*download.Error](c.open())
		if !ok || failed.Code != download.CodeLocal || failed.Hint() != c.hint {
			t.Errorf("%s: %v, hint %q, want %q", c.what, failed, failed.Hint(), c.hint)
		}
	}
}

// A stream is in no folder, and nothing of it is continued.
func TestHintOfAStream(t *testing.T) {
	const again = ", then run the same command again"
	for err, want := range map[error]string{
		diskFull[0]:      "free some space or choose another --output" + again,
		overQuota[0]:     "your quota is used up: free some of it or choose another --output" + again,
		tooLarge[0]:      "the file system does not take files of this size (FAT ends at 4 GiB): choose another --output",
		fs.ErrPermission: "make sure that you may write there, or choose another --output",
		context.Canceled: "",
	} {
		for _, name := range []string{"", "/dev/full"} {
			failed, ok := errors.AsType[*download.Error](NewStream(io.Discard, name).failure("write to", err))
			if !ok || failed.Hint() != want {
				t.Errorf("%v: hint %q, want %q", err, failed.Hint(), want)
			}
		}
	}
}

// A file that the user has named apart from the downloads has a hint about that file alone.
func TestHintOfANamedFile(t *testing.T) {
	folder := t.TempDir()
	for file, want := range map[string]string{
		folder:                             "specify a file, not a folder",
		filepath.Join(folder, "none", "x"): "specify a file in a folder that exists",
	} {
		_, _, err := OpenReplacing(t.Context(), file, "*")
		if failed, ok := errors.AsType[*download.Error](err); !ok || failed.Hint() != want {
			t.Errorf("%q: %v, want the hint %q", file, err, want)
		}
	}
	if failed, ok := errors.AsType[*download.Error](unopened("create", "x", nameTooLong[0])); !ok || failed.Hint() != "specify a file with a shorter name" {
		t.Errorf("a long name: %v", failed)
	}
}

// The name that --output gives is the file's, whatever --name says.
func TestHintOfANameByOutput(t *testing.T) {
	for err, want := range map[error]string{
		nameTooLong[0]:   "choose a shorter --output",
		notADirectory[0]: "a file is where a folder should be: move it away, or choose another --output",
		isADirectory[0]:  "a folder is where a file should be: move it away, or choose another --output",
	} {
		if got := (DirOptions{Folder: "--output"}).failure("create", "x", err).Hint(); got != want {
			t.Errorf("%v: hint %q, want %q", err, got, want)
		}
		if got := (DirOptions{Folder: "--dir"}).failure("create", "x", err).Hint(); !strings.Contains(got, "--name") || !strings.Contains(got, "in the list") {
			t.Errorf("%v: hint %q", err, got)
		}
	}
}
