package mirror

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/fsync"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// mover moves and removes files that other programs may save at any moment: the file that leaves its path is the one
// that was looked at. Several goroutines may use it.
type mover struct {
	swept sync.Map // folders in which copies of killed processes were looked for
}

// move gives a file another path, and replaces nothing. It is copied if it cannot be moved otherwise; its time stays. was
// is the file as it was looked at, nil for whatever has the path. If it is another one or was changed, it stays.
func (m *mover) move(ctx context.Context, from *os.Root, old string, was fs.FileInfo, to *os.Root, name string) (err error) {
	if was == nil {
		if was, err = from.Lstat(old); err != nil {
			return err
		}
	}
	err = sink.MoveAtOnce(from, old, to, name)
	if errors.Is(err, errors.ErrUnsupported) && from == to {
		err = m.moveInSteps(from, old, was, name)
	} else if err == nil {
		err = confirm(from, old, was, to, name)
	}
	if isElsewhere(err) {
		err = m.carry(ctx, from, old, was, to, name)
	}
	return err
}

// moveInSteps moves a file below one root where the system cannot do it in one step: between two, a file that another
// program saves at old would be lost. So the file is set aside first.
func (m *mover) moveInSteps(root *os.Root, old string, was fs.FileInfo, name string) error {
	aside, err := setAside(root, old, was)
	if err != nil {
		return err
	}
	return m.release(root, old, aside, sink.Move(root, aside, root, name))
}

// isElsewhere reports whether a file cannot be moved because its new path is on another file system, or cannot be moved
// without a copy here.
func isElsewhere(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EXDEV)
}

// confirm looks whether a file that was moved from old to name is the one that was looked at. If not, it goes back.
func confirm(from *os.Root, old string, was fs.FileInfo, to *os.Root, name string) error {
	now, err := to.Lstat(name)
	if err == nil && sink.IsSame(was, now) {
		return nil
	}
	if err := goBack(from, old, to, name); err != nil {
		return err
	}
	return errEdited(old)
}

// goBack moves a file back from name to old. If old is taken by now, the error says where the file is.
func goBack(from *os.Root, old string, to *os.Root, name string) error {
	if err := sink.Move(to, name, from, old); err != nil {
		return &download.Error{
			Code: download.CodeExists, Path: old, Err: fmt.Errorf("a file that was at %s is at %s now: %w", naming.Below(from.Name(), old), naming.Below(to.Name(), name), err),
			Advice: "look at both, and keep the right one",
		}
	}
	return nil
}

// leaving is how the folders in ownFolder begin in which a file that is about to be removed stands for a moment, with its
// path below.
const leaving = "leaving-"

// setAside moves a file to a folder where no other program saves one, if it is the one that was looked at.
func setAside(root *os.Root, path string, was fs.FileInfo) (aside string, err error) {
	aside = filepath.Join(ownFolder, leaving+rand.Text(), path)
	if err = root.Mkdir(ownFolder, 0o700); errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err == nil {
		err = root.MkdirAll(filepath.Dir(aside), 0o700)
	}
	if err == nil {
		err = root.Rename(path, aside) // no other file has that path, which is random
	}
	if err == nil {
		err = confirm(root, path, was, root, aside)
	}
	if err != nil {
		removeFolders(root, aside)
		return "", err
	}
	return aside, nil
}

// removeFolders removes the folders of a path that are empty.
func removeFolders(root *os.Root, path string) {
	for folder := filepath.Dir(path); folder != "." && root.Remove(folder) == nil; folder = filepath.Dir(folder) {
	}
}

// remove removes a file if it is still the one that was looked at.
func (m *mover) remove(root *os.Root, path string, was fs.FileInfo) error {
	aside, err := setAside(root, path, was)
	if isElsewhere(err) { // another file system is mounted in the folder
		aside, err = path, nil
	}
	if err != nil {
		return err
	}
	return m.finish(root, path, aside, was)
}

// finish removes a file that was set aside if it is the one that was looked at, and else moves it back.
func (m *mover) finish(root *os.Root, path, aside string, was fs.FileInfo) error {
	now, err := root.Lstat(aside)
	if err == nil && !sink.IsSame(was, now) {
		err = errEdited(path)
	}
	if err == nil {
		err = root.Remove(aside)
	}
	return m.release(root, path, aside, err)
}

// release moves a file that was set aside back after an error, and removes the folder in which it stood.
func (m *mover) release(root *os.Root, path, aside string, err error) error {
	if aside == path {
		return err
	}
	if err != nil {
		err = errors.Join(goBack(root, path, root, aside), err)
	}
	removeFolders(root, aside)
	return err
}

