package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io"
	"os"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/fingerprint"
)

const (
	// leastRead is the size of the first read for a line, in bytes: almost any line fits.
	leastRead = 1 << 10
	// ahead is the size of a read for several lines in a row, in bytes.
	ahead = 32 << 10
)

// view holds what has been read of a journal: where the latest line of each file begins.
type view struct {
	file    *os.File // nil if the journal does not exist
	end     int64    // of the last line that was read
	seed    maphash.Seed
	index   fingerprint.Table[int64] // of results
	pending map[uint64]int64         // file → its latest intent, if only failures followed
	earlier map[uint64][]int64       // file → the intents before that one, since its latest result
	bytes   map[uint64]int64         // file → the latest result that tells its bytes, if failures or skips followed
	head    int64                    // offset of the latest head line, -1 if there is none
	records int                      // lines that are results or intents
	ended   int                      // records that say that a file was deleted
	others  int                      // lines that are neither records nor heads
	other   int64                    // offset of the first such line

	buffer     []byte // the part of file that line has read
	from, next int64  // where buffer begins, and where the line ends that was returned last
}

func newView(f *os.File) *view {
	return &view{file: f, seed: maphash.MakeSeed(), pending: map[uint64]int64{}, earlier: map[uint64][]int64{}, bytes: map[uint64]int64{}, head: -1}
}

// load reads all lines. It takes about a second for a million.
func (v *view) load(ctx context.Context) (err error) {
	if v.file == nil {
		return nil
	}
	v.end, err = eachLine(ctx, v.file, v.end, func(offset int64, line []byte) error {
		v.note(offset, line)
		return nil
	})
	return err
}

// note adds a line to the view. A failure does not end an intent: the file may have been published
// before the failure, such as that of syncing its folder. The record that tells the bytes of a file counts until a
// result other than a failure or a skip follows.
func (v *view) note(offset int64, line []byte) {
	r, ok := parse(line)
	switch {
	case ok && r.is(intended):
		v.records++
		print := v.print(r.file())
		if before, again := v.pending[print]; again {
			v.earlier[print] = append(v.earlier[print], before)
		}
		v.pending[print] = offset
	case ok:
		v.records++
		print := v.print(r.file())
		v.keepBytes(print, &r)
		v.index.Put(print, offset)
		if !r.is(download.Failed) {
			v.drop(print)
		}
		if r.is(download.Deleted) {
			v.ended++
		}
	case isHead(line):
		v.head = offset
	case line == nil || len(bytes.TrimSpace(line)) > 0:
		if v.others++; v.others == 1 {
			v.other = offset
		}
	}
}

// keepBytes stores, before r becomes a file's latest result, which earlier result tells its bytes.
func (v *view) keepBytes(print uint64, r *record) {
	if !r.is(download.Failed) && !r.is(download.Skipped) {
		delete(v.bytes, print)
		return
	}
	file := r.file()
	if _, kept := v.bytes[print]; kept {
		return
	}
	if before, ok := v.latest(file); ok && before.isFile() {
		v.bytes[print], _ = v.index.Get(print)
	}
}

// drop forgets the intents of a file.
func (v *view) drop(print uint64) {
	delete(v.pending, print)
	delete(v.earlier, print)
}

// current returns the number of records that count. A file that was deleted and has come back counts once less.
func (v *view) current() int { return v.index.Len() + len(v.pending) + len(v.bytes) - v.ended }

// superseded returns the number of records that do not count any more.
func (v *view) superseded() int { return v.records - v.current() }

// eachCurrent calls f with the lines that count, in the journal's order: the latest result of
// each file and, if it does not tell the file's bytes, the latest one that does; pending intents; and, with a nil record,
// the lines that are neither records nor heads. The line is nil if it is longer than maxLine.
func (v *view) eachCurrent(ctx context.Context, f func(offset int64, line []byte, r *record) error) error {
	if v.file == nil {
		return nil
	}
	_, err := eachLine(ctx, v.file, 0, func(offset int64, line []byte) error {
		if offset >= v.end || line != nil && len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		r, ok := parse(line)
		switch {
		case ok && v.counts(offset, &r):
			return f(offset, line, &r)
		case ok, isHead(line):
			return nil
		}
		return f(offset, line, nil)
	})
	return err
}

