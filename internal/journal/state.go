package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/fsync"
)

// headBeginning is how a head line begins: {"sync":{…}}, which says of which sync a journal is the state.
const headBeginning = `{"sync":`

// errUnreadable is the error of a file that is not a state, or is damaged.
var errUnreadable = errors.New("the state of sync cannot be read")

// headOf returns what a head line holds, nil for any other line.
func headOf(line []byte) json.RawMessage {
	var head struct {
		Sync json.RawMessage `json:"sync"`
	}
	if !bytes.HasPrefix(line, []byte(headBeginning)) || json.Unmarshal(line, &head) != nil || !bytes.HasPrefix(head.Sync, []byte{'{'}) {
		return nil
	}
	return head.Sync
}

// isHead reports whether a line is a head.
func isHead(line []byte) bool { return headOf(line) != nil }

// Head returns what the latest head line holds, a JSON object; nil if there is none.
func (j *Journal) Head() json.RawMessage {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.view.head < 0 {
		return nil
	}
	return headOf(j.view.line(j.view.head))
}

// SetHead adds a head line that holds a JSON object, and syncs it. In a dry run it does nothing.
func (j *Journal) SetHead(raw json.RawMessage) error {
	if j.opts.DryRun {
		return nil
	}
	var line bytes.Buffer
	line.WriteString(headBeginning)
	if err := json.Compact(&line, raw); err != nil {
		return fmt.Errorf("encoding the head of the state: %w", err)
	}
	line.WriteByte('}')
	if line.Len() > maxLine || !isHead(line.Bytes()) {
		return errors.New("the head of the state is too long, or is not an object")
	}
	line.WriteByte('\n')
	err := j.append(line.Bytes())
	if err == nil {
		err = j.syncLines()
	}
	return notWritten(err)
}

// Each calls each with the files of a state, in its order: those downloaded or moved, found unchanged, or recorded by an
// intent that came true. Each is its latest record, with the status downloaded and a Path below the folder with /. Of
// two records with one path the later one counts: the program has replaced the first file. The function must not call the
// journal. Its error ends Each.
func (j *Journal) Each(ctx context.Context, each func(download.Result) error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	f := &Files{destination: j.destination, view: j.view}
	if err := j.view.eachCurrent(ctx, f.note); err != nil {
		return err
	}
	return f.Each(ctx, func(r download.Result) error {
		r.Path = filepath.ToSlash(r.Path)
		return each(r)
	})
}

// checkState refuses a state with a line that is neither a head nor a record, except a torn last one; one without a head that
// has records, or had a head (Options.HadHead); and one whose head is of another format (Options.KnowsHead). An error wraps
// errUnreadable.
func (j *Journal) checkState(path string) error {
	v := j.view
	tail, err := v.tail()
	if err != nil {
		return err
	}
	_, whole := parse(tail)
	switch {
	case v.others > 0:
		err = fmt.Errorf("%w: %s has a line at byte %d that is not a record", errUnreadable, path, v.other)
	case len(tail) > 0 && !torn(tail) && !whole && !isHead(tail):
		err = fmt.Errorf("%w: the last line of %s, at byte %d, is not a record", errUnreadable, path, v.end)
	case v.head < 0 && (v.records > 0 || whole || j.opts.HadHead && !j.opts.Adopt && !isHead(tail)):
		err = fmt.Errorf("%w: %s does not say of which sync it is the state", errUnreadable, path)
	case v.head >= 0 && j.opts.KnowsHead != nil && !j.opts.KnowsHead(headOf(v.line(v.head))):
		err = fmt.Errorf("%w: %s was written by another version of bynder", errUnreadable, path)
	default:
		return nil
	}
	return &download.Error{
		Code: download.CodeLocal, Err: err,
		Advice: "`bynder sync --adopt` puts it aside, and takes files that are in place as they are",
	}
}

// putAside renames an unreadable state, whose lock this process holds, to a free name. A dry run leaves it in place and
// ignores it.
func (j *Journal) putAside() error {
	defer func() { j.view = newView(nil) }()
	if j.location.segments != nil {
		return j.putSegmentsAside()
	}
	defer j.view.file.Close()
	if j.opts.DryRun {
		return nil
	}
	folder, name := j.location.folder, j.location.name
	for n := 1; ; n++ {
		old := name + ".old-" + strconv.Itoa(n)
		_, err := folder.Lstat(old)
		if err == nil {
			continue
		}
		if errors.Is(err, fs.ErrNotExist) {
			if err = folder.Rename(name, old); err == nil {
				err = fsync.Folder(folder, ".")
			}
		}
		if err != nil {
			return fmt.Errorf("putting the unreadable state %s aside: %w", j.location.path, err)
		}
		return nil
	}
}
