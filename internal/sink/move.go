package sink

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
)

// Move gives the file at old, below from, the name below to, whose folder exists. It replaces nothing: if a file has the
// name, the error is fs.ErrExist. If the file would have to be copied, because to is on another file system or the system
// cannot rename between two roots, it is syscall.EXDEV or errors.ErrUnsupported.
func Move(from *os.Root, old string, to *os.Root, name string) error {
	return move(tree{Root: from}, old, tree{Root: to}, name, new(sync.Mutex))
}

// MoveAtOnce does what Move does, in one step: if the system cannot, or not between two roots, the error is
// errors.ErrUnsupported.
func MoveAtOnce(from *os.Root, old string, to *os.Root, name string) error {
	return renameExclusively(tree{Root: from}, old, tree{Root: to}, name)
}

// tree is a folder with all below it.
type tree struct {
	*os.Root
	top *os.File // Root itself, if it is kept open for many files: to open it takes longer than to rename one
}

// move does what Move does. publishing is held while the name is checked and taken in two steps.
func move(from tree, old string, to tree, name string, publishing sync.Locker) error {
	err := renameExclusively(from, old, to, name)
	if !errors.Is(err, errors.ErrUnsupported) || from != to {
		return err
	}
	// In two steps; after a kill the next run does the second.
	if from.Link(old, name) == nil {
		_ = from.Remove(old)
		return nil
	}
	// A file has the name, or the file system has no links either.
	publishing.Lock()
	defer publishing.Unlock()
	return lookAndRename(from.Root, old, name)
}

// Partials removes the partials of interrupted transfers in a folder. The folder is read once.
type Partials struct{ dir Dir }

// NewPartials returns the Partials below root.
func NewPartials(root *os.Root) *Partials {
	return &Partials{Dir{root: root, tryLock: filelock.Try}}
}

// IsPartial reports whether a file at name is a partial of one whose final path is path, both slash-separated.
func IsPartial(name, path string, file download.FileID) bool {
	match := sharedPartial().FindStringSubmatch(filepath.Base(name))
	return match != nil && match[1] == filepath.Base(partialPrefix(path, file))
}

// Remove removes the partials of a file whose final path is path, slash-separated and below the root, unless they are in
// use.
func (p *Partials) Remove(path string, file download.FileID) {
	p.dir.sweep(filepath.FromSlash(path), file)
}
