package sink

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bynder-cli/bynder/internal/retry"
)

// OpenReplacing opens the file that is written for file: an existing device or FIFO, or a new file in the folder of final,
// to which the caller renames it. A symlink stays one, and the new file has the permissions of the one that it replaces.
// The name of the new file is pattern, with random text for its *. Without a reader, a FIFO is waited for until ctx ends.
// The error names file, and has a hint.
func OpenReplacing(ctx context.Context, file, pattern string) (to *os.File, final string, err error) {
	if to, _, ok, err := OpenDescriptor(file); ok {
		return to, file, unopened("open", file, err)
	}
	info, err := os.Stat(file)
	exists := err == nil
	if exists && !info.Mode().IsRegular() {
		to, err = retry.Await(ctx, func() (*os.File, error) { return os.OpenFile(file, os.O_WRONLY, 0) })
		return to, file, unopened("open", file, err)
	}
	final = Destination(file)
	to, err = createBeside(filepath.Dir(final), pattern, os.O_RDWR, 0o666)
	if err == nil && exists {
		_ = to.Chmod(info.Mode().Perm()) // not every file system has them
	}
	return to, final, unopened("create", file, err)
}

// unopened returns err as the failure to open or create a file that the user has named, nil for nil. Errors of a context
// stay as they are.
func unopened(doing, file string, err error) error {
	if err == nil || isCancelled(err) {
		return err
	}
	failed := DirOptions{}.failure(doing, file, err)
	switch { // no name of a downloaded file has to do with it
	case errors.Is(err, fs.ErrNotExist), isOneOf(notADirectory)(err):
		failed.Advice = "specify a file in a folder that exists"
	case isOneOf(isADirectory)(err):
		failed.Advice = "specify a file, not a folder"
	case isOneOf(nameTooLong)(err):
		failed.Advice = "specify a file with a shorter name"
	}
	return failed
}

// createBeside creates a new file in a folder. os.CreateTemp would make it readable by its owner alone.
func createBeside(dir, pattern string, flags int, mode fs.FileMode) (*os.File, error) {
	for {
		f, err := os.OpenFile(filepath.Join(dir, strings.Replace(pattern, "*", rand.Text(), 1)), flags|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}
