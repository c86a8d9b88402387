package mirror

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
)

// A run lists which objects it is about to write, as results of which nothing is known that only a transfer tells. A run that
// is killed has written objects whose records it did not store; the next one finds them by that list, and each says itself
// which file it is. The list stays if something failed.

// begin stores the list of what steps write: files, metadata beside them and, for moves, where they come from and the path in
// ownFolder that they go through, if there is one in parks.
func (x *inBucket) begin(ctx context.Context, steps []Step) error {
	if !slices.ContainsFunc(steps, func(s Step) bool { return s.Err == nil && puts(&s) }) {
		return nil
	}
	x.there.hasBegun = true
	return x.list(ctx, steps)
}

// list replaces the list of what was begun by that of steps whose object was not kept.
func (x *inBucket) list(ctx context.Context, steps []Step) error {
	d := x.there
	r, w := io.Pipe()
	var writing sync.WaitGroup
	writing.Go(func() {
		lines, err := json.NewEncoder(w), error(nil)
		for i := range steps {
			for _, line := range x.begins(&steps[i]) {
				err = cmp.Or(err, lines.Encode(line))
			}
		}
		w.CloseWithError(err)
	})
	err := d.begun.Replace(ctx, r)
	_ = r.Close() // never fails
	writing.Wait()
	return err
}

// puts reports whether a step puts the object of a file at a path, or metadata beside it.
func puts(s *Step) bool {
	return s.Action == download.ActionFetch || s.Action == download.ActionMove || s.Action == download.ActionMetadata
}

// begins returns the lines of a step.
func (x *inBucket) begins(s *Step) []download.Result {
	if s.Err != nil || !puts(s) || x.kept[s] {
		return nil
	}
	told := s.result(x.Portal)
	line := download.Result{
		Portal: told.Portal, MediaID: told.MediaID, Selector: told.Selector, ItemID: told.ItemID, Name: told.Name, Chosen: told.Chosen,
		Path: s.Path, From: s.From,
	}
	if s.Action == download.ActionFetch {
		listed := x.listed(s)
		line.Listed = &listed
	}
	if s.Action == download.ActionMetadata {
		line.Action = s.Action
	}
	lines := []download.Result{line}
	if park, ok := x.parks[s]; ok {
		line.Path = park
		lines = append(lines, line)
	}
	return lines
}

// Forget removes the list of what runs have begun to write. The records of all that they have written must be stored.
func (d *BucketDestination) Forget(ctx context.Context) error {
	if !d.hasBegun {
		return nil
	}
	return d.begun.Replace(ctx, bytes.NewReader(nil))
}

// maxBegunLine is the length of a line of the list, in bytes, above which it is not one.
const maxBegunLine = 1 << 20

// eachLine calls each with the whole lines that are written to it.
type eachLine struct {
	rest []byte
	each func(line []byte)
}

func (e *eachLine) Write(b []byte) (int, error) {
	n := len(b)
	for {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		if !whole {
			break
		}
		e.each(append(e.rest, line...))
		e.rest, b = e.rest[:0], rest
	}
	if e.rest = append(e.rest, b...); len(e.rest) > maxBegunLine {
		return 0, errors.New("the list of objects that a run has begun to write has a line that is too long")
	}
	return n, nil
}

// begunLines are the lines of a list of what was begun that something may follow from.
type begunLines struct {
	objects  []download.Result // about an object that may have been written without a record
	sidecars []download.Result // about a file with metadata at the path of the line
}

// readBegun reads the list of what runs have begun to write.
func (d *BucketDestination) readBegun(ctx context.Context, known map[download.FileID]*download.Result) (all begunLines, err error) {
	err = d.begun.Read(ctx, func() (io.Writer, error) {
		all, d.hasBegun = begunLines{}, false
		return &eachLine{each: func(text []byte) {
			d.hasBegun = true
			var line download.Result
			if json.Unmarshal(text, &line) != nil {
				return
			}
			if line.Action != download.ActionMetadata && d.mayBe(&line, known[line.File()]) {
				all.objects = append(all.objects, line)
			}
			if d.Taken(sidecarOf(line.Path)) {
				all.sidecars = append(all.sidecars, line)
			}
		}}, nil
	})
	if err != nil {
		return all, fmt.Errorf("reading which objects an earlier run was about to write: %w", err)
	}
	return all, nil
}

