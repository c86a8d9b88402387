package sink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// InUse is a file that the run itself reads or writes, and that no download replaces.
type InUse struct {
	// What is what messages call it, such as "the run's own journal".
	What string
	// Path leads to the file, which need not exist yet.
	Path string
	// File is set in place of Path for a file that was open when the process started, such as standard output.
	File *os.File
}

// Is reports whether a path leads to the file.
func (u InUse) Is(path string) bool {
	if u.File == nil {
		return SameFile(u.Path, path)
	}
	one, err := u.File.Stat()
	if err != nil || !one.Mode().IsRegular() {
		return false
	}
	other, err := os.Stat(path)
	return err == nil && os.SameFile(one, other)
}

// usedFile is an InUse with the name that it has, or gets when it is created, in the form in which names are compared.
type usedFile struct {
	InUse
	name string
}

// usedFiles looks up the names of files in use.
func usedFiles(all []InUse) []usedFile {
	used := make([]usedFile, len(all))
	for i, u := range all {
		used[i] = usedFile{InUse: u}
		if u.File == nil {
			used[i].name = naming.Folded(filepath.Base(Destination(u.Path)))
		}
	}
	return used
}

// CheckInUse returns an error if a file with this name would replace one that the run itself uses.
func (d *Dir) CheckInUse(name string) error {
	_, err := os.Lstat(d.Show(name))
	return d.checkInUse(name, errors.Is(err, fs.ErrNotExist))
}

// checkInUse does what CheckInUse does. If the name is free, because no file has it yet, only a file in use that does not
// exist either could be replaced, one that gets the same name: names decide then whether anything else is looked at.
func (d *Dir) checkInUse(name string, free bool) error {
	if len(d.inUse) == 0 {
		return nil
	}
	path := d.Show(name)
	folded := naming.Folded(filepath.Base(path))
	for _, u := range d.inUse {
		if free && u.name != folded {
			continue
		}
		if u.Is(path) {
			return &download.Error{
				Code:   download.CodeExists,
				Path:   name,
				Err:    fmt.Errorf("%s is %s", path, u.What),
				Advice: d.opts.advice(otherNames+", or another folder", "move that file to another folder"),
			}
		}
	}
	return nil
}

// SameFile reports whether two paths lead to the same file, which need not exist. A device is not a file. Names of
// files that do not exist are the same if a file system may treat them as equal (Dir.PathKey).
func SameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, failed := os.Stat(b)
	if err == nil || failed == nil {
		return err == nil && failed == nil && one.Mode().IsRegular() && os.SameFile(one, other)
	}
	a, b = Destination(a), Destination(b)
	return naming.Folded(filepath.Base(a)) == naming.Folded(filepath.Base(b)) && sameFolder(filepath.Dir(a), filepath.Dir(b))
}

func sameFolder(a, b string) bool {
	if a == b {
		return true
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// mostLinks is the maximum number of symbolic links that are followed.
const mostLinks = 40

// Destination returns the path of the file that is created if path is opened for writing: where its symbolic links
// lead, even if that does not exist yet.
func Destination(path string) string {
	for range mostLinks {
		folder, name := filepath.Split(path) // unlike filepath.Dir, it keeps a .. after a link
		if folder == "" {
			folder = "."
		}
		if real, err := filepath.EvalSymlinks(folder); err == nil {
			folder = real
		}
		path = filepath.Join(folder, name)
		target, err := os.Readlink(path)
		if err != nil {
			break
		}
		if path = target; !filepath.IsAbs(target) {
			path = folder + string(filepath.Separator) + target
		}
	}
	return path
}
