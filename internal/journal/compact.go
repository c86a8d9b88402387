package journal

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"

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
	fresh, err := l.writeCurrent(ctx, v)
	if err != nil {
		return context.Cause(ctx)
	}
	if err := l.folder.Rename(l.temporary(), l.name); err != nil {
		fresh.Close()
		_ = l.folder.Remove(l.temporary())
		return nil //nolint:nilerr // such as on Windows, where a file that others read may not be replaceable
	}
	if err := errors.Join(v.file.Close(), fsync.Folder(l.folder, ".")); err != nil {
		fresh.Close()
		return err
	}
	*v = *newView(fresh)
	return v.load(ctx)
}

func (l location) temporary() string { return l.name + ".tmp" }

// writeCurrent writes the lines that count to a new file beside the journal.
func (l location) writeCurrent(ctx context.Context, v *view) (fresh *os.File, err error) {
	old, err := v.file.Stat()
	if err != nil {
		return nil, err
	}
	// What a killed process has left there is nobody's: this one has the lock.
	if err := l.folder.Remove(l.temporary()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	fresh, err = l.folder.OpenFile(l.temporary(), os.O_RDWR|os.O_CREATE|os.O_EXCL|atItsEnd, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			fresh.Close()
			_ = l.folder.Remove(l.temporary())
		}
	}()
	if err := filelock.Try(fresh); err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(fresh, chunk)
	err = v.eachCurrent(ctx, func(_ int64, line []byte, _ *record) error {
		_, _ = w.Write(line) // Flush has its error
		return w.WriteByte('\n')
	})
	if err := errors.Join(err, w.Flush(), keepMode(fresh, old)); err != nil {
		return nil, err
	}
	return fresh, fsync.File(fresh)
}
