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

// syncers is how many files are synced at a time: file systems sync several together.
const syncers = 8

// store adds results to the journal, in groups, until Close. If the run, whose context is ctx, was not stopped, it merges
// many segments then.
func (j *Journal) store(ctx context.Context) {
	defer close(j.stored)
	for {
		select {
		case e := <-j.queue:
			j.storeGroup(j.group(e))
		case <-j.closing:
			for len(j.queue) > 0 {
				j.storeGroup(j.group(<-j.queue))
			}
			if j.location.segments != nil && ctx.Err() == nil {
				j.mu.Lock()
				defer j.mu.Unlock()
				_ = j.location.merge(ctx, j.view) // the run has been stopped meanwhile
			}
			return
		}
	}
}

// storeGroup adds the results of a group, whose last entry may be a mark.
func (j *Journal) storeGroup(group []entry) {
	var mark chan struct{}
	if last := len(group) - 1; group[last].isMark() {
		mark, group = group[last].written, group[:last]
	}
	files := make([]download.FileID, len(group))
	for i, e := range group {
		files[i] = e.result.File()
	}
	j.fail(j.flush(group))
	for _, file := range files {
		j.queued.add(file, -1)
	}
	if mark != nil {
		close(mark)
	}
}

// group returns a result and those that follow within j.groupWait, at most j.groupSize. A mark ends it.
func (j *Journal) group(first entry) []entry {
	all := []entry{first}
	timer := time.NewTimer(j.groupWait)
	defer timer.Stop()
	for len(all) < j.groupSize && !all[len(all)-1].isMark() {
		select {
		case e := <-j.queue:
			all = append(all, e)
		case <-timer.C:
			return all
		case <-j.closing:
			for len(all) < j.groupSize && len(j.queue) > 0 && !all[len(all)-1].isMark() {
				all = append(all, <-j.queue)
			}
			return all
		}
	}
	return all
}

// flush syncs the files of a group, then adds their results.
func (j *Journal) flush(group []entry) error {
	lines, err := j.encode(j.syncFiles(group))
	if err != nil || len(lines) == 0 {
		return err
	}
	if err := j.append(lines); err != nil {
		return err
	}
	return j.syncLines()
}

// syncLines syncs the lines that were added. Segments are stored when they are added.
func (j *Journal) syncLines() error {
	if j.location.segments != nil {
		return nil
	}
	if err := fsync.File(j.view.file); err != nil {
		return fmt.Errorf("syncing the journal: %w", err)
	}
	return nil
}

// syncFiles syncs files and folders, and returns the results whose files are synced.
func (j *Journal) syncFiles(group []entry) []entry {
	if j.destination.inBucket() {
		j.putObjects(group)
		return group
	}
	stored := make([]bool, len(group))
	inParallel(len(group), func(i int) {
		stored[i] = group[i].name == "" || group[i].gone() || j.syncFile(&group[i])
	})
	unsynced := j.syncFolders(group)
	kept := group[:0]
	for i, e := range group {
		if stored[i] && (e.gone() || !slices.ContainsFunc(foldersOf(e.name), func(f string) bool { return unsynced[f] })) {
			kept = append(kept, e)
		}
	}
	return kept
}

// inParallel calls f with 0 to n-1, at most syncers at a time.
func inParallel(n int, f func(int)) {
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

// syncFile syncs the file of a result and fills in its size and, in a state, its time. It reports whether the file
// is as the result says: another program may have changed or removed it.
func (j *Journal) syncFile(e *entry) bool {
	err := context.Cause(j.ctx)
	var info fs.FileInfo
	if err == nil {
		info, err = j.destination.root.Lstat(e.name)
	}
	if err == nil && info.Mode().IsRegular() && !j.opts.Synced {
		var f *os.File
		if f, err = j.destination.root.OpenFile(e.name, fsync.OpenFlags, 0); err == nil {
			err = fsync.File(f)
			f.Close()
		}
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			j.fail(fmt.Errorf("storing %s: %w", j.destination.shown(e.name), err))
		}
		return false
	}
	size := info.Size()
	if !info.Mode().IsRegular() || e.result.Bytes != nil && *e.result.Bytes != size {
		// The record of an edited file of sync stays, and tells the new metadata beside the file.
		return j.opts.State && e.result.Status == download.Unchanged
	}
	e.result.Bytes = &size
	if listed := e.result.Listed; listed != nil && listed.ModTime.IsZero() {
		told := *listed // the result shares it
		told.ModTime = info.ModTime()
		e.result.Listed = &told
	}
	return true
}

