package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
)

// Segments are where a journal is stored that is not a file: objects of a bucket, each with some of the lines. They need no
// lock: several processes can use them at the same time, and each adds objects of its own.
type Segments interface {
	// Read writes all lines, each with its end, in their order to the writer that begin returns. If another process merges
	// segments meanwhile, it begins anew, with another call of begin.
	Read(ctx context.Context, begin func() (io.Writer, error)) error
	// Add stores lines, each with its end, after all that were read or added.
	Add(ctx context.Context, lines []byte) error
	// Many reports whether merging saves time when the segments are read.
	Many() bool
	// Replace stores lines, each with its end, in place of all that were read or added.
	Replace(ctx context.Context, lines io.Reader) error
	// PutAside puts all that were read where Read does not find them.
	PutAside(ctx context.Context) error
}

const (
	// segmentSize and segmentWait are in place of groupSize and groupWait in segments: each group is an object.
	segmentSize = 1000
	segmentWait = 10 * time.Second
)

// download reads all segments into a file without a name, on which the view opens.
func (l location) download(ctx context.Context) (f *os.File, err error) {
	if f, err = newUnnamed(); err != nil {
		return nil, err
	}
	err = l.segments.Read(ctx, func() (io.Writer, error) {
		_, err := f.Seek(0, io.SeekStart)
		return f, errors.Join(err, f.Truncate(0))
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading the %s: %w", l.noun(), err), closeUnnamed(f))
	}
	return f, nil
}

// newUnnamed returns an empty file without a name: in the folder of temporary files or, on a machine on which no file can be
// written, in memory.
func newUnnamed() (*os.File, error) {
	f, err := os.CreateTemp("", "bynder-journal-")
	if err != nil {
		if f := newInMemory(); f != nil {
			return f, nil
		}
		return nil, &download.Error{
			Code: download.CodeLocal, Err: fmt.Errorf("reading a journal in a bucket: no temporary file: %w", err),
			Advice: "set TMPDIR to a folder that can be written",
		}
	}
	_ = os.Remove(f.Name()) // Windows does not remove a file that is open: see closeUnnamed
	return f, nil
}

func closeUnnamed(f *os.File) error {
	err := f.Close()
	if runtime.GOOS == "windows" {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

// merge replaces many segments with few that have the lines that count. Segments that cannot be merged stay as they are; the
// only error is that of ctx.
func (l location) merge(ctx context.Context, v *view) error {
	if !l.segments.Many() {
		return nil
	}
	r, w := io.Pipe()
	var writing sync.WaitGroup
	writing.Go(func() { w.CloseWithError(v.writeCurrent(ctx, w)) })
	_ = l.segments.Replace(ctx, r)
	_ = r.Close() // never fails
	writing.Wait()
	return context.Cause(ctx)
}

// storeSegment stores lines as a segment; of a journal in a file it does nothing.
func (j *Journal) storeSegment(lines []byte) error {
	if j.location.segments == nil {
		return nil
	}
	if err := j.location.segments.Add(j.ctx, lines); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	return nil
}

// putSegmentsAside puts the segments of an unreadable state aside. A dry run leaves them in place.
func (j *Journal) putSegmentsAside() error {
	err := closeUnnamed(j.view.file)
	if err == nil && !j.opts.DryRun {
		err = j.location.segments.PutAside(j.ctx)
	}
	if err != nil {
		return fmt.Errorf("putting the unreadable state %s aside: %w", j.location.path, err)
	}
	return nil
}