// counts reports whether no later line supersedes a record.
func (v *view) counts(offset int64, r *record) bool {
	print := v.print(r.file())
	if r.is(intended) {
		latest, pending := v.pending[print]
		return pending && latest == offset
	}
	latest, _ := v.index.Get(print)
	if bytes, kept := v.bytes[print]; latest == offset || kept && bytes == offset {
		return true
	}
	later, ok := parse(v.line(latest)) // it may have the fingerprint by chance
	return ok && later.file() != r.file()
}

// print returns the fingerprint of a file.
func (v *view) print(file download.FileID) uint64 { return maphash.Comparable(v.seed, file) }

// latest returns the latest record about a file. It is valid until the next call.
func (v *view) latest(file download.FileID) (record, bool) {
	offset, ok := v.index.Get(v.print(file))
	if !ok {
		return record{}, false
	}
	r, ok := parse(v.line(offset))
	return r, ok && r.file() == file
}

// line returns the line at an offset, nil if there is no whole line. It is valid until the next call.
// Whole lines of a journal never change, so the buffer has the same bytes as the file.
func (v *view) line(offset int64) []byte {
	size := leastRead
	if offset == v.next {
		size = ahead
	}
	for err := error(nil); ; size *= 4 {
		if at := offset - v.from; 0 <= at && at < int64(len(v.buffer)) {
			if line, _, whole := bytes.Cut(v.buffer[at:], []byte{'\n'}); whole {
				v.next = offset + int64(len(line)) + 1
				return line
			}
		}
		if err != nil || size > 4*maxLine {
			return nil
		}
		if cap(v.buffer) < size {
			v.buffer = make([]byte, size)
		}
		var n int
		n, err = v.file.ReadAt(v.buffer[:size], offset)
		v.buffer, v.from = v.buffer[:n], offset
	}
}

// tail returns the bytes behind the last line: none, unless a writer was killed or the
// last line has no end.
func (v *view) tail() ([]byte, error) {
	if v.file == nil {
		return nil, nil
	}
	b, err := io.ReadAll(io.NewSectionReader(v.file, v.end, maxLine+1))
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	return b, nil
}

// beginning begins every line that this program writes, except heads.
const beginning = `{"portal":`

// torn reports whether a tail is a part of a line whose writer was killed, or the zeros that
// some file systems leave in its place after a power loss. A line that lacks only its end is
// whole.
func torn(tail []byte) bool {
	switch {
	case len(tail) == 0 || len(tail) > maxLine:
		return false
	case begins(tail):
		return !json.Valid(tail)
	default:
		return len(bytes.Trim(tail, "\x00")) == 0
	}
}

// begins reports whether a tail begins as lines of this program do, as far as it goes.
func begins(tail []byte) bool {
	for _, b := range []string{beginning, headBeginning} {
		if n := min(len(tail), len(b)); string(tail[:n]) == b[:n] {
			return true
		}
	}
	return false
}

// checkJournal refuses a file that is not a journal of downloads: another one, or the state of sync.
func (v *view) checkJournal(path string) error {
	if v.head >= 0 {
		return refused(fmt.Errorf("%s is the state of bynder sync", path), newFileHint)
	}
	return v.refuseOthers(path)
}

// refuseOthers refuses a file that is not empty and has no result: it is not a journal, and
// nothing should be added to it.
func (v *view) refuseOthers(path string) error {
	if v.records > 0 || v.head >= 0 {
		return nil
	}
	tail, err := v.tail()
	if err != nil {
		return err
	}
	if v.others == 0 && (len(tail) == 0 || begins(tail)) {
		return nil
	}
	return refused(fmt.Errorf("%s is not a journal (no result lines found)", path), newFileHint)
}
