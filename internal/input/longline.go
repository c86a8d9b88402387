package input

import (
	"encoding/json"
	"io"
)

// longLine copies a line that is too long for memory from the list to the UndoneOut file.
type longLine struct {
	u      *undone
	escape bool // it may contain line ends
	late   bool // it is written directly to the file; the caller holds the lock
	at     int64
}

// keepLong returns lines.keep for the lines that Jobs reads; they are stored until the end. nul is Format.NUL.
func (u *undone) keepLong(nul bool) func(number int) io.WriteCloser {
	if u.file == nil {
		return nil
	}
	return func(int) io.WriteCloser {
		u.mu.Lock()
		defer u.mu.Unlock()
		l := &longLine{u: u, escape: nul}
		if u.file != nil {
			l.at = u.file.long.Size()
		}
		l.open()
		return l
	}
}

// keepRest returns lines.keep for the lines that Jobs did not read. The caller holds the lock.
func (u *undone) keepRest(list int, nul bool) func(number int) io.WriteCloser {
	return func(number int) io.WriteCloser {
		l := &line{key: (&Entry{list: list, Line: number}).mistake("")}
		if u.skip(l) {
			return nil
		}
		if isNew, _ := u.asked.add(l); !isNew {
			return nil
		}
		u.rest++
		if u.file == nil {
			return nil
		}
		u.file.begin()
		long := &longLine{u: u, escape: nul, late: true}
		long.open()
		return long
	}
}

func (l *longLine) open() {
	if l.escape {
		l.write([]byte(`{"line":"`))
	}
}

// Write implements io.Writer. The file records the error.
func (l *longLine) Write(p []byte) (int, error) {
	defer l.lock()()
	if !l.escape {
		l.write(p)
	} else if text, err := json.Marshal(string(p)); err == nil {
		l.write(text[1 : len(text)-1])
	}
	return len(p), nil
}

// Close implements io.Closer.
func (l *longLine) Close() error {
	defer l.lock()()
	if l.escape {
		l.write([]byte(`"}`))
	}
	l.write([]byte("\n"))
	if f := l.u.file; f != nil && !l.late {
		f.last = l
	}
	return nil
}

func (l *longLine) lock() (unlock func()) {
	if l.late {
		return func() {}
	}
	l.u.mu.Lock()
	return l.u.mu.Unlock
}

func (l *longLine) write(p []byte) {
	f := l.u.file
	if f == nil || f.err != nil {
		return
	}
	to := io.Writer(&f.long)
	if l.late {
		to = f.out
	}
	_, err := to.Write(p)
	f.note(err)
}

// addLong adds the long line that was stored last, with its position in the input.
func (f *undoneFile) addLong(order int) {
	if l := f.last; l != nil {
		f.added = append(f.added, addedLine{order: order, in: &f.long, at: l.at, length: f.long.Size() - l.at, first: true})
		f.last = nil
	}
}
