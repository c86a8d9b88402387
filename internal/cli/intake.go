package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/bynder-cli/bynder/internal/budget"
	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
	"github.com/bynder-cli/bynder/internal/report"
)

// intake is where a run's ids come from: arguments first, then lists, each a stream.
type intake struct {
	args  []input.Entry
	lists []list
	// mediaID is the asset of entries that name none, "" where entries name theirs.
	mediaID string
	// choose says which file of an asset an entry means.
	choose func(input.Entry) (bynder.Selector, error)

	undone *undone
	// callEach tells that every file costs a call of its own.
	callEach bool
	total    atomic.Int64 // lines, 0 where their number is not known
	more     func(n int)  // is told of files beyond one a line; nil where nobody counts
}

// expanded tells that the line behind a job has become n files.
func (in *intake) expanded(job download.Job, n int) {
	in.undone.expanded(job.Origin, n)
	if in.more != nil {
		in.more(n - 1)
	}
}

// holdText says what API calls wait for and, where that can be told, how long it takes
// to ask for all that is left.
func (in *intake) holdText(h budget.Hold) string {
	text := holdText(h)
	left := int(in.total.Load()) - in.undone.finished()
	if !in.callEach || h.Kind != budget.Allowance || h.Rate <= 0 || left <= 0 {
		return text
	}
	return text + ", about " + report.Duration(time.Duration(float64(left)/h.Rate*float64(time.Second))) + " left"
}