// Recover returns the records of objects that runs have written and not recorded, because they were killed or their upload had
// no answer. These must be stored before Run.DoInBucket, which replaces the list of what was begun. known has the records of the
// state, which it changes. Copies of objects that were to be moved are removed where the move did not end, and metadata go back to
// their files; with looking, that is only taken for done.
func (d *BucketDestination) Recover(ctx context.Context, known map[download.FileID]*download.Result, looking bool) ([]*download.Result, error) {
	begun, err := d.readBegun(ctx, known)
	if err != nil {
		return nil, err
	}
	lines := begun.objects
	there, owners := make([]bucket.Object, len(lines)), d.owners(lines, known)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(objectWorkers)
	for i, line := range lines {
		group.Go(func() error {
			o, _ := d.find(line.Path)
			now, err := d.client.Head(within, o.Key)
			if err != nil && !errors.Is(err, bucket.ErrNotFound) {
				return err
			}
			sum, moved := "", false
			if r := known[line.File()]; line.From != "" && r != nil {
				sum, moved = r.MD5, now.IsAnonymous() && isRecorded(now, r) && owners[line.Path] == nil
			}
			if err == nil && (moved || now.IsStill(line.File(), sum)) {
				there[i] = now
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("looking at an object that an earlier run was about to write: %w", err)
	}
	all, err := d.recover(ctx, lines, there, known, looking)
	for _, line := range begun.sidecars {
		r := known[line.File()]
		switch {
		case err != nil:
			return nil, err
		case d.standsAt(line.Path, r):
			var again bool
			if again, err = d.describedAgain(ctx, &line, r); again {
				all = append(all, r)
			}
		case r != nil && line.From != "" && filepath.ToSlash(r.Path) != line.Path:
			err = d.bringBack(ctx, &line, r, looking)
		}
	}
	return all, err
}

// describedAgain completes the record of an object beside which a run has written other metadata than the recorded ones. It
// reports whether it has done so.
func (d *BucketDestination) describedAgain(ctx context.Context, line, r *download.Result) (bool, error) {
	listed := listedOf(r)
	if o, ok := d.find(sidecarOf(line.Path)); !ok || o.ETag == listed.Metadata {
		return false, nil
	}
	o, err := d.besides(ctx, line)
	if err != nil || o.Key == "" || o.Beside(line.File()) == listed.Metadata {
		return false, err
	}
	listed.Metadata = o.Beside(line.File())
	r.Listed = &listed
	return true, nil
}

// owners returns the records of objects that are as they are recorded, by path; nil if no line is about a move.
func (d *BucketDestination) owners(lines []download.Result, known map[download.FileID]*download.Result) map[string]*download.Result {
	if !slices.ContainsFunc(lines, func(line download.Result) bool { return line.From != "" }) {
		return nil
	}
	all := map[string]*download.Result{}
	for _, r := range known {
		if d.Stands(r) == AsWritten {
			all[filepath.ToSlash(r.Path)] = r
		}
	}
	return all
}

// isRecorded reports whether an object has the size and the ETag of a record.
func isRecorded(o bucket.Object, r *download.Result) bool {
	return r.Bytes != nil && o.Size == *r.Bytes && o.ETag == r.ObjectETag
}

// bringBack moves metadata back that were copied ahead of their file, which did not follow. The file is at the path of r.
func (d *BucketDestination) bringBack(ctx context.Context, line, r *download.Result, looking bool) error {
	from, to := sidecarOf(line.Path), sidecarOf(filepath.ToSlash(r.Path))
	o, err := d.besides(ctx, line)
	if err != nil || o.Key == "" {
		return err
	}
	d.forget(from)
	if !d.Taken(to) {
		etag := o.ETag
		key, err := d.at.Key(to)
		if err == nil && !looking {
			etag, err = d.client.Copy(ctx, o, key)
		}
		switch {
		case err == nil:
			d.put(to, bucket.Object{Size: o.Size, ETag: etag})
		case !errors.Is(err, fs.ErrExist): // else another object has come there since
			return err
		}
	}
	if looking {
		return nil
	}
	_, err = d.client.DeleteSame(ctx, o.Key, o.ETag)
	return err
}

// besides returns the object with metadata that a run has written beside the path of a line; without a key if there is none.
func (d *BucketDestination) besides(ctx context.Context, line *download.Result) (bucket.Object, error) {
	o, ok := d.find(sidecarOf(line.Path))
	if !ok {
		return bucket.Object{}, nil
	}
	o, err := d.client.Head(ctx, o.Key)
	if errors.Is(err, bucket.ErrNotFound) || err == nil && o.Beside(line.File()) == "" {
		return bucket.Object{}, nil
	}
	return o, err
}

// mayBe reports whether the object at the path of a line may have been written without a record. r is the record of its file.
func (d *BucketDestination) mayBe(line, r *download.Result) bool {
	if line.MediaID == "" || line.Path == "" {
		return false
	}
	_, ok := d.find(line.Path)
	return ok && !d.standsAt(line.Path, r)
}

// standsAt reports whether the object of a record, or nil, is at a path, as it was written.
func (d *BucketDestination) standsAt(path string, r *download.Result) bool {
	return r != nil && filepath.ToSlash(r.Path) == path && d.Stands(r) == AsWritten
}

// dropCopy removes one of two objects that a move of a run that was killed has left.
func (d *BucketDestination) dropCopy(ctx context.Context, path string, o bucket.Object, looking bool) error {
	if !looking {
		if _, err := d.client.DeleteSame(ctx, o.Key, o.ETag); err != nil {
			return fmt.Errorf("removing a copy that an earlier run has left: %w", err)
		}
	}
	d.forget(path)
	return nil
}

// recover makes records of objects. Those of which there is none, or another program's, have no key. A file that is still where
// it is recorded was not moved.
func (d *BucketDestination) recover(ctx context.Context, lines []download.Result, there []bucket.Object, known map[download.FileID]*download.Result, looking bool) (all []*download.Result, err error) {
	for i, line := range lines {
		o, r := there[i], known[line.File()]
		if o.Key == "" || !d.mayBe(&line, r) {
			continue
		}
		switch same := r != nil && r.Bytes != nil && *r.Bytes == o.Size; {
		case line.From == "":
			if r == nil {
				r = &download.Result{}
				known[line.File()] = r
			}
			*r = line
			r.Status, r.Bytes, r.MD5, r.ObjectETag = download.Downloaded, &o.Size, o.MD5(), o.ETag
			beside, err := d.besides(ctx, &line)
			if err != nil {
				return nil, err
			}
			if r.Listed != nil && beside.Key != "" {
				r.Listed.Metadata = beside.Beside(line.File())
			}
		case !same:
			continue
		case d.Stands(r) == AsWritten && !o.IsAnonymous():
			if err := d.dropCopy(ctx, line.Path, o, looking); err != nil {
				return nil, err
			}
			continue
		case d.Stands(r) == AsWritten: // another program may have put the same bytes there: they stay
			was, _ := d.find(r.Path)
			if err := d.dropCopy(ctx, r.Path, was, looking); err != nil {
				return nil, err
			}
			r.Path, r.ObjectETag = line.Path, o.ETag
		default:
			r.Path, r.ObjectETag = line.Path, o.ETag
		}
		d.put(line.Path, o)
		all = append(all, r)
	}
	return all, nil
}
