package sink

import (
	"cmp"
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
	// recorded is the hint in its place if folder and names cannot be chosen (DirOptions.Recorded); "" for the same.
	recorded string
}{
	{isCancelled, download.CodeInterrupted, "", ""},
	{
		isOneOf(overQuota), download.CodeDiskFull,
		"your quota is used up: free some of it or choose another folder, then run the same command again to continue",
		"your quota is used up: free some of it, then run the same command again to continue",
	},
	{
		isOneOf(diskFull), download.CodeDiskFull,
		"free some space or choose another folder, then run the same command again to continue",
		"free some space, then run the same command again to continue",
	},
	{
		isEscape, download.CodeLocal,
		"a symbolic link below the folder leads out of it, or is absolute: remove the link, or name the folder that it leads to",
		"a symbolic link below the folder leads out of it, or is absolute: remove the link",
	},
	{
		isOneOf(tooLarge), download.CodeLocal,
		"the file system does not take files of this size (FAT ends at 4 GiB): choose another folder",
		"move the folder to a file system that takes files of this size (FAT ends at 4 GiB)",
	},
	{
		isOneOf(readOnly), download.CodeLocal,
		"the file system is read-only: choose another folder",
		"mount the file system for writing",
	},
	{
		isOneOf(tooManyFiles), download.CodeLocal,
		"use fewer --jobs, or raise the limit of open files (ulimit -n)",
		"",
	},
	{
		isOneOf(nameTooLong), download.CodeLocal,
		shorterNames,
		"move the folder to a file system that takes names of this length",
	},
	{
		isOneOf(notADirectory), download.CodeLocal,
		"a file is where a folder should be: move it away, or " + otherNames,
		"a file is where a folder should be: move it away",
	},
	{
		isOneOf(isADirectory), download.CodeLocal,
		"a folder is where a file should be: move it away, or " + otherNames,
		"a folder is where a file should be: move it away",
	},
	{
		isOneOf(inUse), download.CodeLocal,
		"another program has the file open: close it and run the same command again",
		"",
	},
	{
		isOneOf([]error{fs.ErrPermission}), download.CodeLocal,
		"make sure that you may write there, or choose another folder",
		"make sure that you may write there",
	},
}

// advice returns the hint of which the user has the choice.
func (o DirOptions) advice(hint, recorded string) string {
	if o.Recorded && recorded != "" {
		return recorded
	}
	if o.Folder == "--output" {
		return ofOutput.Replace(hint)
	}
	return hint
}

// The advice about the names of downloads.
const (
	otherNames   = "choose other names with --name or in the list"
	shorterNames = "choose shorter names with --name, such as '{id}.{ext}', or in the list"
)

// ofOutput replaces advice about the names of downloads by that for a file that --output names.
var ofOutput = strings.NewReplacer(otherNames, "choose another --output", shorterNames, "choose a shorter --output")

// failure returns err with what failed, the path as it is shown, a code and a hint.
func (o DirOptions) failure(doing, path string, err error) *download.Error {
	failed := &download.Error{Code: download.CodeLocal, Err: fmt.Errorf("cannot %s %s: %w", doing, path, cause(err))}
	for _, a := range advice {
		if a.is(err) {
			failed.Code, failed.Advice = a.code, o.advice(a.hint, a.recorded)
			break
		}
	}
	return failed
}

// folderFailure returns the failure of the folder itself, where other names of files in it do not help.
func (o DirOptions) folderFailure(doing, path string, err error) *download.Error {
	failed := o.failure(doing, path, err)
	another := "choose another " + cmp.Or(o.Folder, "folder")
	info, missing := os.Stat(path)
	isFile := missing == nil && !info.IsDir() // the error of os.OpenRoot does not say so
	switch {
	case o.Recorded || failed.Code != download.CodeLocal:
	case isFile, isOneOf(notADirectory)(err), errors.Is(err, fs.ErrExist): // the last: a link that leads nowhere
		failed.Advice = "a file is where the folder should be: " + another
	case isOneOf(nameTooLong)(err):
		failed.Advice = another
	}
	return failed
}

// streamFailure returns the failure of a stream, which is in no folder and is written from its beginning by each run.
func streamFailure(doing, shown string, err error) *download.Error {
	failed := DirOptions{}.failure(doing, shown, err)
	failed.Advice = strings.NewReplacer("another folder", "another --output", " to continue", "").Replace(failed.Advice)
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

// IsFull reports whether an error of the file system says that a disk is full or a quota used up.
func IsFull(err error) bool { return isOneOf(diskFull)(err) || isOneOf(overQuota)(err) }

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
