package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
)

// trash is a folder in which deleted and replaced files keep their paths. A file there is never replaced: a number is added.
type trash struct {
	root *os.Root
	mover
}

// openTrash opens the trash of a run, and makes it if it is missing.
func openTrash(r *Run) (*trash, error) {
	var root *os.Root
	err := os.MkdirAll(r.Trash, 0o777)
	if err == nil {
		root, err = os.OpenRoot(r.Trash)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the folder that files are moved to: %w", err)
	}
	one, err := root.Stat(".")
	other, failed := r.Root.Stat(".")
	if err = errors.Join(err, failed); err == nil && os.SameFile(one, other) {
		err = &download.Error{Code: download.CodeUsage, Err: fmt.Errorf("files cannot be moved to %s: it is the folder that they are in", r.Trash)}
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &trash{root: root}, nil
}

func (t *trash) close() { _ = t.root.Close() }

// taken is a file that was put into the trash.
type taken struct {
	path, name string      // below the destination, and in the trash
	was        fs.FileInfo // as it was looked at
}

// take moves a file, and the one with its metadata if beside is not nil, out of a folder. was and beside are the files as
// they were looked at: others stay. It returns those that are in the trash then, also after an error.
func (t *trash) take(ctx context.Context, from *os.Root, path string, was, beside fs.FileInfo) (done []taken, err error) {
	for n := 1; ; n++ {
		name := numbered(path, n)
		files := []taken{{path, name, was}}
		if beside != nil {
			files = []taken{{metadata.Path(path), metadata.Path(name), beside}, files[0]} // a file without metadata gets them again
		}
		err := t.free(files)
		if errors.Is(err, errTaken) {
			continue
		}
		if err == nil {
			err = t.root.MkdirAll(filepath.Dir(name), 0o777)
		}
		for _, f := range files {
			if err == nil {
				err = t.move(ctx, from, f.path, f.was, t.root, f.name)
			}
			if err == nil {
				done = append(done, f)
			}
		}
		return done, err
	}
}

var errTaken = errors.New("another file has the name")

// free returns errTaken if something has the name of a file in the trash.
func (t *trash) free(files []taken) error {
	for _, f := range files {
		switch _, err := t.root.Lstat(f.name); {
		case err == nil:
			return errTaken
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}
