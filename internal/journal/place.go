package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// place is where the files of a run are: below one folder, or one file in it. No name
// leads out of it. The nil place has no files.
type place struct {
	root *os.Root
	// real is the folder's absolute path without symbolic links, with a separator at
	// its end: two runs that name a folder in two ways mean one.
	real string
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
		output = naming.Below(dir, output)
		if info, err := os.Stat(output); err == nil && !info.Mode().IsRegular() {
			return nil, nil
		}
		dir, only = filepath.Split(output)
	}
	real, err := realPath(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the folder of the files: %w", err)
	}
	if !utf8.ValidString(real + only) {
		return nil, refused(
			fmt.Errorf("a journal, which is JSON, cannot hold the name of the folder %q", real+only),
			"choose a folder whose name is UTF-8, or run without --journal",
		)
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of the files: %w", err)
	}
	if !os.IsPathSeparator(real[len(real)-1]) {
		real += string(filepath.Separator)
	}
	return &place{root: root, real: real, only: only}, nil
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

// has reports whether the path of a result is the name of a file here, and not a device, say.
func (p *place) has(name string) bool {
	return p != nil && (p.only == "" || name == p.only) && filepath.IsLocal(name) && filepath.Clean(name) == name
}

// absolute is the path of a name as the journal has it.
func (p *place) absolute(name string) string { return p.real + name }

// local is the name of the file that a record has at an absolute path; ok is false for a
// file outside of the place.
func (p *place) local(path string) (name string, ok bool) {
	if p == nil {
		return "", false
	}
	name, inside := strings.CutPrefix(path, p.real)
	return name, inside && p.has(name)
}

// stands reports whether the file at name is a regular file of the size that r tells.
func (p *place) stands(name string, r *record) bool {
	info, err := p.root.Lstat(name)
	return err == nil && info.Mode().IsRegular() && r.sized && info.Size() == r.bytes
}

// find reports whether the file of a record is in place, and returns its name. skipped says
// whether the record of a skipped file counts. A record that is an intent came true.
func (p *place) find(r *record, skipped bool) (name string, ok bool) {
	switch download.Status(r.status.bytes()) {
	case download.Downloaded, download.Unchanged, intended:
	case download.Skipped:
		if !skipped {
			return "", false
		}
	default:
		return "", false
	}
	name, ok = p.local(r.path.String())
	return name, ok && p.stands(name, r)
}
