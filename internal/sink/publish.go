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

// Publish gives the whole file its final name. If that fails, the partial stays for the
// next run, unless another file has the name for good or the bytes may be wrong.
func (p *filePartial) Publish(ctx context.Context) (string, error) {
	if p.release == nil {
		return "", p.fail("publish", fs.ErrClosed)
	}
	defer func() { _ = p.end() }()
	if err := p.seal(); err != nil {
		return "", err
	}
	name, err := p.claimName(ctx)
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

// seal checks the length of the file, sets its time and stores it.
func (p *filePartial) seal() error {
	if info, ok := p.dir.owns(p.file, p.path); !ok || info.Size() != p.size {
		return &download.Error{
			Code:   download.CodeLocal,
			Err:    fmt.Errorf("%s was changed by another program while it was written", p.dir.Show(p.path)),
			Advice: "make sure that no other program changes *.part files in this folder, and run the command again",
		}
	}
	if p.obj.Size >= 0 && p.size != p.obj.Size {
		_ = p.remove()
		return &download.Error{
			Code: download.CodeIntegrity,
			Err:  fmt.Errorf("%s has %d bytes, and storage announced %d", p.dir.Show(p.name), p.size, p.obj.Size),
		}
	}
	if err := p.store(); err != nil {
		_ = p.remove() // which of the bytes are stored is unknown
		return p.fail("write", err)
	}
	return nil
}

// store sets the file's time and makes the file system store its bytes.
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

// claimName renames the partial to its final name or, by policy, to another, and
// returns that name.
func (p *filePartial) claimName(ctx context.Context) (string, error) {
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
		if err := p.intend(name, true); err != nil { // as moveTo replaces nothing
			return "", err
		}
		err := p.moveTo(name)
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", p.dir.failure("publish", name, err)
		}
		// The same file may already have the name: from another process if locks do not
		// work, or from this one if NFS sent its request to link twice.
		who, old, err := p.dir.occupant(ctx, name, p.obj)
		if err != nil {
			if isPlaced(err) {
				_ = p.remove() // as above
			}
			return "", err
		}
		if who == identical || p.isSame(old) {
			return name, p.remove()
		}
		rename := p.dir.policy(p.target) == Rename
		if who == notAFile && (!rename || !old.IsDir()) {
			return "", p.dir.inTheWay(name, old)
		}
		next := renamed(p.target)
		if !rename || next == name {
			_ = p.remove() // the next run would not get to continue it
			return "", p.dir.existsError(name, p.target)
		}
		name = next
	}
}

// isSame reports whether other describes the file that was written.
func (p *filePartial) isSame(other fs.FileInfo) bool {
	info, err := p.file.Stat()
	return err == nil && other != nil && os.SameFile(info, other)
}

// intend calls Target.Intend before the file gets a name, which is free or that of a file that it replaces, and refuses the
// name of a file in use, which may have been created since Begin.
func (p *filePartial) intend(name string, free bool) error {
	if err := p.dir.checkInUse(name, free); err != nil {
		_ = p.remove() // the next run would not get to continue it
		return err
	}
	if p.target.Intend == nil {
		return nil
	}
	return p.target.Intend(name)
}

// moveTo renames the partial to name, which no file may have.
func (p *filePartial) moveTo(name string) error {
	d := p.dir
	if err := d.makeFolders(name); err != nil {
		return err
	}
	below := tree{d.root, d.top}
	return move(below, p.path, below, name, &d.publishing)
}

// makeFolders creates the folders that name is in.
func (d *Dir) makeFolders(name string) error {
	folder := filepath.Dir(name)
	if folder == "." {
		return nil
	}
	if _, err := d.root.Lstat(folder); err == nil { // it may be a link
		return nil
	}
	return d.root.MkdirAll(folder, 0o777)
}

// replace renames the partial to name, and replaces a file that has it. If only is not nil, it replaces that file alone.
func (p *filePartial) replace(name string, only fs.FileInfo) error {
	d := p.dir
	d.publishing.Lock()
	defer d.publishing.Unlock()
	old, err := d.root.Lstat(name)
	switch {
	case only != nil && !d.isUnaltered(candidate{Place: download.Place{Path: name}, old: only}):
		_ = p.remove() // the next run would not get to continue it
		return d.existsError(name, p.target)
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return p.fail("publish", err)
	case !old.Mode().IsRegular() && old.Mode()&fs.ModeSymlink == 0:
		return d.inTheWay(name, old)
	}
	if err := d.makeFolders(name); err != nil {
		return p.fail("publish", err)
	}
	if err := p.intend(name, false); err != nil {
		return err
	}
	if only == nil {
		err = d.root.Rename(p.path, name)
	} else {
		err = Replace(d.root, p.path, name, p.asidePath(), only)
	}
	switch {
	case errors.Is(err, ErrAltered):
		_ = p.remove() // as above
		return d.existsError(name, p.target)
	case err != nil:
		return p.fail("publish", err)
	}
	return nil
}

// asidePath returns where the replaced file is for a moment, if the file system cannot exchange two files. The name is that
// of a partial of another version, so that it is swept after a kill.
func (p *filePartial) asidePath() string {
	prefix := partialPrefix(p.target.Name, p.target.Identity)
	return filepath.Join(filepath.Dir(p.path), filepath.Base(prefix)+"-"+hash16("replaced")+partialSuffix)
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
