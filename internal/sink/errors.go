package sink

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/bynder-cli/bynder/internal/download"
)

// errIsDir means that a folder has the name of a file.
var errIsDir = syscall.EISDIR

// advice has the hints for errors of the file system, by cause. The first cause that
// matches is used.
var advice = []struct {
	is   func(error) bool
	code download.Code
	hint string
}{
	{isCancelled, download.CodeInterrupted, ""},
	{isOneOf(overQuota), download.CodeDiskFull,
		"your quota is used up: free some of it or choose another folder, then run the same command again to continue"},
	{isOneOf(diskFull), download.CodeDiskFull,
		"free some space or choose another folder, then run the same command again to continue"},
	{isEscape, download.CodeLocal,
		"a symbolic link below the folder leads out of it, or is absolute: remove the link, or name the folder that it leads to"},
	{isOneOf(tooLarge), download.CodeLocal,
		"the file system does not take files of this size (FAT ends at 4 GiB): choose another folder"},
	{isOneOf(readOnly), download.CodeLocal,
		"the file system is read-only: choose another folder"},
	{isOneOf(tooManyFiles), download.CodeLocal,
		"use fewer --jobs, or raise the limit of open files (ulimit -n)"},
	{isOneOf(nameTooLong), download.CodeLocal,
		"choose shorter names with --name, such as '{id}.{ext}'"},
	{isOneOf(notADirectory), download.CodeLocal,
		"a file is where a folder should be: move it away, or choose other names with --name"},
	{isOneOf(isADirectory), download.CodeLocal,
		"a folder is where a file should be: move it away, or choose other names with --name"},
	{isOneOf(inUse), download.CodeLocal,
		"another program has the file open: close it and run the same command again"},
	{isOneOf([]error{fs.ErrPermission}), download.CodeLocal,
		"make sure that you may write there, or choose another folder"},
}

// failure returns err with what failed, the path as it is shown, a code and a hint.
func failure(doing, path string, err error) *download.Error {
	failed := &download.Error{Code: download.CodeLocal, Err: fmt.Errorf("%s %s: %w", doing, path, cause(err))}
	for _, a := range advice {
		if a.is(err) {
			failed.Code, failed.Advice = a.code, a.hint
			break
		}
	}
	return failed
}

// cause returns the system's error without its path, which may be that of a partial
// or relative to a root, and so unknown to the user.
func cause(err error) error {
	var (
		path *fs.PathError
		link *os.LinkError
		call *os.SyscallError
	)
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	case errors.As(err, &call):
		return call.Err
	default:
		return err
	}
}

func isCancelled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// isEscape reports whether an os.Root refused to leave its folder. The error has no
// exported name (os: errPathEscapes).
func isEscape(err error) bool {
	return err != nil && strings.Contains(err.Error(), "path escapes from parent")
}

// isOneOf returns a function that reports whether an error is one of the causes.
func isOneOf(causes []error) func(error) bool {
	return func(err error) bool {
		for _, c := range causes {
			if errors.Is(err, c) {
				return true
			}
		}
		return false
	}
}
