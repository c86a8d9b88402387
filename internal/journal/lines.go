package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	// maxLine is the longest line that is read or written, 1 MiB.
	maxLine = 1 << 20
	// chunk is how much is read at a time, in bytes.
	chunk = 256 << 10
)

// eachLine calls f with the lines of r from an offset on, without their ends, and returns
// where the last line ended. Bytes behind that, without an end, are not a line yet. For a
// line that is longer than maxLine, f gets nil. The bytes are valid only during the call.
func eachLine(ctx context.Context, r io.ReaderAt, from int64, f func(offset int64, line []byte) error) (end int64, err error) {
	buffer := make([]byte, 0, chunk) // bytes that were read from offset end on
	end = from
	long := false // the line that begins at end is too long, and buffer starts in the middle of it
	next := from  // offset of the next read
	for {
		if ctx.Err() != nil {
			return end, context.Cause(ctx)
		}
		n, err := r.ReadAt(buffer[len(buffer):cap(buffer)], next)
		if err != nil && !errors.Is(err, io.EOF) {
			return end, fmt.Errorf("reading the journal: %w", err)
		}
		buffer = buffer[:len(buffer)+n]
		next += int64(n)
		rest := buffer
		for {
			line, after, whole := bytes.Cut(rest, []byte{'\n'})
			if !whole {
				break
			}
			if long || len(line) > maxLine {
				line, long = nil, false
			}
			if err := f(end, line); err != nil {
				return end, err
			}
			rest = after
			end = next - int64(len(rest))
		}
		if n == 0 {
			return end, nil
		}
		if len(rest) > maxLine || long {
			long, rest = true, nil
		}
		if len(rest) > cap(buffer)/2 {
			buffer = make([]byte, 0, 2*cap(buffer))
		}
		buffer = buffer[:copy(buffer[:cap(buffer)], rest)]
	}
}
