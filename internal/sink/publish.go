package sink

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/fsync"
)

// Publish gives the whole file its final name. Where that fails the bytes stay
// for the next run, unless another file has the name for good or the bytes can no
// longer be trusted.
func (p *filePartial) Publish(ctx context.Context) (string, error) {
	if p.release == nil {
		return "", p.fail("publish", fs.ErrClosed)
	}
	defer func() { _ = p.end() }()
	if err := p.seal(); err != nil {
		return "", err
	}
	name, err := p.take(ctx)
	if err != nil {
		if !p.keep {
			_ = p.remove()
		}
		return "", err
	}
	if p.dir.opts.Fsync {
		if err := p.dir.syncFolders(name); err != nil {
			return "", p.dir.failure("sync the folder of", name, err)
		}
	}
	if err := p.end(); err != nil {
		return "", p.dir.failure("write", name, err)
	}
	return name, nil
}

// seal checks what was written, stores it and dates it.
func (p *filePartial) seal() error {
	if info, ok := p.dir.owns(p.file, p.path); !ok || info.Size() != p.size {
		return &download.Error{
			Code:   download.CodeLocal,
			Err:    fmt.Errorf("%s was changed by another program while it was written", p.dir.Show(p.path)),
			Advice: "see that nothing else works on *.part files in this folder, and run the command again",
		}
	}
	if p.obj.Size >= 0 && p.size != p.obj.Size {
		_ = p.remove()
		return &download.Error{
			Code: download.CodeIntegrity,
			Err:  fmt.Errorf("%s has %d bytes where storage announced %d", p.dir.Show(p.name), p.size, p.obj.Size),
		}
	}
	if err := p.store(); err != nil {
		_ = p.remove() // which of the bytes are stored is unknown
		return p.fail("write", err)
	}
	return nil
}

// store sets the file's time and makes the file system take its bytes.
func (p *filePartial) store() error {
	if !p.obj.LastModified.IsZero() {
		err := setModTime(p.dir.root, p.file, p.path, p.obj.LastModified)
		if err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	if p.dir.opts.Fsync {
		if err := p.file.Sync(); err != nil {
			return err
		}
	}
	return flush(p.file)
}

// take moves the file to the name that is its own, or by policy to another, and
// returns that name.
func (p *filePartial) take(ctx context.Context) (string, error) {
	name := p.name
	got, decided, err := p.target.Claim.Got()
	switch {
	case err != nil:
		_ = p.remove() // the next run would not get to continue it
		return "", err
	case decided:
		name = got.Path
	}
	if p.dir.policy(p.target) == Overwrite {
		return name, p.replace(name, nil)
	}
	if p.target.Replaces != nil {
		if old, err := p.dir.root.Lstat(name); err == nil && p.dir.replaceable(ctx, name, old, p.target) {
			return name, p.replace(name, old)
		}
	}
	for {
		if err := p.intend(name); err != nil {
			return "", err
		}
		err := p.moveTo(name)
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", p.dir.failure("publish", name, err)
		}
		// The very same file may be there: from another process where locks are not
		// what they seem, or from this one where NFS asked its server to link twice.
		who, there, err := p.dir.occupant(ctx, name, p.obj)
		if err != nil {
			return "", err
		}
		if who == identical || p.is(there) {
			return name, p.remove()
		}
		rename := p.dir.policy(p.target) == Rename
		if who == notAFile && (!rename || !there.IsDir()) {
			return "", p.dir.inTheWay(name, there)
		}
		next := renamed(p.target)
		if !rename || next == name {
			_ = p.remove() // the next run would not get to continue it
			return "", p.dir.exists(name, p.target)
		}
		name = next
	}
}

// is tells whether there describes the file that was written.
func (p *filePartial) is(there fs.FileInfo) bool {
	info, err := p.file.Stat()
	return err == nil && there != nil && os.SameFile(info, there)
}

// intend tells whoever records it that the file is about to get a name, which must not be that of a file in use: one
// may have been made since Begin.
func (p *filePartial) intend(name string) error {
	if err := p.dir.CheckInUse(name); err != nil {
		_ = p.remove() // the next run would not get to continue it
		return err
	}
	if p.target.Intend == nil {
		return nil
	}
	return p.target.Intend(name)
}

// moveTo gives the file the name, which must be free. The name that it had goes.
func (p *filePartial) moveTo(name string) error {
	d := p.dir
	if err := d.makeFolders(name); err != nil {
		return err
	}
	return move(d.root, p.path, d.root, name, &d.publishing)
}

// makeFolders makes the folders that name is in.
func (d *Dir) makeFolders(name string) error {
	folder := filepath.Dir(name)
	if _, err := d.root.Lstat(folder); err == nil { // which may be a link
		return nil
	}
	return d.root.MkdirAll(folder, 0o777)
}

// replace gives the file the name, and takes it from a file that has it: from only, as it was seen there, if that is
// not nil.
func (p *filePartial) replace(name string, only fs.FileInfo) error {
	d := p.dir
	d.publishing.Lock()
	defer d.publishing.Unlock()
	old, err := d.root.Lstat(name)
	switch {
	case only != nil && !d.unaltered(place{Place: download.Place{Path: name}, old: only}):
		_ = p.remove() // the next run would not get to continue it
		return d.exists(name, p.target)
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return p.fail("publish", err)
	case !old.Mode().IsRegular() && old.Mode()&fs.ModeSymlink == 0:
		return d.inTheWay(name, old)
	}
	if err := d.makeFolders(name); err != nil {
		return p.fail("publish", err)
	}
	if err := p.intend(name); err != nil {
		return err
	}
	if err := d.root.Rename(p.path, name); err != nil {
		return p.fail("publish", err)
	}
	return nil
}

// syncFolders makes the name of a file survive a power loss, and the folders that
// it is in.
func (d *Dir) syncFolders(name string) error {
	for {
		parent := filepath.Dir(name)
		if err := fsync.Folder(d.root, parent); err != nil {
			return err
		}
		if parent == "." {
			return nil
		}
		name = parent
	}
}
