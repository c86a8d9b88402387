// Package mirror compares a folder or a bucket with what is known of its files, and plans and does what sync changes there.
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
	// Unknown is a file without a difference that was found: its record has no digest, it cannot be read (see
	// Finding.Err), or nothing that a bucket tells of it can be compared with its record.
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
	// InVersion says that the metadata of an object are not those of the recorded file and version.
	InVersion Difference = "version"
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
	Full  bool // read all bytes in a bucket; those in a folder are read anyway
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

// looker finds out what of one file after the other is not as recorded.
type looker interface {
	// look completes a finding of which record, kind and no size are known. want is the digest that the record has of the
	// file, in lower-case hexadecimal digits, "" for none.
	look(ctx context.Context, found Finding, want string, by Difference) Finding
}

func (n comparison) do(ctx context.Context, at looker) {
	want, by := digestOf(n.record)
	if n.sidecar {
		want, by = digestOf(download.Result{MD5: n.record.Listed.Metadata})
	}
	n.found <- at.look(ctx, Finding{Record: n.record, Metadata: n.sidecar, Size: -1}, want, by)
}

// verifiable is where the files of a journal are.
type verifiable interface {
	// workers is how many files are compared at a time, each by a looker of its own.
	workers() int
	looker(o Options) looker
	// extra hands on what no record names, with the errors of each and ctx alone.
	extra(ctx context.Context, known *recorded, each func(Finding) error) error
}

// Verify compares the files of a journal, and those with metadata beside them that it records, with those in a folder,
// the journal's, and hands on what it finds, in the journal's order; then extra files, sorted within their folders. It
// reads several files at a time, as many as there are CPUs, follows no symbolic link out of
// the folder and reads regular files only. An error of each ends it.
func Verify(ctx context.Context, folder *os.Root, files *journal.Files, o Options, each func(Finding) error) error {
	return verify(ctx, files, o, folderPlace{folder}, each)
}

// folderPlace is a folder.
type folderPlace struct{ root *os.Root }

func (p folderPlace) workers() int            { return runtime.GOMAXPROCS(0) }
func (p folderPlace) looker(o Options) looker { return &comparer{folder: p.root, Options: o} }
func (p folderPlace) extra(ctx context.Context, known *recorded, each func(Finding) error) error {
	return (&search{folder: p.root, recorded: known, each: each}).below(ctx, ".")
}

// verify compares the files of a journal with those at a place, as Verify does.
func verify(ctx context.Context, files *journal.Files, o Options, at verifiable, each func(Finding) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	work := make(chan comparison)
	inOrder := make(chan comparison, window)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel(nil)
	for range at.workers() {
		running.Go(func() {
			worker := at.looker(o)
			for next := range work {
				next.do(ctx, worker)
			}
		})
	}
	known := &recorded{files: files, sidecars: map[string]bool{}}
	var reading error
	running.Go(func() {
		defer close(inOrder)
		defer close(work)
		reading = files.Each(ctx, func(r download.Result) error {
			known.add(r.Path)
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
	return at.extra(ctx, known, each)
}
