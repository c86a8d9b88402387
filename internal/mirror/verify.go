// Package mirror compares a folder with what is known of its files.
package mirror

import (
	"context"
	"os"
	"runtime"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/metadata"
)

// Status says how a file compares with its record.
type Status string

// The statuses of files.
const (
	OK      Status = "ok"
	Missing Status = "missing"
	Changed Status = "changed"
	// Unknown is a file without a difference that was found: its record has no digest, or it
	// cannot be read (see Finding.Err).
	Unknown Status = "unknown"
	Extra   Status = "extra" // no record names it
	// Repaired is a file that was missing or had changed, and was fetched again.
	Repaired Status = "repaired"
)

// Statuses are all statuses.
var Statuses = []Status{OK, Missing, Changed, Unknown, Extra, Repaired}

// Difference says what of a changed file is not as recorded.
type Difference string

// The differences, in the order in which they are looked for.
const (
	InKind   Difference = "type" // it is a folder, a link, a device and so on
	InSize   Difference = "size"
	InMD5    Difference = "md5"
	InSHA256 Difference = "sha256"
)

// Finding is what was found of one file.
type Finding struct {
	Record download.Result // as the journal has it; of an extra file only Path, below the folder
	// Metadata says that it is about the file with metadata beside the record's.
	Metadata bool
	Status   Status
	Size     int64      // of the file in place, in bytes; -1 if there is none, or it is not a regular file
	Differ   Difference // of a changed file
	Err      error      // why the file, or the folder, could not be read
}

// Path returns the path of the file that it is about, below the folder.
func (f *Finding) Path() string {
	if f.Metadata {
		return metadata.Path(f.Record.Path)
	}
	return f.Record.Path
}

// Recorded returns the size of that file as it is recorded, in bytes; nil if it is not.
func (f *Finding) Recorded() *int64 {
	if f.Metadata {
		return nil
	}
	return f.Record.Bytes
}

// Options choose what is compared.
type Options struct {
	Fast  bool // read a file only if its size is right and its time, if that is recorded, is another
	Extra bool // look for files that no record names, too
	// Read, if set, is called with the number of bytes that were read of a file. It may be
	// called by several goroutines at a time.
	Read func(n int64)
}

// window is how many files may be compared before the result of the first one was handed on.
const window = 1024

// comparison is a file that is to be compared: that of a record, or the one with metadata beside it.
type comparison struct {
	record  download.Result
	sidecar bool
	found   chan Finding // has room for one
}

// pass sends a comparison to each of the channels.
func (n comparison) pass(ctx context.Context, all ...chan<- comparison) error {
	for _, to := range all {
		select {
		case to <- n:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (n comparison) do(ctx context.Context, c *comparer) {
	if n.sidecar {
		n.found <- c.sidecar(ctx, n.record)
		return
	}
	n.found <- c.compare(ctx, n.record)
}

// Verify compares the files of a journal, and those with metadata beside them that it records, with those in a folder,
// the journal's, and hands on what it finds, in the journal's order; then extra files, sorted within their folders. It
// reads several files at a time, as many as there are CPUs, follows no symbolic link out of
// the folder and reads regular files only. An error of each ends it.
func Verify(ctx context.Context, folder *os.Root, files *journal.Files, o Options, each func(Finding) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	work := make(chan comparison)
	inOrder := make(chan comparison, window)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel(nil)
	for range runtime.GOMAXPROCS(0) {
		running.Go(func() {
			c := comparer{folder: folder, Options: o}
			for next := range work {
				next.do(ctx, &c)
			}
		})
	}
	extra := search{folder: folder, files: files, each: each, sidecars: map[string]bool{}}
	var reading error
	running.Go(func() {
		defer close(inOrder)
		defer close(work)
		reading = files.Each(ctx, func(r download.Result) error {
			extra.know(r.Path)
			file := comparison{record: r, found: make(chan Finding, 1)}
			if err := file.pass(ctx, inOrder, work); err != nil || r.Listed == nil || r.Listed.Metadata == "" {
				return err
			}
			return comparison{record: r, sidecar: true, found: make(chan Finding, 1)}.pass(ctx, inOrder, work)
		})
	})
	for next := range inOrder {
		select {
		case found := <-next.found:
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := each(found); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if reading != nil || !o.Extra {
		return reading
	}
	return extra.below(ctx, ".")
}
