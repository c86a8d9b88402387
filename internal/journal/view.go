package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
)

// view is what has been read of a journal: where the latest line of each file begins.
type view struct {
	folder *os.Root
	name   string

	file    *os.File // nil while there is none
	info    fs.FileInfo
	end     int64 // of the last line that was read
	seed    maphash.Seed
	index   *index
	records int   // lines that are results
	foreign int   // lines that are not
	piece   piece // of file, which line has read
}

func newView(t *turns) *view {
	return &view{folder: t.folder, name: t.name, seed: maphash.MakeSeed(), index: &index{}}
}

func (v *view) close() error {
	if v.file == nil {
		return nil
	}
	return v.file.Close()
}

// follow reads what has been added since, or all where another file has taken the
// journal's place, and tells whether there was anything.
func (v *view) follow(ctx context.Context) (more bool, err error) {
	info, err := v.folder.Stat(v.name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking at the journal: %w", err)
	}
	if v.file == nil || info.Size() < v.end || !os.SameFile(info, v.info) {
		if err := v.reopen(); err != nil {
			return false, err
		}
	} else if info.Size() == v.end {
		return false, nil
	}
	before := v.end
	v.end, err = eachLine(ctx, v.file, v.end, func(offset int64, line []byte) error {
		v.note(offset, line)
		return nil
	})
	return v.end != before, err
}

// reopen begins anew with the file that is there now.
func (v *view) reopen() error {
	f, err := v.folder.Open(v.name)
	if err != nil {
		return fmt.Errorf("opening the journal: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return fmt.Errorf("opening the journal: %w", err)
	}
	_ = v.close()
	v.file, v.info, v.end, v.index, v.records, v.foreign, v.piece = f, info, 0, &index{}, 0, 0, piece{}
	return nil
}

// note notes a line.
func (v *view) note(offset int64, line []byte) {
	r, ok := parse(line)
	switch {
	case ok:
		v.records++
		v.index.put(r.fingerprint(v.seed), offset)
	case line == nil || len(bytes.TrimSpace(line)) > 0:
		v.foreign++
	}
}

// latest returns the latest record about a file. It is good until the next call.
func (v *view) latest(k key) (record, bool) {
	offset, ok := v.index.get(k.fingerprint(v.seed))
	if !ok {
		return record{}, false
	}
	r, ok := parse(v.line(offset))
	return r, ok && k.of(&r)
}

// piece is a part of a file.
type piece struct {
	bytes []byte
	from  int64
	after int64 // where the line ends that was read last
}

const (
	// leastPiece holds almost any line.
	leastPiece = 1 << 10
	// ahead is how much is read where one line after another is wanted.
	ahead = 32 << 10
)

// line reads the line at an offset; nil where there is none. It is good until the next call.
// Whole lines of a journal never change where they are, so what has been read of them is as
// good as the file.
func (v *view) line(offset int64) []byte {
	if line, whole := v.piece.line(offset); whole {
		return line
	}
	size := leastPiece
	if offset == v.piece.after {
		size = ahead
	}
	for {
		err := v.piece.read(v.file, offset, size)
		line, whole := v.piece.line(offset)
		switch {
		case whole:
			return line
		case err != nil || size > maxLine:
			return nil
		}
		size *= 4
	}
}

// line is the one at an offset of the file, if the piece has all of it.
func (p *piece) line(offset int64) (line []byte, whole bool) {
	at := offset - p.from
	if at < 0 || at >= int64(len(p.bytes)) {
		return nil, false
	}
	line, _, whole = bytes.Cut(p.bytes[at:], []byte{'\n'})
	if whole {
		p.after = offset + int64(len(line)) + 1
	}
	return line, whole
}

func (p *piece) read(f *os.File, offset int64, size int) error {
	if cap(p.bytes) < size {
		p.bytes = make([]byte, size)
	}
	n, err := f.ReadAt(p.bytes[:size], offset)
	p.bytes, p.from = p.bytes[:n], offset
	return err
}

// tail is what stands behind the last line: nothing, unless a writer was killed or the
// end of a line was left out.
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

// beginning is how every line begins that this program writes.
const beginning = `{"portal":`

// torn tells whether a tail is the part of a line that was left when its writer was
// killed, or the nothing that some file systems leave of one after a power loss. A line
// that only lacks its end is whole.
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

// begins tells whether a tail begins as lines of this program do, as far as it goes.
func begins(tail []byte) bool {
	n := min(len(tail), len(beginning))
	return string(tail[:n]) == beginning[:n]
}

// refuseOthers refuses a file that has something in it, and none of it is a result: it is
// something else, to which nothing should be added.
func (v *view) refuseOthers(path string) error {
	if v.records > 0 {
		return nil
	}
	tail, err := v.tail()
	if err != nil {
		return err
	}
	if v.foreign == 0 && (len(tail) == 0 || begins(tail)) {
		return nil
	}
	return refused(fmt.Errorf("%s is no journal: there is something in it, and no result", path),
		"name another file; one that is missing is made")
}
