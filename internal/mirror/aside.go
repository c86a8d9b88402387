package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sink"
)

// ReplacedFolder is where changed files of a folder go before they are fetched again, below it.
var ReplacedFolder = filepath.Join(ownFolder, "replaced")

// Aside is where changed files go before they are fetched again. They keep their paths there, and replace nothing: if a
// file has the path, a number is added.
type Aside struct {
	folder *os.Root
	trash  *trash
}

// OpenAside opens the place for the changed files of a folder: dir, or ReplacedFolder below it if that is "". It is made
// if it is missing.
func OpenAside(folder *os.Root, dir string) (*Aside, error) {
	if dir != "" {
		t, err := openTrash(&Run{Root: folder, Trash: dir})
		if err != nil {
			return nil, err
		}
		return &Aside{folder, t}, nil
	}
	err := folder.MkdirAll(ownFolder, 0o700)
	if err == nil {
		err = folder.MkdirAll(ReplacedFolder, 0o777)
	}
	var root *os.Root
	if err == nil {
		root, err = folder.OpenRoot(ReplacedFolder)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the folder for changed files: %w", err)
	}
	return &Aside{folder, &trash{root: root}}, nil
}

// Close releases the place. A ReplacedFolder into which nothing was moved is removed.
func (a *Aside) Close() {
	a.trash.close()
	removeFolders(a.folder, filepath.Join(ReplacedFolder, "any"))
}

// IsRepaired reports whether a file that is recorded at a path is one to fetch again. This program puts no file into
// ownFolder, where its own files are, and none at the path of a partial; but sync moves files by way of ownFolder, and
// a kill leaves them there. state says that its journal has the record.
func IsRepaired(path string, state bool) bool {
	path = filepath.ToSlash(path)
	if inOwnFolder(path) {
		name, moves := strings.CutPrefix(path, ownFolder+"/"+movingPrefix)
		return state && moves && !strings.Contains(name, "/")
	}
	return !strings.EqualFold(filepath.Ext(path), partialEnd)
}

// Take moves the file or symbolic link at a path away, and returns its path in the place; "" if there is none any more. An
// error is a *download.Error.
func (a *Aside) Take(ctx context.Context, path string) (there string, err error) {
	var done []taken
	info, err := a.folder.Lstat(path)
	switch {
	case isMissing(err):
		return "", nil
	case err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0:
		err = errors.New("it is a folder or a device")
	case err == nil:
		done, err = a.trash.take(ctx, a.folder, path, info, nil)
	}
	if err == nil {
		return done[0].name, nil
	}
	if ctx.Err() != nil {
		return "", &download.Error{Code: download.CodeInterrupted, Err: context.Cause(ctx)}
	}
	return "", notTaken(err)
}

// notTaken returns the error that what has a path could not be moved away.
func notTaken(err error) error {
	failed := &download.Error{Code: download.CodeLocal, Err: fmt.Errorf("cannot move away what has the path: %w", err), Advice: "move it away by hand"}
	if sink.IsFull(err) {
		failed.Code, failed.Advice = download.CodeDiskFull, "free some space where changed files go, then run the same command again"
	}
	return failed
}
