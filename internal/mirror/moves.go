package mirror

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/bynder-cli/bynder/internal/download"
)

// moving is a file on its way to another path.
type moving struct {
	*Step
	now    download.Result // its record, with the path where it is
	seen   fs.FileInfo     // the file as it was looked at; nil for whatever has the path
	parked bool            // in ownFolder, so that another file can have its path
}

func newMoving(s *Step) *moving {
	now := *s.Record
	now.Status, now.Path, now.From = download.Moved, filepath.FromSlash(s.From), filepath.FromSlash(s.From)
	if told := learned(s.Wanted, s.Record); told != nil {
		now.Listed = told
	}
	return &moving{Step: s, now: now}
}

// failsToMove reports why a file was not moved.
func (x *progress) failsToMove(ctx context.Context, m *moving, err error) {
	failed := *m.Step
	if e, ok := errors.AsType[*download.Error](err); ok && e.Code == download.CodeExists && e.Path == filepath.FromSlash(m.From) {
		failed.Path, failed.From = m.From, "" // the file itself was changed, and its new path may be free
	}
	x.fails(ctx, &failed, err)
}

// errTakenAway returns the error of a file that is not there any more.
func errTakenAway(path string) error {
	return &download.Error{Code: download.CodeNotFound, Path: path, Err: errors.New("it was taken away meanwhile")}
}

// moves gives files their new paths. Those of steps with Via wait in ownFolder until all others have moved. After a kill
// their records have these paths, and the next plan moves them on.
func (x *running) moves(ctx context.Context, steps []*Step) {
	var waiting []*moving
	for _, s := range steps {
		m := newMoving(s)
		if x.move(ctx, m, s.Via) && s.Via {
			waiting = append(waiting, m)
		}
	}
	for _, m := range waiting {
		if !x.move(ctx, m, false) && ctx.Err() != nil {
			x.finished(m.now)
		}
	}
}

// movingPrefix is how the names of files begin that wait in ownFolder.
const movingPrefix = "moving-"

// dropLoneMetadata removes the metadata in ownFolder of a file that is not there: a run was killed after it had moved them
// and before it moved the file.
func (x *running) dropLoneMetadata() {
	entries, err := fs.ReadDir(x.Root.FS(), ownFolder)
	if err != nil {
		return
	}
	for _, e := range entries {
		file, beside := strings.CutSuffix(e.Name(), sidecarEnd)
		if !beside || !strings.HasPrefix(file, movingPrefix) || !e.Type().IsRegular() {
			continue
		}
		if _, err := x.Root.Lstat(filepath.Join(ownFolder, file)); isMissing(err) {
			_ = x.Root.Remove(filepath.Join(ownFolder, e.Name()))
		}
	}
}

// move moves a file on and reports whether that went well. A failure is reported.
func (x *running) move(ctx context.Context, m *moving, wait bool) bool {
	if ctx.Err() != nil {
		return false
	}
	err := x.moveOn(ctx, m, wait)
	if err != nil {
		x.cannotMove(ctx, m, err)
	}
	return err == nil
}

// moveOn gives a file its new path, or one in ownFolder if it has to wait for that.
func (x *running) moveOn(ctx context.Context, m *moving, wait bool) error {
	seen, standing, err := x.lookAt(ctx, &m.now, wait)
	if err != nil {
		return err
	}
	switch m.seen = seen; standing {
	case Edited:
		return errEdited(m.now.Path)
	case NotThere:
		return errTakenAway(m.now.Path)
	case AsWritten:
		m.now.Listed = dated(&m.now, seen).Listed
	}
	if wait {
		err := x.hop(ctx, m, ownFolder+"/"+movingPrefix+rand.Text())
		m.parked = err == nil
		return err
	}
	if err := x.arrive(ctx, m); err != nil {
		return err
	}
	done := m.result(x.Portal)
	done.Status = download.Moved
	m.now = x.bare(m.now)
	x.finished(m.now)
	x.report(done)
	if was := m.displacing(); was != nil {
		x.displaced(m.Step)
		x.swept(was.Path, was.Record)
	}
	return nil
}

// lookAt returns what has become of a record's file, and the file as it was looked at before that was found out.
func (x *running) lookAt(ctx context.Context, r *download.Result, prove bool) (fs.FileInfo, Standing, error) {
	if prove { // in ownFolder the user does not see it, and after a kill only its MD5 identifies it
		return x.proven(ctx, r)
	}
	seen, err := x.Root.Lstat(filepath.FromSlash(r.Path))
	switch {
	case isMissing(err):
		return nil, NotThere, nil
	case err != nil:
		return nil, Edited, local(r.Path, err)
	}
	return seen, x.folder.Stands(r), nil
}

// arrive gives a file its new path. What it displaces comes back if that fails.
func (x *running) arrive(ctx context.Context, m *moving) error {
	gone, err := x.displace(ctx, m.Step)
	if err == nil && x.folder.Taken(m.Path) {
		err = fs.ErrExist
	}
	if err == nil {
		err = x.hop(ctx, m, m.Path)
	}
	if err == nil {
		return nil
	}
	x.giveBack(ctx, gone)
	if was := m.displacing(); was != nil && x.folder.Stands(was.record()) == NotThere {
		x.displaced(m.Step)
	}
	return err
}

// cannotMove reports why a file was not moved. One that has left its path goes back there, if it can.
func (x *running) cannotMove(ctx context.Context, m *moving, err error) {
	x.stuck[m.Record] = true
	m.seen = nil // also one that was edited in ownFolder goes back
	if m.parked && (x.folder.Taken(m.From) || x.hop(ctx, m, m.From) != nil) {
		x.finished(m.now)
	}
	x.failsToMove(ctx, m, err)
}

// hop moves a file to a path, which is free, and its metadata before it: a file without metadata gets them again.
func (x *running) hop(ctx context.Context, m *moving, to string) error {
	was, there := m.now.Path, m.now
	there.Path = filepath.FromSlash(to)
	if err := x.State.Intend(there); err != nil {
		return err
	}
	err := x.makeFolders(to)
	if err == nil {
		err = x.moveSidecar(ctx, m, to)
	}
	if err == nil {
		err = x.mover.move(ctx, x.Root, was, m.seen, x.Root, there.Path)
		m.now.Path = there.Path
		if err != nil { // metadata that do not come back are found when the file is moved again
			_ = x.moveSidecar(ctx, m, filepath.ToSlash(was))
		}
	}
	if err != nil {
		m.now.Path = was
		x.removeEmpty(to)
		x.finished(m.now) // the intent did not come true
		return err
	}
	x.swept(was, &m.now)
	return nil
}

// makeFolders makes the folders that a path is in.
func (x *running) makeFolders(path string) error {
	folder := filepath.Dir(filepath.FromSlash(path))
	if folder == ownFolder {
		if err := x.Root.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	}
	if _, err := x.Root.Stat(folder); err == nil { // which may be a link
		return nil
	}
	return x.Root.MkdirAll(folder, 0o777)
}
