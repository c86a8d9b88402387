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

// OpenReplacing opens what is written in place of file: the device or FIFO that is there, or a new file in the folder
// of final, which it is to become. A symlink stays one, and a file that is replaced keeps its permissions. The new file
// is called as pattern says, whose * is a random text. A FIFO that nobody reads is waited for until ctx ends.
func OpenReplacing(ctx context.Context, file, pattern string) (to *os.File, final string, err error) {
	if to, _, ok, err := OpenDescriptor(file); ok {
		return to, file, err
	}
	info, err := os.Stat(file)
	there := err == nil
	if there && !info.Mode().IsRegular() {
		to, err = retry.Await(ctx, func() (*os.File, error) { return os.OpenFile(file, os.O_WRONLY, 0) })
		return to, file, err
	}
	final = Destination(file)
	to, err = createBeside(filepath.Dir(final), pattern, os.O_RDWR, 0o666)
	if err == nil && there {
		_ = to.Chmod(info.Mode().Perm()) // not every file system has them
	}
	return to, final, err
}

// createBeside makes a new file in a folder. os.CreateTemp would make it the owner's alone.
func createBeside(dir, pattern string, flags int, mode fs.FileMode) (*os.File, error) {
	for {
		f, err := os.OpenFile(filepath.Join(dir, strings.Replace(pattern, "*", rand.Text(), 1)), flags|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}
