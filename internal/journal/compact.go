package journal

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/fsync"
)

// compact leaves the lines of a locked journal that count, if the others outnumber them:
// in a new file, with the old one's mode, that is locked, too, and takes its place when it
// is whole and synced. A journal that cannot be compacted goes on as it is; the only error
// is that of ctx, or of the new file once it has taken the place.
func (l location) compact(ctx context.Context, v *view) error {
	if v.superseded() <= v.current() {
		return nil
	}
	temporary := unfinished + rand.Text()
	fresh, err := l.writeCurrent(ctx, v, temporary)
	if err != nil {
		return context.Cause(ctx)
	}
	if err := l.folder.Rename(temporary, l.name); err != nil {
		fresh.Close()
		_ = l.folder.Remove(temporary)
		return nil //nolint:nilerr // such as on Windows, where a file that others read may not be replaceable
	}
	if err := errors.Join(v.file.Close(), fsync.Folder(l.folder, ".")); err != nil {
		fresh.Close()
		return err
	}
	*v = *newView(fresh)
	return v.load(ctx)
}

// unfinished is how the names of new files begin that have not taken the place of a journal.
const unfinished = ".compact-"

// removeUnfinished removes what earlier processes have left in the folder of a locked state when they were killed:
// nothing in there is the user's.
func (l location) removeUnfinished() {
	names, _ := fs.Glob(l.folder.FS(), unfinished+"*") // a folder that cannot be read stays as it is
	for _, name := range names {
		_ = l.folder.Remove(name)
	}
}

// writeCurrent writes the head, the lines that count but for those of deleted files, and those that are neither
// results nor intents, to a new file beside the journal. What an earlier process has left there when it was killed stays,
// except beside a state: that it is not a file of the user's cannot be known.
func (l location) writeCurrent(ctx context.Context, v *view, temporary string) (fresh *os.File, err error) {
	old, err := v.file.Stat()
	if err != nil {
		return nil, err
	}
	fresh, err = l.folder.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL|atItsEnd, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			fresh.Close()
			_ = l.folder.Remove(temporary)
		}
	}()
	if err := filelock.Try(fresh); err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(fresh, chunk)
	write := func(line []byte) error {
		_, _ = w.Write(line) // Flush has its error
		return w.WriteByte('\n')
	}
	if v.head >= 0 {
		_ = write(v.line(v.head))
	}
	err = v.eachCurrent(ctx, func(offset int64, line []byte, r *record) error {
		switch {
		case line == nil:
			return v.copyLong(ctx, w, offset)
		case r != nil && r.is(download.Deleted):
			return nil
		}
		return write(line)
	})
	if err := errors.Join(err, w.Flush(), keepMode(fresh, old)); err != nil {
		return nil, err
	}
	return fresh, fsync.File(fresh)
}

// copyLong copies the line at an offset with its end, a part at a time: it is longer than maxLine.
func (v *view) copyLong(ctx context.Context, w *bufio.Writer, offset int64) error {
	r := bufio.NewReaderSize(io.NewSectionReader(v.file, offset, v.end-offset), chunk)
	for ctx.Err() == nil {
		part, err := r.ReadSlice('\n')
		_, _ = w.Write(part) // Flush has its error
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	return context.Cause(ctx)
}
