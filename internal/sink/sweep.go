package sink

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
)

// leftovers has the partials that earlier runs left in the folders of a Dir. Each
// folder is read once: reading a folder of 100,000 files again for each file would
// read 10,000,000,000 names.
type leftovers struct {
	mu      sync.Mutex
	folders map[string]map[string][]string // folder → prefix of a partial → its paths
}

// maxFolders is the maximum number of folders that are remembered.
const maxFolders = 1024

// under returns the partials that begin with prefix, and removes them from l.
func (l *leftovers) under(root *os.Root, prefix string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	folder := filepath.Dir(prefix)
	known, ok := l.folders[folder]
	if !ok {
		known = readPartials(root, folder)
		if l.folders == nil || len(l.folders) >= maxFolders {
			l.folders = make(map[string]map[string][]string)
		}
		l.folders[folder] = known
	}
	paths := known[prefix]
	delete(known, prefix)
	return paths
}

// add adds a partial that this run leaves.
func (l *leftovers) add(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	folder, base := filepath.Split(path)
	match := sharedPartial().FindStringSubmatch(base)
	if known, ok := l.folders[filepath.Dir(path)]; ok && match != nil {
		known[folder+match[1]] = append(known[folder+match[1]], path)
	}
}

// readPartials lists the partials in a folder by their prefix. A folder that
// cannot be read has none.
func readPartials(root *os.Root, folder string) map[string][]string {
	found := make(map[string][]string)
	f, err := root.Open(folder)
	if err != nil {
		return found
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(1024)
		for _, base := range names {
			if match := sharedPartial().FindStringSubmatch(base); match != nil {
				prefix := filepath.Join(folder, match[1])
				found[prefix] = append(found[prefix], filepath.Join(folder, base))
			}
		}
		if err != nil {
			return found
		}
	}
}

// sweep removes the partials of a file whose final path is name, of every version,
// except those in use.
func (d *Dir) sweep(name string, file download.FileID) {
	prefix := partialPrefix(name, file)
	for folder := filepath.Dir(prefix); ; folder = filepath.Dir(folder) {
		for _, path := range d.leftovers.under(d.root, filepath.Join(folder, filepath.Base(prefix))) {
			if !d.removeUnused(path) {
				d.leftovers.add(path)
			}
		}
		if folder == "." {
			return
		}
	}
}

// sweepAll calls sweep for all names that t's file may get.
func (d *Dir) sweepAll(t download.Target) {
	for _, name := range d.names(t) {
		d.sweep(name, t.Identity)
	}
}

// removeUnused removes the partial at path, and returns false if another process or goroutine uses it.
func (d *Dir) removeUnused(path string) bool {
	release, busy := d.busy.try(path)
	if busy != nil {
		return false
	}
	defer release()
	info, err := d.root.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return true
	}
	f, err := d.root.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return true
	}
	defer f.Close()
	if d.tryLock(f) != nil {
		return false
	}
	if _, ok := d.owns(f, path); !ok { // another process has begun anew
		return false
	}
	_ = d.root.Remove(path) // if it fails, the next run tries again
	return true
}
