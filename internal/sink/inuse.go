package sink

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// InUse is a file that the run itself reads or writes. Nothing is put in its place.
type InUse struct {
	// What is what messages call it, such as "the run's own journal".
	What string
	// Path leads to it. It need not be there yet.
	Path string
	// File is, in place of Path, one that was open when the process started, such as standard output.
	File *os.File
}

// is reports whether a path leads to the file.
func (u InUse) is(path string) bool {
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

// CheckInUse returns the error of a file that would be put in the place of one that the run itself uses; nil for
// any other.
func (d *Dir) CheckInUse(name string) error {
	for _, u := range d.opts.InUse {
		if path := d.Show(name); u.is(path) {
			return &download.Error{
				Code:   download.CodeExists,
				Err:    fmt.Errorf("%s is %s", path, u.What),
				Advice: "choose other names with --name, or another folder",
			}
		}
	}
	return nil
}

// SameFile reports whether two paths lead to one file, which need not be there. A device is none. Names of files
// that are not there yet are one where a file system may take them for one (Dir.PathKey).
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

// mostLinks is how many symbolic links are followed, one after another.
const mostLinks = 40

// Destination returns the path of the file that is made when one is made at path: behind symbolic links,
// the last of which may lead to nothing yet.
func Destination(path string) string {
	for range mostLinks {
		folder, name := filepath.Split(path) // which, unlike filepath.Dir, leaves a .. behind a link where it is
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
