package mirror

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/metadata"
)

// batch is how many names of a folder are read, and sorted, at a time.
const batch = 10_000

// recorded are the files that a journal names.
type recorded struct {
	files    *journal.Files
	sidecars map[string]bool // of names that are too long for their whole name to be a part of the sidecar's
}

// sidecarEnd is how the name of a file with metadata ends: behind the whole name of the file that it is beside.
var sidecarEnd = metadata.Path("")

// add notes where the file with the metadata of a record's file would be, unless its name tells.
func (r *recorded) add(path string) {
	if sidecar := metadata.Path(path); sidecar != path+sidecarEnd {
		r.sidecars[sidecar] = true
	}
}

// isSidecar reports whether a name is that of a file with metadata beside one that a record names.
func (r *recorded) isSidecar(name string) bool {
	beside, ok := strings.CutSuffix(name, sidecarEnd)
	return ok && (r.files.Names(beside) || r.sidecars[name])
}

// search looks for files in a folder that no record names. It follows no links. Partials are left out,
// and so are the journal, files with metadata beside files that a record names, and what is in ownFolder.
type search struct {
	*recorded
	folder *os.Root
	each   func(Finding) error
}

// below searches a folder and all folders below it. The only errors are those of each and ctx.
func (s *search) below(ctx context.Context, name string) error {
	f, err := s.folder.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return s.unreadable(name, err)
	}
	defer f.Close()
	for {
		entries, err := f.ReadDir(batch)
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, e := range entries {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := s.visit(ctx, filepath.Join(name, e.Name()), e.Type()); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return s.unreadable(name, err)
		}
	}
}

// visit hands on what has a name, unless it is a folder or known.
func (s *search) visit(ctx context.Context, name string, kind fs.FileMode) error {
	switch {
	case name == ownFolder:
		return nil
	case kind.IsDir():
		return s.below(ctx, name)
	case s.files.Names(name), kind.IsRegular() && (filepath.Ext(name) == ".part" || s.isSidecar(name)):
		return nil
	}
	info, err := s.folder.Lstat(name)
	if err != nil {
		return s.unreadable(name, err)
	}
	if s.files.IsJournal(info) {
		return nil
	}
	found := Finding{Record: download.Result{Path: name}, Status: Extra, Size: -1}
	if info.Mode().IsRegular() {
		found.Size = info.Size()
	}
	return s.each(found)
}

// unreadable hands on what cannot be looked at, unless it was removed meanwhile.
func (s *search) unreadable(name string, err error) error {
	if isMissing(err) {
		return nil
	}
	return s.each(Finding{Record: download.Result{Path: name}, Status: Unknown, Size: -1, Err: err})
}
