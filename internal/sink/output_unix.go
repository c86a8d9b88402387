//go:build unix

package sink

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bynder-cli/bynder/internal/retry"
)

// The first and the longest pause between two attempts to open a FIFO without a reader.
const (
	firstPause   = 5 * time.Millisecond
	longestPause = 250 * time.Millisecond
)

// openStream opens a device or FIFO. Without a reader, a FIFO is tried again until
// ctx ends: a blocking open could not be interrupted.
func openStream(ctx context.Context, path string) (*os.File, error) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
		if !errors.Is(err, unix.ENXIO) {
			return f, err
		}
		if err := retry.Sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// OpenDescriptor opens path if it names a descriptor that this process inherited.
// It is not opened by its path: that would open the file again, from its beginning,
// and could not open the pipe of another user. shown is "" for standard output.
func OpenDescriptor(path string) (f *os.File, shown string, ok bool, err error) {
	number, ok := descriptorNumber(path)
	if !ok {
		return nil, "", false, nil
	}
	if number != 1 {
		shown = path
	}
	fail := func(err error) (*os.File, string, bool, error) {
		return nil, path, true, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	flags, err := unix.FcntlInt(uintptr(number), unix.F_GETFL, 0)
	if err != nil {
		return fail(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(number, &st); err != nil {
		return fail(err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFIFO, unix.S_IFCHR, unix.S_IFBLK, unix.S_IFSOCK:
	default: // a folder, or a descriptor of the Go runtime
		return fail(unix.EBADF)
	}
	if flags&unix.O_ACCMODE == unix.O_RDONLY {
		return fail(unix.EBADF)
	}
	copied, err := unix.FcntlInt(uintptr(number), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return fail(err)
	}
	return os.NewFile(uintptr(copied), path), shown, true, nil
}

// descriptorNumber reads N in /dev/fd/N and its other names.
func descriptorNumber(path string) (int, bool) {
	switch path {
	case "/dev/stdout":
		return 1, true
	case "/dev/stderr":
		return 2, true
	}
	digits, ok := strings.CutPrefix(path, "/dev/fd/")
	if !ok {
		digits, ok = strings.CutPrefix(path, "/proc/self/fd/")
	}
	number, err := strconv.ParseUint(digits, 10, 31)
	return int(number), ok && err == nil
}
