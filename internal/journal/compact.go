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

// compact removes the superseded lines of a locked journal if they are more than the lines that count. It
// writes a new file with the old one's mode, locks and syncs it, and renames it to the journal. A journal that
// cannot be compacted stays as it is; the only error is that of ctx, or of the new file after the rename.
func (l location) compact(ctx context.Context, v *view) error {
	if v.superseded() <= v.current() {
		return nil
	}
	temporary := unfinishedPrefix + rand.Text()
	fresh, err := l.replacement(ctx, v, temporary)
	if err != nil {
		return context.Cause(ctx)
	}
	if err := l.folder.Rename(temporary, l.name); err != nil {
		fresh.Close()
		_ = l.folder.Remove(temporary)
		return nil //nolint:nilerr // on Windows a file that is open elsewhere may not be replaceable
	}
	if err := errors.Join(v.file.Close(), fsync.Folder(l.folder, ".")); err != nil {
		fresh.Close()
		return err
	}
	*v = *newView(fresh)
	return v.load(ctx)
}

// unfinishedPrefix begins the names of new files that have not replaced a journal yet.
const unfinishedPrefix = ".compact-"

// removeUnfinished removes the unfinished files that killed processes have left in the folder of a locked state. No
// file there belongs to the user.
func (l location) removeUnfinished() {
	names, _ := fs.Glob(l.folder.FS(), unfinishedPrefix+"*") // a folder that cannot be read stays as it is
	for _, name := range names {
		_ = l.folder.Remove(name)
	}
}

// replacement writes a new file beside the journal, with what view.writeCurrent writes. Unfinished files of killed
// processes stay, except beside a state: they might be the user's.
func (l location) replacement(ctx context.Context, v *view, temporary string) (fresh *os.File, err error) {
	old, err := v.file.Stat()
	if err != nil {
		return nil, err
	}
	fresh, err = l.folder.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL|appendOnly, 0o600)
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
	if err := errors.Join(v.writeCurrent(ctx, fresh), keepMode(fresh, old)); err != nil {
		return nil, err
	}
	return fresh, fsync.File(fresh)
}

// writeCurrent writes the head, the lines that count except those of deleted files, and the lines that are neither results nor
// intents, each with its end.
func (v *view) writeCurrent(ctx context.Context, to io.Writer) error {
	w := bufio.NewWriterSize(to, chunk)
	write := func(line []byte) error {
		_, _ = w.Write(line) // Flush has its error
		return w.WriteByte('\n')
	}
	if v.head >= 0 {
		_ = write(v.line(v.head))
	}
	err := v.eachCurrent(ctx, func(offset int64, line []byte, r *record) error {
		switch {
		case line == nil:
			return v.copyLong(ctx, w, offset)
		case r != nil && r.is(download.Deleted):
			return nil
		}
		return write(line)
	})
	return errors.Join(err, w.Flush())
}

// copyLong copies the line at an offset, which is longer than maxLine, with its end, in parts.
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
