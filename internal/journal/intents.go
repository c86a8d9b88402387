package journal

import (
	"context"
	"crypto/md5" //nolint:gosec // it recognizes a file that this program wrote, and guards against accidents only
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sink"
)

// intended is the status of an intent. No result has it.
const intended download.Status = "intent"

// Intend implements download.Recorder: it adds the intent to put r's file at r.Path, with
// one write. It is on disk when the results that follow are, but no kill loses it. Results of the same file that Finished
// got before are written first: a result on a later line would supersede the intent.
func (j *Journal) Intend(r download.Result) error {
	if err := j.awaitResults(r.File()); err != nil {
		return notWritten(err)
	}
	e, ok := j.entry(r)
	if !ok || e.name == "" {
		return nil // its result would not be recorded either
	}
	e.result.Status = intended
	lines, err := j.encode([]entry{e})
	if err == nil {
		err = j.append(lines)
	}
	return notWritten(err)
}

// queued counts, for each file, the results that Finished got and that are not written yet.
type queued struct {
	mu sync.Mutex
	of map[download.FileID]int
}

func (q *queued) add(file download.FileID, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.of[file] += n; q.of[file] == 0 {
		delete(q.of, file)
	}
}

func (q *queued) has(file download.FileID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.of[file] > 0
}

// isMark reports whether an entry is a mark of await.
func (e *entry) isMark() bool { return e.written != nil }

// awaitResults returns when the results of a file are written that Finished got before. Only for such a file it ends the
// group that waits for more results: a mark in the queue does.
func (j *Journal) awaitResults(file download.FileID) error {
	if !j.queued.has(file) {
		return nil
	}
	return j.await()
}

// Flush returns when all results that Finished got before are stored, or the first error of storing results.
func (j *Journal) Flush() error {
	if j.opts.DryRun {
		return nil
	}
	return errors.Join(j.await(), j.err())
}

// await returns when the results are written that Finished got before.
func (j *Journal) await() error {
	mark := entry{written: make(chan struct{})}
	select {
	case j.queue <- mark:
	case <-j.ctx.Done():
		return context.Cause(j.ctx)
	}
	select {
	case <-mark.written:
		return nil
	case <-j.ctx.Done():
		return context.Cause(j.ctx)
	}
}

// notWritten returns the error of a record that must be written and is not; nil for nil.
func notWritten(err error) error {
	switch {
	case err == nil:
		return nil
	case sink.IsFull(err):
		return &download.Error{Code: download.CodeDiskFull, Err: err, Advice: "free some space where the journal is, then run the same command again to continue"}
	default:
		return &download.Error{Code: download.CodeLocal, Err: err, Advice: "make sure that the journal can be written, then run the same command again to continue"}
	}
}

// resolveIntents makes results of the intents that came true: a process was killed after it
// had published their files. Intents whose path has another file of that size are superseded.
// All other intents stay until a result follows: the file may be in another folder than the run's.
// Sync has one folder, so in its state they are void.
func (j *Journal) resolveIntents(ctx context.Context) error {
	var came []entry
	var void []byte
	for print := range j.view.pending {
		became, err := j.view.cameTrue(ctx, j.destination, print)
		switch {
		case err != nil:
			return err
		case became.intent < 0:
			if j.opts.State && !j.opts.DryRun {
				line, err := j.before(print)
				if err != nil {
					return err
				}
				void = append(void, line...)
			}
			if j.opts.State || became.replaced {
				j.view.drop(print)
			}
			continue
		}
		var result download.Result
		if json.Unmarshal(j.view.line(became.intent), &result) != nil {
			j.view.drop(print)
			continue
		}
		j.view.accept(print, became.intent)
		result.Status, result.Path = download.Downloaded, j.destination.path(became.name)
		came = append(came, entry{result: result, name: became.name})
	}
	if j.opts.DryRun {
		return nil
	}
	// Intents that came true are recorded last: their file may have the path that the file of a void intent had, and the later
	// of two records with one path counts.
	if len(void) > 0 {
		if err := errors.Join(j.append(void), j.syncLines()); err != nil {
			return err
		}
	}
	for group := range slices.Chunk(came, groupSize) {
		if err := j.flush(group); err != nil {
			return err
		}
	}
	return nil
}

// before returns the line that makes a file's intents void: its earlier record again or, without one, a record that the
// file was deleted.
func (j *Journal) before(print uint64) ([]byte, error) {
	intent, _ := parse(j.view.line(j.view.pending[print]))
	file := intent.file()
	if offset, known := j.view.index.Get(print); known {
		line := j.view.line(offset)
		if r, ok := parse(line); ok && r.file() == file {
			return append(slices.Clone(line), '\n'), nil
		}
	}
	return j.encode([]entry{{result: download.Result{
		Portal: file.Portal, MediaID: file.MediaID, Selector: file.Selector, Status: download.Deleted,
	}}})
}

// outcome says which of a file's intents came true.
type outcome struct {
	intent   int64  // offset of the latest that came true, -1 if none did
	name     string // of its file
	replaced bool   // none did, and the path of the latest has another file of that size
}

// cameTrue finds out which of the pending intents of a file came true. There are several if a file was moved by way of another
// name, or if several runs were killed. The only error is that of ctx.
func (v *view) cameTrue(ctx context.Context, p *destination, print uint64) (outcome, error) {
	none := outcome{intent: -1}
	if p.inBucket() {
		return none, nil // the intents are those of a folder
	}
	latest := v.pending[print]
	for _, offset := range slices.Backward(append(slices.Clone(v.earlier[print]), latest)) {
		r, ok := parse(v.line(offset))
		if !ok {
			continue
		}
		name, found := p.find(&r, false)
		if !found {
			continue
		}
		same, err := p.hasMD5(ctx, name, string(r.md5))
		if same || err != nil {
			return outcome{intent: offset, name: name}, err
		}
		none.replaced = none.replaced || offset == latest
	}
	return none, nil
}

// accept makes an intent that came true the latest record of its file.
func (v *view) accept(print uint64, intent int64) {
	v.index.Put(print, intent)
	v.pending[print] = intent
	delete(v.earlier, print)
	delete(v.bytes, print)
}

// hasMD5 reports whether a file has the MD5, in hexadecimal digits. A file that cannot be
// read does not; the only error is that of ctx.
func (p *destination) hasMD5(ctx context.Context, name, want string) (bool, error) {
	f, err := p.root.Open(name)
	if err != nil {
		return false, nil // it is not known to be the file
	}
	defer f.Close()
	h := md5.New() //nolint:gosec // see the import
	for {
		if ctx.Err() != nil {
			return false, fmt.Errorf("checking the files of a run that was killed: %w", context.Cause(ctx))
		}
		_, err := io.CopyN(h, f, chunk)
		if err == io.EOF { //nolint:errorlint // io.CopyN does not wrap it
			return hex.EncodeToString(h.Sum(nil)) == want, nil
		}
		if err != nil {
			return false, nil
		}
	}
}
