package sink

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
)

// Move gives the file at old, below from, the name below to, whose folder exists. It replaces nothing: if name is taken,
// the error is fs.ErrExist. If the file would have to be copied, because to is on another file system or this system
// cannot do it between two roots, it is syscall.EXDEV or errors.ErrUnsupported.
func Move(from *os.Root, old string, to *os.Root, name string) error {
	return move(from, old, to, name, new(sync.Mutex))
}

// move is Move. publishing is held where it takes two steps to look at the name and to have it.
func move(from *os.Root, old string, to *os.Root, name string, publishing sync.Locker) error {
	err := renameExclusively(from, old, to, name)
	if !errors.Is(err, errors.ErrUnsupported) || from != to {
		return err
	}
	// In two steps, of which a kill may leave the second to the next run.
	if from.Link(old, name) == nil {
		_ = from.Remove(old)
		return nil
	}
	// The name is taken, or there are no links here either.
	publishing.Lock()
	defer publishing.Unlock()
	return lookAndRename(from, old, name)
}

// Partials removes what interrupted transfers have left in a folder. The names in it are read once.
type Partials struct{ dir Dir }

// NewPartials returns the Partials below root.
func NewPartials(root *os.Root) *Partials {
	return &Partials{Dir{root: root, tryLock: filelock.Try}}
}

// Remove removes the partials of a file on their way to path, below the root with /, unless they are in use.
func (p *Partials) Remove(path string, file download.FileID) {
	p.dir.sweep(filepath.FromSlash(path), file)
}