// carry copies a file and removes it. What is removed has the bytes of the copy: the file is set aside first, and read
// again. A process that has it open may still write to it between that and the removal; nothing can be done about that.
func (m *mover) carry(ctx context.Context, from *os.Root, old string, was fs.FileInfo, to *os.Root, name string) error {
	m.sweep(to, filepath.Dir(name))
	part := filepath.Join(filepath.Dir(name), partial+rand.Text()+partialEnd)
	sum, err := copyFile(ctx, from, old, was, to, part)
	aside := old
	if err == nil {
		if aside, err = setAside(from, old, was); isElsewhere(err) {
			aside, err = old, nil
		}
	}
	if err != nil {
		_ = to.Remove(part)
		return err
	}
	if sum != "" {
		c := comparer{folder: from}
		now, _, failed := c.md5(ctx, aside)
		if err = failed; err == nil && now != sum {
			err = errEdited(old)
		}
	}
	if err == nil {
		err = sink.Move(to, part, to, name)
	}
	if err != nil {
		_ = to.Remove(part)
		return m.release(from, old, aside, err)
	}
	if err := fsync.Folder(to, filepath.Dir(name)); err != nil {
		return m.release(from, old, aside, err)
	}
	return m.finish(from, old, aside, was)
}

// How the names of copies begin and end that are not whole; in between are 26 random letters and digits.
const (
	partial    = ".bynder-"
	partialEnd = ".part"
)

// sweep removes the copies that killed processes have left in a folder, the first time that a file is copied there.
func (m *mover) sweep(root *os.Root, folder string) {
	if _, done := m.swept.LoadOrStore(filepath.Join(root.Name(), folder), true); done {
		return
	}
	filelock.Sweep(root, folder, 0, func(name string) bool {
		return len(name) == len(partial)+len(rand.Text())+len(partialEnd) && strings.HasPrefix(name, partial) && strings.HasSuffix(name, partialEnd)
	})
}

// copyFile copies the file or symbolic link that was looked at to a new one, which is locked meanwhile, and stores its
// bytes and time. It returns the MD5 of a file.
func copyFile(ctx context.Context, from *os.Root, old string, was fs.FileInfo, to *os.Root, name string) (sum string, err error) {
	if was.Mode()&fs.ModeSymlink != 0 {
		link, err := from.Readlink(old)
		if err != nil {
			return "", err
		}
		return "", to.Symlink(link, name)
	}
	source, err := from.OpenFile(old, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer source.Close()
	info, err := source.Stat()
	if err == nil && !sink.IsSame(was, info) {
		err = errEdited(old)
	}
	if err != nil {
		return "", err
	}
	target, err := to.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return "", err
	}
	if err = filelock.Try(target); errors.Is(err, filelock.ErrUnsupported) {
		err = nil
	}
	digest := transfer.NewDigest(transfer.Object{}, transfer.DigestOptions{MD5: true})
	// One byte more than there was is enough of a file that grows.
	for all := io.LimitReader(source, was.Size()+1); ctx.Err() == nil && err == nil; {
		_, err = io.CopyN(io.MultiWriter(target, digest), all, chunk)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	} else if err == nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = fsync.File(target)
	}
	if err = errors.Join(err, target.Close()); err == nil {
		err = to.Chtimes(name, info.ModTime(), info.ModTime())
	}
	return digest.MD5(), err
}

// PutBack moves files back to their paths that processes had set aside in a folder when they were killed. One whose path
// is taken by now gets a number.
func PutBack(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ownFolder)
	if isMissing(err) {
		return nil
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), leaving) {
			continue
		}
		folder := ownFolder + "/" + e.Name()
		var last []string
		err = errors.Join(err, fs.WalkDir(root.FS(), folder, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				err = putBack(root, filepath.FromSlash(path), filepath.FromSlash(strings.TrimPrefix(path, folder+"/")))
			}
			last = append(last, filepath.Join(filepath.FromSlash(path), "any"))
			return err
		}))
		for _, path := range slices.Backward(last) {
			removeFolders(root, path)
		}
	}
	return err
}

// putBack moves a file back to a path, or to the one with the first number that is free.
func putBack(root *os.Root, aside, path string) error {
	err := root.MkdirAll(filepath.Dir(path), 0o777)
	for n := 1; err == nil; n++ {
		name := numbered(path, n)
		if err = sink.Move(root, aside, root, name); err == nil {
			return nil
		}
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return fmt.Errorf("putting back %s, which is at %s since an earlier run was killed: %w",
		naming.Below(root.Name(), path), naming.Below(root.Name(), aside), err)
}

// numbered returns a path, from the second one on with a number.
func numbered(path string, n int) string {
	if n == 1 {
		return path
	}
	return filepath.FromSlash(naming.Renamed(filepath.ToSlash(path), strconv.Itoa(n)))
}