// syncFolders syncs the folders of a group's files, each once, and returns those for
// which that failed. Folders that a file has left may not exist any more.
func (j *Journal) syncFolders(group []entry) map[string]bool {
	needed := map[string]bool{}
	for _, e := range group {
		if j.opts.Synced && !e.gone() && e.from == "" {
			continue
		}
		for _, f := range foldersOf(e.name) {
			needed[f] = needed[f] || !e.gone()
		}
		for _, f := range foldersOf(e.from) {
			needed[f] = needed[f] || false
		}
	}
	all := slices.Sorted(maps.Keys(needed))
	errs := make([]error, len(all))
	inParallel(len(all), func(i int) { errs[i] = fsync.Folder(j.destination.root, all[i]) })
	failed := map[string]bool{}
	for i, err := range errs {
		if err == nil || !needed[all[i]] {
			continue
		}
		failed[all[i]] = true
		if !errors.Is(err, fs.ErrNotExist) {
			j.fail(fmt.Errorf("storing the folder %s: %w", j.destination.shown(all[i]), err))
		}
	}
	return failed
}

// foldersOf returns the folders that must be synced for a file to be found: its own, and all
// above it up to that of the destination.
func foldersOf(name string) []string {
	var all []string
	for name != "" && name != "." {
		name = filepath.Dir(name)
		all = append(all, name)
	}
	return all
}

// encode returns the lines of results.
func (j *Journal) encode(group []entry) ([]byte, error) {
	var all []byte
	for _, e := range group {
		line, err := j.opts.Encode(e.result)
		if err != nil {
			return nil, fmt.Errorf("encoding a result: %w", err)
		}
		line = bytes.TrimSuffix(line, []byte{'\n'})
		if len(line) > maxLine || bytes.IndexByte(line, '\n') >= 0 {
			continue // it could not be read
		}
		all = append(append(all, line...), '\n')
	}
	return all, nil
}

// append adds lines at the end of the journal with one write: all or none. If the file is not at the
// journal's path any more, none is added: the next run would not find them.
func (j *Journal) append(lines []byte) error {
	if err := j.storeSegment(lines); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return j.broken
	}
	if j.location.segments == nil && !j.location.has(j.view.file) {
		return errors.New("the journal was removed or replaced by another program while it was in use")
	}
	end, err := j.view.file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	if _, err := j.view.file.Write(lines); err != nil {
		if cut := j.view.file.Truncate(end); cut != nil {
			j.broken = fmt.Errorf("writing the journal: %w", errors.Join(err, cut)) // the next line would continue half a line
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

// repairEnd cuts off a torn line that a killed process has left behind the last line, or adds the missing
// end of a whole one.
func (j *Journal) repairEnd(ctx context.Context) error {
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

// fail keeps the first error, and reports it. It ignores nil.
func (j *Journal) fail(err error) {
	if err == nil {
		return
	}
	j.failing.Lock()
	first := j.failure == nil
	if first {
		j.failure = err
	}
	j.failing.Unlock()
	if first && j.opts.Failed != nil {
		j.opts.Failed(err)
	}
}

func (j *Journal) err() error {
	j.failing.Lock()
	defer j.failing.Unlock()
	return j.failure
}
