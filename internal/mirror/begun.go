package mirror

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
)

// begunName is the path of the list of the files that a run writes, which proves that their partials are sync's. It stays
// after a run that was killed, or in which something failed.
const begunName = ownFolder + "/begun"

// maxBegun is the length of a line of that list, in bytes, above which it is not one.
const maxBegun = 64 << 10

// begun is a line of the list: a file, and its path below the folder with /.
type begun struct {
	Path string
	download.FileID
}

// sweepBegun removes what runs before have left of files that this run does not write at the same paths, and writes the
// list of those that it does.
func (x *running) sweepBegun(steps []Step) error {
	var list bytes.Buffer
	now := map[begun]bool{}
	for i := range steps {
		s := &steps[i]
		sidecar := x.WriteMetadata != nil && (s.Action == download.ActionMetadata || s.Action == download.ActionAdopt)
		if s.Wanted == nil || s.Err != nil || s.Action != download.ActionFetch && !sidecar {
			continue
		}
		b := begun{s.Path, s.Wanted.File}
		line, err := json.Marshal(b)
		if err != nil {
			return err
		}
		now[b] = true
		list.Write(append(line, '\n'))
	}
	for _, b := range readBegun(x.Root) {
		if now[b] || !filepath.IsLocal(filepath.FromSlash(b.Path)) {
			continue
		}
		x.partials.Remove(b.Path, b.FileID)
		metadata.RemoveTemporary(x.Root, filepath.FromSlash(b.Path))
		x.removeEmpty(b.Path)
	}
	if len(now) == 0 {
		x.forgetBegun()
		return nil
	}
	if err := x.makeFolders(begunName); err != nil {
		return err
	}
	// A kill must not leave half of a list, because the one before has files that this run goes on with.
	err := x.Root.WriteFile(begunName+".new", list.Bytes(), 0o600)
	if err == nil {
		err = x.Root.Rename(begunName+".new", begunName)
	}
	return err
}

// readBegun returns the files of the list, as far as it can be read.
func readBegun(root *os.Root) (all []begun) {
	f, err := root.Open(begunName)
	if err != nil {
		return nil
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxBegun)
	for lines.Scan() {
		var b begun
		if json.Unmarshal(lines.Bytes(), &b) != nil {
			break
		}
		all = append(all, b)
	}
	return all
}

// forgetBegun removes the list.
func (x *running) forgetBegun() {
	_ = x.Root.Remove(begunName + ".new")
	_ = x.Root.Remove(begunName)
}
