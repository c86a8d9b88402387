package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// destination is where the files of a run are: all below one folder or in one bucket, or one file there. No name
// leads out of it. The nil destination has no files.
type destination struct {
	root *os.Root
	// below begins the paths that the journal has of files in root: "sub/", with the system's
	// separators, for --output sub/A, else "".
	below string
	// only is the file name in --output, "" for any name.
	only string
	// real is the absolute path of root without symbolic links, with a separator at its end; ""
	// if it is not known. Paths in journals of earlier versions begin with it.
	real string
	// objects is set for a bucket, which has no root.
	objects *objects
}

// newDestination returns the destination of --dir and --output. It is nil for a stream.
func newDestination(dir, output string) (*destination, error) {
	p := &destination{}
	switch {
	case output == "-":
		return nil, nil
	case output != "":
		if filepath.IsLocal(output) {
			p.below, _ = filepath.Split(filepath.Clean(output))
		}
		output = naming.Below(dir, output)
		if info, err := os.Stat(output); err == nil && !info.Mode().IsRegular() {
			return nil, nil
		}
		dir, p.only = filepath.Split(output)
	}
	if !utf8.ValidString(p.below + p.only) {
		return nil, unwritable(p.below + p.only)
	}
	if dir == "" {
		dir = "."
	}
	var err error
	if p.root, err = os.OpenRoot(dir); err != nil {
		return nil, fmt.Errorf("opening the folder of the files: %w", err)
	}
	if real, err := realPath(dir); err == nil {
		p.real = strings.TrimSuffix(real, string(filepath.Separator)) + string(filepath.Separator)
	}
	return p, nil
}

// unwritable returns the error of a name that is not UTF-8.
func unwritable(name string) error {
	return refused(fmt.Errorf("a journal, which is JSON, cannot hold the name %q", name), "choose a name that is UTF-8")
}

// realPath returns the absolute path of a folder without symbolic links.
func realPath(dir string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil || filepath.IsAbs(real) {
		return real, err
	}
	working, err := os.Getwd()
	if err != nil {
		return "", err
	}
	working, err = filepath.EvalSymlinks(working) // the shell may have followed a link to it
	return filepath.Join(working, real), err
}

func (p *destination) close() error {
	if p == nil || p.inBucket() {
		return nil
	}
	return p.root.Close()
}

// has reports whether the path of a result is the name of a file in the destination, and not of a device, for example.
func (p *destination) has(name string) bool {
	return p != nil && (p.only == "" || name == p.only) && filepath.IsLocal(name) && filepath.Clean(name) == name
}

// path returns the path of a name as the journal has it: below the folder, with /.
func (p *destination) path(name string) string { return filepath.ToSlash(p.below + name) }

// shown returns the path of a name as messages have it.
func (p *destination) shown(name string) string { return naming.Below(p.root.Name(), name) }

// local returns the name of the file with the path of a record; ok is false for a file
// outside of the destination. Earlier versions have recorded absolute paths.
func (p *destination) local(path string) (name string, ok bool) {
	if p == nil {
		return "", false
	}
	before := p.below
	if path = filepath.FromSlash(path); filepath.IsAbs(path) {
		before = p.real
	}
	name, ok = strings.CutPrefix(path, before)
	return name, ok && p.has(name)
}

// stands reports whether name is a regular file, or an object, of the size in r.
func (p *destination) stands(name string, r *record) bool {
	if p.inBucket() {
		return p.objects.stands(name, r)
	}
	info, err := p.root.Lstat(name)
	return err == nil && info.Mode().IsRegular() && r.sized && info.Size() == r.bytes
}

// find reports whether the file of a record is in place, and returns its name. skipped says
// whether the record of a skipped file counts. A record that is an intent came true.
func (p *destination) find(r *record, skipped bool) (name string, ok bool) {
	if skippedFile := skipped && r.is(download.Skipped); !skippedFile && !r.isFile() {
		return "", false
	}
	name, ok = p.local(string(r.path))
	return name, ok && p.stands(name, r)
}
