package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/fsync"
)

// syncers is how many files are synced at a time: file systems store several together.
const syncers = 8

// store adds results to the journal, in groups, until Close.
func (j *Journal) store() {
	defer close(j.stored)
	for {
		select {
		case e := <-j.queue:
			j.fail(j.flush(j.group(e)))
		case <-j.closing:
			for len(j.queue) > 0 {
				j.fail(j.flush(j.group(<-j.queue)))
			}
			return
		}
	}
}

// group is a result and those that come within a second.
func (j *Journal) group(first entry) []entry {
	all := []entry{first}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for len(all) < half {
		select {
		case e := <-j.queue:
			all = append(all, e)
		case <-timer.C:
			return all
		case <-j.closing:
			for len(all) < half && len(j.queue) > 0 {
				all = append(all, <-j.queue)
			}
			return all
		}
	}
	return all
}

// flush stores the files of a group, then their results.
func (j *Journal) flush(group []entry) error {
	lines, err := j.lines(j.syncFiles(group))
	if err != nil || len(lines) == 0 {
		return err
	}
	if err := j.append(lines); err != nil {
		return err
	}
	if err := fsync.File(j.view.file); err != nil {
		return fmt.Errorf("syncing the journal: %w", err)
	}
	return nil
}

// syncFiles stores files and folders, and returns the results that are true then.
func (j *Journal) syncFiles(group []entry) []entry {
	stored := make([]bool, len(group))
	several(len(group), func(i int) {
		stored[i] = group[i].name == "" || group[i].gone() || j.syncFile(&group[i])
	})
	unsynced := j.syncFolders(group)
	kept := group[:0]
	for i, e := range group {
		if stored[i] && (e.gone() || !slices.ContainsFunc(folders(e.name), func(f string) bool { return unsynced[f] })) {
			kept = append(kept, e)
		}
	}
	return kept
}

// several calls f for 0 to n-1, a few at a time.
func several(n int, f func(int)) {
	var work sync.WaitGroup
	free := make(chan struct{}, syncers)
	for i := range n {
		free <- struct{}{}
		work.Go(func() {
			f(i)
			<-free
		})
	}
	work.Wait()
}

// syncFile stores the file of a result and fills in its size and, in a state, its time. It reports whether the file
// is then what the result says: another program may have taken it away.
func (j *Journal) syncFile(e *entry) bool {
	err := context.Cause(j.ctx)
	var info fs.FileInfo
	if err == nil {
		info, err = j.place.root.Lstat(e.name)
	}
	if err == nil && info.Mode().IsRegular() && !j.opts.Synced {
		var f *os.File
		if f, err = j.place.root.OpenFile(e.name, forSync, 0); err == nil {
			err = fsync.File(f)
			f.Close()
		}
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			j.fail(fmt.Errorf("storing %s: %w", j.place.shown(e.name), err))
		}
		return false
	}
	size := info.Size()
	if !info.Mode().IsRegular() || e.result.Bytes != nil && *e.result.Bytes != size {
		// A file of sync that was edited stays on record as it was written; what is new is the file with its metadata.
		return j.opts.State && e.result.Status == download.Unchanged
	}
	e.result.Bytes = &size
	if listed := e.result.Listed; listed != nil && listed.ModTime.IsZero() {
		told := *listed // it is another's, too
		told.ModTime = info.ModTime()
		e.result.Listed = &told
	}
	return true
}

// syncFolders stores the names of a group's files, each folder once, and returns the
// folders for which that failed. Those that a file has left may be gone.
func (j *Journal) syncFolders(group []entry) map[string]bool {
	needed := map[string]bool{}
	for _, e := range group {
		if j.opts.Synced && !e.gone() && e.from == "" {
			continue
		}
		for _, f := range folders(e.name) {
			needed[f] = needed[f] || !e.gone()
		}
		for _, f := range folders(e.from) {
			needed[f] = needed[f] || false
		}
	}
	all := slices.Sorted(maps.Keys(needed))
	errs := make([]error, len(all))
	several(len(all), func(i int) { errs[i] = fsync.Folder(j.place.root, all[i]) })
	failed := map[string]bool{}
	for i, err := range errs {
		if err == nil || !needed[all[i]] {
			continue
		}
		failed[all[i]] = true
		if !errors.Is(err, fs.ErrNotExist) {
			j.fail(fmt.Errorf("storing the folder %s: %w", j.place.shown(all[i]), err))
		}
	}
	return failed
}

// folders are those whose names must be stored for a file to be found: its own, and all
// above it up to the place's.
func folders(name string) []string {
	var all []string
	for name != "" && name != "." {
		name = filepath.Dir(name)
		all = append(all, name)
	}
	return all
}

// lines are the results as the journal has them.
func (j *Journal) lines(group []entry) ([]byte, error) {
	var all []byte
	for _, e := range group {
		line, err := j.opts.Encode(e.result)
		if err != nil {
			return nil, fmt.Errorf("encoding a result: %w", err)
		}
		line = bytes.TrimSuffix(line, []byte{'\n'})
		if len(line) > maxLine || bytes.IndexByte(line, '\n') >= 0 {
			continue // nobody could read it
		}
		all = append(append(all, line...), '\n')
	}
	return all, nil
}

// append adds lines at the end of the journal with one write: all of them or none. A file that is not at the
// journal's path any more takes none: the next run would not find them.
func (j *Journal) append(lines []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return j.broken
	}
	if !j.location.has(j.view.file) {
		return errors.New("the journal was removed or replaced by another program while it was in use")
	}
	end, err := j.view.file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	if _, err := j.view.file.Write(lines); err != nil {
		if cut := j.view.file.Truncate(end); cut != nil {
			j.broken = fmt.Errorf("writing the journal: %w", errors.Join(err, cut)) // what follows would be glued to half a line
		}
		return fmt.Errorf("writing the journal: %w", err)
	}
	for line := range bytes.Lines(lines) {
		j.view.note(end, line[:len(line)-1])
		end += int64(len(line))
	}
	j.view.end = end
	return nil
}

// mend sees to what a killed process has left behind the last line: it cuts off a torn
// line, and ends one that is not ended.
func (j *Journal) mend(ctx context.Context) error {
	v := j.view
	tail, err := v.tail()
	switch {
	case err != nil:
		return err
	case len(tail) == 0:
		return nil
	case torn(tail):
		if err := v.file.Truncate(v.end); err != nil {
			return fmt.Errorf("cutting a torn line off the journal: %w", err)
		}
		return nil
	}
	if _, err = v.file.Seek(0, io.SeekEnd); err == nil {
		_, err = v.file.Write([]byte{'\n'})
	}
	if err != nil {
		return fmt.Errorf("ending the last line of the journal: %w", err)
	}
	return v.load(ctx)
}