// intake opens the lists that the arguments and flags name. A FIFO that nobody writes to is waited for.
func (o *transferFlags) intake(ctx context.Context, format input.Format, choose func(input.Entry) (bynder.Selector, error), args []string) (*intake, error) {
	defer endInTime(ctx, nil)()
	in := &intake{choose: choose}
	open := func(name string, f input.Format) error {
		l, err := openList(o.streams, name, f)
		if err == nil {
			in.lists = append(in.lists, l)
		}
		return err
	}
	stdin := 0
	for _, name := range slices.Concat(args, o.from, o.from0) {
		if name == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return nil, usagef("standard input is named %d times as the list of ids", stdin)
	}
	var err error
	if slices.Contains(args, "-") {
		err = open("-", format)
	}
	for _, name := range o.from {
		err = errors.Join(err, open(name, format))
	}
	format.NUL = true
	for _, name := range o.from0 {
		err = errors.Join(err, open(name, format))
	}
	if err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

// list is a list of ids in a file or on standard input.
type list struct {
	name   string
	r      io.Reader
	format input.Format
	// regular tells that what is left of it can be read after the run was stopped.
	regular bool
	// start is where it stood when it was opened: another program may have read some.
	start int64
}

// openList opens a list; "-" is standard input.
func openList(s Streams, name string, format input.Format) (list, error) {
	if name == "-" {
		return newList("standard input", s.In, format), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return list{}, &usageError{err: fmt.Errorf("the list of ids: %w", err)}
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return list{}, usagef("the list of ids: %s is a folder", name)
	}
	return newList(name, f, format), nil
}

func newList(name string, r io.Reader, format input.Format) list {
	l := list{name: name, r: r, format: format, regular: isRegular(r)}
	if l.regular {
		start, err := r.(*os.File).Seek(0, io.SeekCurrent)
		l.start, l.regular = start, err == nil
	}
	return l
}

func isRegular(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// jobs yields a job for each distinct entry, as soon as it is there, until ctx ends.
// Whatever is yielded is noted as undone until its result says otherwise.
func (in *intake) jobs(ctx context.Context) iter.Seq[download.Job] {
	return func(yield func(download.Job) bool) {
		for entry := range in.entries(ctx) {
			job := in.job(entry)
			if !in.undone.read(job.Origin) {
				continue // a double
			}
			if !yield(job) || ctx.Err() != nil {
				return
			}
		}
	}
}

// job is what an entry asks for.
func (in *intake) job(e input.Entry) download.Job {
	if e.MediaID == "" && e.Err == nil {
		e.MediaID = in.mediaID
	}
	job := download.Job{MediaID: e.MediaID, Asset: e.Asset, Size: e.Size, Origin: spelled(e.MediaID, e.ItemID)}
	err := e.Err
	if err == nil {
		job.Selector, err = in.choose(e)
	}
	if err != nil {
		if e.Line > 0 {
			err = fmt.Errorf("line %d: %w", e.Line, err)
		}
		job.Err = &download.Error{Code: download.CodeUsage, Err: err}
		job.Origin = fmt.Sprintf("# line %d: %s", e.Line, job.Origin)
	}
	return job
}

// spelled is a line that input.Read reads as these ids.
func spelled(mediaID, itemID string) string {
	odd := func(id string) bool {
		return id != strings.TrimSpace(id) || strings.HasPrefix(id, "#") || strings.HasPrefix(id, "{") ||
			strings.HasPrefix(id, "\ufeff") || strings.ContainsFunc(id, unicode.IsControl)
	}
	if odd(mediaID) || odd(itemID) {
		ids := map[string]string{"mediaId": mediaID}
		if itemID != "" {
			ids["itemId"] = itemID
		}
		encoded, err := json.Marshal(ids)
		if err == nil {
			return string(encoded)
		}
	}
	if itemID != "" {
		return mediaID + "\t" + itemID
	}
	return mediaID
}

// entries yields what is asked for. A list that cannot be read on is an entry with an
// error: what it would have held is not done.
func (in *intake) entries(ctx context.Context) iter.Seq[input.Entry] {
	return func(yield func(input.Entry) bool) {
		for _, e := range in.args {
			if !yield(e) {
				in.leave(in.lists)
				return
			}
		}
		for i, l := range in.lists {
			for e, err := range input.Read(interruptible(ctx, l.r), l.format) {
				if err != nil && ctx.Err() == nil {
					e.Err = fmt.Errorf("%s: %w", l.name, err)
				}
				if ctx.Err() != nil || !yield(e) {
					in.leave(in.lists[i:])
					return
				}
			}
		}
	}
}

// leave notes that lists are not read, or not to their ends.
func (in *intake) leave(lists []list) {
	in.undone.unread = slices.ContainsFunc(lists, func(l list) bool { return !l.regular })
}

// count tells how many lines there are, doubles among them; ok is false where that
// cannot be known before they are read.
func (in *intake) count() (n int, ok bool) {
	n = len(in.args)
	for _, l := range in.lists {
		f, isFile := l.r.(*os.File)
		if !l.regular || !isFile {
			return 0, false
		}
		listed, err := input.Count(f, l.format)
		if _, back := f.Seek(l.start, io.SeekStart); err != nil || back != nil {
			return 0, false
		}
		n += listed
	}
	return n, true
}

// rest yields the arguments and the lines of regular files, all of them; those that the
// run has come to are known to it.
func (in *intake) rest(yield func(string) bool) {
	for _, entry := range in.args {
		if !yield(in.job(entry).Origin) {
			return
		}
	}
	for entry := range in.left() {
		if !yield(in.job(entry).Origin) {
			return
		}
	}
}

// left is a fresh reading of the regular lists.
func (in *intake) left() iter.Seq[input.Entry] {
	return func(yield func(input.Entry) bool) {
		for _, l := range in.lists {
			if !l.regular {
				continue
			}
			// Not from where the file stands: the run may be reading it yet.
			all := io.NewSectionReader(l.r.(*os.File), l.start, math.MaxInt64-l.start)
			for e, err := range input.Read(all, l.format) {
				if err != nil || !yield(e) {
					return
				}
			}
		}
	}
}

// close closes the files of lists.
func (in *intake) close() {
	for _, l := range in.lists {
		if f, ok := l.r.(*os.File); ok && l.name != "standard input" {
			f.Close()
		}
	}
}

// interruptible is r whose reads end with ctx. A read that is under way when ctx ends
// may never return, as on a terminal; it is left to the end of the process, and
// whatever it still brings is nobody's. There is none after it.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	if isRegular(r) {
		return r
	}
	return &interruptibleReader{ctx: ctx, r: r}
}

type interruptibleReader struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader. The goroutine reads into memory of its own, because p
// belongs to the caller again when ctx has ended.
func (i *interruptibleReader) Read(p []byte) (int, error) {
	type chunk struct {
		bytes []byte
		err   error
	}
	if i.ctx.Err() != nil {
		return 0, context.Cause(i.ctx)
	}
	read := make(chan chunk, 1)
	go func() {
		buffer := make([]byte, min(len(p), 64<<10))
		n, err := i.r.Read(buffer)
		read <- chunk{buffer[:n], err}
	}()
	select {
	case c := <-read:
		return copy(p, c.bytes), c.err
	case <-i.ctx.Done():
		return 0, context.Cause(i.ctx)
	}
}
