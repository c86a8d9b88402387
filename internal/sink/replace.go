package sink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrAltered is the error of Replace if another program has changed or replaced the file that was looked at.
var ErrAltered = errors.New("another program has changed the file meanwhile")

// IsSame reports whether a file is still the one that was looked at, as far as the file system tells.
func IsSame(was, now fs.FileInfo) bool {
	return os.SameFile(was, now) && was.Mode() == now.Mode() && was.Size() == now.Size() && was.ModTime().Equal(now.ModTime())
}

// Replace gives the file at path the name of a file that was looked at, and removes that one. Both are below root. Other
// programs may save a file under the name at any moment: if the one that leaves it is not the one that was looked at, it
// gets its name back, and the error is ErrAltered. A name that no file has any more is taken.
//
// On a file system that cannot exchange two files, no file has the name for a moment, and the old one is at aside, a path
// that only this process uses. After a kill, the old file may be left at path or at aside.
func Replace(root *os.Root, path, name, aside string, was fs.FileInfo) error {
	own, err := root.Lstat(path)
	if err != nil {
		return err
	}
	switch err = exchange(root, path, name); {
	case errors.Is(err, errors.ErrUnsupported):
		return replaceInSteps(root, path, name, aside, was)
	case errors.Is(err, fs.ErrNotExist):
		return takeFree(root, path, name)
	case err != nil:
		return err
	}
	old, err := root.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // another process has removed it as left behind
		return nil
	case err == nil && IsSame(was, old):
		_ = root.Remove(path) // if it fails, the file is swept later
		return nil
	}
	return exchangeBack(root, path, name, own)
}

// exchangeBack gives the file at path its name back, which own has. It returns ErrAltered, or why it could not. If another
// program saved a file under the name again meanwhile, that later one has it in the end.
func exchangeBack(root *os.Root, path, name string, own fs.FileInfo) error {
	err := exchange(root, path, name)
	if errors.Is(err, fs.ErrNotExist) {
		return giveBack(root, path, name)
	}
	if err != nil {
		return isElsewhere(name, path, err)
	}
	if now, err := root.Lstat(path); err == nil && !IsSame(own, now) {
		if err := exchange(root, path, name); err != nil {
			return isElsewhere(name, path, err)
		}
	}
	return ErrAltered
}

// replaceInSteps does what Replace does, without an exchange.
func replaceInSteps(root *os.Root, path, name, aside string, was fs.FileInfo) error {
	switch err := root.Rename(name, aside); {
	case errors.Is(err, fs.ErrNotExist):
		return takeFree(root, path, name)
	case err != nil:
		return err
	}
	old, err := root.Lstat(aside)
	if err == nil && !IsSame(was, old) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return giveBack(root, aside, name)
	}
	err = takeFree(root, path, name)
	if err != nil && !errors.Is(err, ErrAltered) {
		return errors.Join(err, Move(root, aside, root, name))
	}
	_ = root.Remove(aside) // as above
	return err
}

// takeFree gives the file at path a name that no file had a moment ago.
func takeFree(root *os.Root, path, name string) error {
	err := Move(root, path, root, name)
	if errors.Is(err, fs.ErrExist) {
		return ErrAltered
	}
	return err
}

// giveBack gives a file its name back, and returns ErrAltered. If another program has saved a later file there meanwhile,
// that one keeps the name, and the file stays where it is.
func giveBack(root *os.Root, at, name string) error {
	if err := Move(root, at, root, name); err != nil && !errors.Is(err, fs.ErrExist) {
		return isElsewhere(name, at, err)
	}
	return ErrAltered
}

func isElsewhere(name, at string, err error) error {
	return fmt.Errorf("the file that was at %s is at %s now: %w", name, at, err)
}
