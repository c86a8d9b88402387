package input

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// OpenQuoteError is an unclosed quote in a table. The cells after it are unknown.
type OpenQuoteError struct {
	Line int // on which it opens

	row   int    // the line on which the row or the header begins
	text  string // the part of it that was read
	whole bool   // text ends at the end of the list
}

// Error implements error.
func (e *OpenQuoteError) Error() string {
	return fmt.Sprintf("line %d: unclosed quote", e.Line)
}

// rest yields all arguments and lines of regular files; undone skips those that the run has read. Rows with an unclosed
// quote come last, with everything after them, because they are read as one row. The error is that of a file that
// cannot be read to its end.
func (l *List) rest(yield func(*line)) error {
	for _, entry := range l.args {
		_, asked := l.job(entry)
		yield(asked)
	}
	failed := l.broken
	for i, from := range l.sources.all {
		if !from.regular {
			continue
		}
		f := from.format
		f.keep = l.undone.keepRest(i+1, f.NUL)
		for entry, err := range Read(from.again(), f) {
			if open := (*OpenQuoteError)(nil); errors.As(err, &open) {
				from.open = open
				break
			}
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s: %w", from.name, err))
				break
			}
			entry.list = i + 1
			_, asked := l.job(entry)
			yield(asked)
		}
	}
	for i, from := range l.sources.all {
		if from.open != nil {
			failed = errors.Join(failed, l.unclosed(i, yield))
		}
	}
	return failed
}

// unclosed yields the lines from the row with an unclosed quote on, unchanged: all lines of a regular file, or those
// that were read of another one.
func (l *List) unclosed(i int, yield func(*line)) error {
	raw := func(text string) { yield(&line{raw: true, entry: Entry{Text: text}}) }
	from := l.sources.all[i]
	if !from.regular {
		for text := range strings.SplitSeq(from.open.text, "\n") {
			raw(text)
		}
		return nil
	}
	f := from.format
	f.keep = nil
	lines := newLines(from.again(), f)
	for {
		if lines.number+1 == from.open.row {
			lines.keep = l.undone.keepRest(-i-1, f.NUL) // with numbers of their own, because they are not those of rows
		}
		text, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errLong):
		case err != nil:
			return fmt.Errorf("%s: %w", from.name, err)
		case lines.number >= from.open.row:
			raw(string(text))
		}
	}
}
