package journal

import (
	"context"
	"errors"
	"hash/maphash"
	"io/fs"
	"os"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// Files are the files that a journal records in one folder or bucket. They are read without the
// journal's lock, and nothing is changed. Memory holds a fingerprint of each path and
// the offset of its record in the journal.
type Files struct {
	// Count is how many there are. Of two files with one path the later record counts: the
	// program has replaced the first one.
	Count int
	// Failed and Skipped are how many files have failures, or skips, as their only records, which do not tell their bytes.
	Failed, Skipped int
	// Outside is how many files are recorded at a path that is not in the folder.
	Outside int
	// OtherLines is how many lines are not results.
	OtherLines int

	location    location
	destination *destination
	view        *view
	paths       fingerprint.Table[int64] // offset of the record whose file has the path, or notOurs
}

// notOurs is in place of an offset if the path has the file of another program.
const notOurs = -1

// OpenFiles reads which files a journal records below a folder. Both must exist. An intent
// without a result is the record of a file if the path has a file of that size and MD5: a
// process was killed after it had published the file. Such files are read to compare them.
// Other intents are ignored.
func OpenFiles(ctx context.Context, file, dir string) (*Files, error) {
	return readFiles(ctx, Source{Name: file}, func() (*destination, error) { return newDestination(dir, "") })
}

// OpenObjects reads which objects a journal records in a bucket. Intents are ignored.
func OpenObjects(ctx context.Context, from Source) (*Files, error) {
	return readFiles(ctx, from, func() (*destination, error) { return newBucketDestination("") })
}

func readFiles(ctx context.Context, from Source, open func() (*destination, error)) (_ *Files, err error) {
	f := &Files{}
	if f.location, f.view, err = openView(ctx, from); err != nil {
		return nil, err
	}
	if f.destination, err = open(); err == nil {
		err = f.acceptIntents(ctx)
	}
	if err == nil {
		f.OtherLines = f.view.others
		err = f.view.eachCurrent(ctx, f.note)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// acceptIntents makes the intents that came true the latest records of their files, and drops all other intents.
func (f *Files) acceptIntents(ctx context.Context) error {
	for print := range f.view.pending {
		came, err := f.view.cameTrue(ctx, f.destination, print)
		if err != nil {
			return err
		}
		if came.intent < 0 {
			f.view.drop(print)
			continue
		}
		f.view.accept(print, came.intent)
	}
	return nil
}

// note stores which line is the record of which path. The lines come in the journal's order.
func (f *Files) note(offset int64, _ []byte, r *record) error {
	switch {
	case r == nil:
	case r.is(download.Failed):
		f.Failed += f.withoutBytes(r)
	case r.is(download.Skipped):
		f.Skipped += f.withoutBytes(r)
		if name, inside := f.destination.local(string(r.path)); inside && !f.Names(name) {
			f.paths.Put(f.print(name), notOurs)
		}
	case r.isFile():
		name, inside := f.destination.local(string(r.path))
		if !inside {
			f.Outside++
			return nil
		}
		if before, known := f.paths.Get(f.print(name)); !known || before == notOurs {
			f.Count++
		}
		f.paths.Put(f.print(name), offset)
	}
	return nil
}

// withoutBytes returns 1 for a failure or a skip, or 0 if an earlier record tells the bytes of its file.
func (f *Files) withoutBytes(r *record) int {
	if _, known := f.view.bytes[f.view.print(r.file())]; known {
		return 0
	}
	return 1
}

// Each calls each with the files in the journal's order, as results whose Path is the file's name
// below the folder, with the system's separators. Bytes is nil if the size is not recorded.
// An error of each ends it.
func (f *Files) Each(ctx context.Context, each func(download.Result) error) error {
	return f.view.eachCurrent(ctx, func(offset int64, _ []byte, r *record) error {
		if r == nil || !r.isFile() {
			return nil
		}
		name, inside := f.destination.local(string(r.path))
		if !inside || f.replaced(offset, name) {
			return nil
		}
		result := r.result(download.Downloaded, name)
		if !r.sized {
			result.Bytes = nil
		}
		return each(result)
	})
}

// replaced reports whether a later record than that at an offset has the same path.
func (f *Files) replaced(offset int64, name string) bool {
	latest, _ := f.paths.Get(f.print(name))
	if latest == offset || latest == notOurs {
		return false
	}
	later, ok := parse(f.view.line(latest)) // it may have the fingerprint by chance
	if !ok {
		return false
	}
	other, _ := f.destination.local(string(later.path))
	return other == name
}

// Names reports whether a record names a file below the folder, its own or one that was skipped.
func (f *Files) Names(name string) bool {
	_, known := f.paths.Get(f.print(name))
	return known
}

// IsJournal reports whether a file is the journal itself.
func (f *Files) IsJournal(info fs.FileInfo) bool {
	own, err := f.view.file.Stat()
	return err == nil && os.SameFile(own, info)
}

// Close releases the journal and the folder.
func (f *Files) Close() error {
	return errors.Join(f.location.close(f.view.file), f.destination.close())
}

func (f *Files) print(name string) uint64 { return maphash.String(f.view.seed, name) }
