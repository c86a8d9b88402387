package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/bynder-cli/bynder/internal/download"
)

// place is where the files of a run are: below one folder, or one file in it. No name
// leads out of it. The nil place has no files.
type place struct {
	root *os.Root
	// real is the folder's absolute path without symbolic links, with a separator at
	// its end: two runs that name a folder in two ways mean one.
	real string
	// shown is what results have in front of a file's name.
	shown string
	// only is the name of the one file that is meant, "" for any.
	only string
}

// newPlace finds the place of --dir and --output. What is streamed to has none.
func newPlace(dir, output string) (*place, error) {
	only := ""
	switch {
	case output == "-":
		return nil, nil
	case output != "":
		if !filepath.IsAbs(output) {
			output = leading(dir) + output
		}
		if info, err := os.Stat(output); err == nil && !info.Mode().IsRegular() {
			return nil, nil
		}
		dir, only = filepath.Split(output)
	}
	real, err := realPath(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the folder of the files: %w", err)
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of the files: %w", err)
	}
	if !os.IsPathSeparator(real[len(real)-1]) {
		real += string(filepath.Separator)
	}
	return &place{root: root, real: real, shown: leading(dir), only: only}, nil
}

// leading is what stands before the names of files in dir where results show them: dir
// as the user wrote it, nothing for the working directory.
func leading(dir string) string {
	trimmed := strings.TrimRightFunc(dir, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(byte(r)) })
	switch {
	case trimmed == "." || dir == "":
		return ""
	case trimmed == filepath.VolumeName(dir): // the root of a file system
		return dir
	default:
		return trimmed + string(filepath.Separator)
	}
}

// realPath is the absolute path of a folder without symbolic links. It is not cleaned
// before they are followed, because link/.. is not where the link is.
func realPath(dir string) (string, error) {
	if dir == "" {
		dir = "."
	}
	if !filepath.IsAbs(dir) && runtime.GOOS == "windows" { // C:dir and \dir, too
		var err error
		if dir, err = filepath.Abs(dir); err != nil {
			return "", err
		}
	}
	if !filepath.IsAbs(dir) {
		working, err := os.Getwd()
		if err != nil {
			return "", err
		}
		dir = working + string(filepath.Separator) + dir
	}
	return filepath.EvalSymlinks(dir)
}

func (p *place) close() error {
	if p == nil {
		return nil
	}
	return p.root.Close()
}

// name is that of the file which a result shows as path; false for what is not in the
// place, such as a device.
func (p *place) name(path string) (string, bool) {
	if p == nil {
		return "", false
	}
	name, inside := strings.CutPrefix(path, p.shown)
	return name, inside && p.has(name)
}

// has tells whether the name is one of a file here.
func (p *place) has(name string) bool {
	return (p.only == "" || name == p.only) && filepath.IsLocal(name) && filepath.Clean(name) == name
}

// absolute is the path of a name as the journal has it.
func (p *place) absolute(name string) string { return p.real + name }

// stands tells whether the file that a record speaks of is here and as it was, and its
// name. skipped says whether one that was skipped counts.
func (p *place) stands(r *record, skipped bool) (name string, ok bool) {
	if p == nil || !r.sized {
		return "", false
	}
	switch download.Status(r.status.bytes()) {
	case download.Downloaded, download.Unchanged:
	case download.Skipped:
		if !skipped {
			return "", false
		}
	default:
		return "", false
	}
	name, inside := strings.CutPrefix(r.path.String(), p.real)
	if !inside || !p.has(name) {
		return "", false
	}
	info, err := p.root.Lstat(name)
	return name, err == nil && info.Mode().IsRegular() && info.Size() == r.bytes
}

// altered tells whether the file that a record says was put in the run's folder is there
// with another size, and its name there.
func (p *place) altered(r *record) (name string, ok bool) {
	if p == nil || !r.sized || !r.status.is(string(download.Downloaded)) && !r.status.is(string(download.Unchanged)) {
		return "", false
	}
	name, inside := strings.CutPrefix(r.path.String(), p.real)
	if !inside || !p.has(name) {
		return "", false
	}
	info, err := p.root.Lstat(name)
	return name, err == nil && info.Mode().IsRegular() && info.Size() != r.bytes
}
