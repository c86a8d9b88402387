package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// IfExists says what becomes of a file whose name another file has already. A
// file that is there and identical is unchanged under all of them.
type IfExists int

// The policies. Fail is the zero value and the default.
const (
	Fail      IfExists = iota // the new file fails as exists
	Skip                      // the old file stays, and that is fine
	Overwrite                 // the new file replaces the old one
	Rename                    // the new file gets a key behind its stem
)

var policies = []string{Fail: "fail", Skip: "skip", Overwrite: "overwrite", Rename: "rename"}

// ParseIfExists reads a policy as the command line spells it.
func ParseIfExists(s string) (IfExists, error) {
	for i, name := range policies {
		if s == name {
			return IfExists(i), nil
		}
	}
	return 0, fmt.Errorf("%q is none of %s", s, strings.Join(policies, ", "))
}

// String is the policy as the command line spells it.
func (p IfExists) String() string {
	if p < 0 || int(p) >= len(policies) {
		return fmt.Sprintf("IfExists(%d)", int(p))
	}
	return policies[p]
}

// mtimeSlack is how far the time of a file may be from Last-Modified for the two
// to be the same: FAT keeps even seconds only.
const mtimeSlack = 2 * time.Second

// occupant is what has a name.
type occupant int

const (
	nobody occupant = iota
	identical
	different // or not known to be identical
)

// place is a name to receive a file under, as it was found.
type place struct {
	name string
	old  fs.FileInfo // what is to be overwritten; nil for nothing
}

// settle decides under which name obj is received: the one that t asks for, or
// another. Where nothing needs to be received the error says so.
func (d *Dir) settle(ctx context.Context, t download.Target, obj transfer.Object) (place, error) {
	at := place{name: t.Name}
	who, info, err := d.occupant(ctx, t.Name, obj)
	switch {
	case err != nil:
		return at, err
	case who == nobody:
		return at, nil
	case who == identical:
		if passesBy(d.policy(t)) && !d.keeps(info, t) {
			return d.settle(ctx, t, obj) // another one was put there meanwhile
		}
		return at, d.unchanged(ctx, t.Name, t, obj)
	}
	if d.policy(t) != Overwrite {
		d.sweep(t.Name, t.Identity) // it does not get there, so the next run would not continue it either
	}
	switch d.policy(t) {
	case Fail:
	case Overwrite:
		if !d.published.byAnother(info, t.Name, t.Identity) {
			at.old = info
			return at, nil
		}
	case Skip:
		if !d.published.byAnother(info, t.Name, t.Identity) {
			return at, &download.Present{Status: download.Skipped, Path: t.Name}
		}
	case Rename:
		at.name = renamed(t)
		who, _, err = d.occupant(ctx, at.name, obj)
		switch {
		case err != nil:
			return at, err
		case who == nobody:
			return at, nil
		case who == identical:
			return at, d.unchanged(ctx, at.name, t, obj)
		}
	}
	return at, d.exists(at.name, t)
}

// policy returns what a different file at t's name means: what the user said, except that a suspect
// file replaces nothing.
func (d *Dir) policy(t download.Target) IfExists {
	if d.opts.IfExists == Overwrite && suspicion(t) != "" {
		return Fail
	}
	return d.opts.IfExists
}

// suspicion says why t's file is probably not the one that was asked for, "" if it may well be.
func suspicion(t download.Target) string {
	if t.Suspect == nil {
		return ""
	}
	return t.Suspect()
}

// keeps gives t the path of the identical file that info describes, as if it had come now:
// no other file of this run takes it away. It is false where that is not the file any
// more.
func (d *Dir) keeps(info fs.FileInfo, t download.Target) bool {
	d.publishing.Lock()
	defer d.publishing.Unlock()
	now, err := d.root.Lstat(t.Name)
	if err != nil || !os.SameFile(now, info) {
		return false
	}
	if !d.published.byAnother(info, t.Name, t.Identity) {
		d.published.remember(info, t.Name, t.Identity)
	}
	return true
}

// passesBy tells whether a policy has a file get by where another one is: over it, or as if it were
// there itself. Only then does it matter whose that one is.
func passesBy(p IfExists) bool { return p == Overwrite || p == Skip }

// Own implements download.Owner. Under other policies than those where it matters, no file is looked at.
// One with several names is nobody's alone.
func (d *Dir) Own(name string, file download.FileID, size int64) bool {
	if !passesBy(d.opts.IfExists) {
		return true
	}
	d.publishing.Lock()
	defer d.publishing.Unlock()
	info, err := d.root.Lstat(name)
	if err != nil || info.Size() != size || d.published.byAnother(info, name, file) {
		return false
	}
	if !hasOtherNames(info) {
		d.published.remember(info, name, file)
	}
	return true
}

// unaltered tells whether a place is still as it was found.
func (d *Dir) unaltered(at place) bool {
	now, err := d.root.Lstat(at.name)
	if at.old == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return err == nil && os.SameFile(now, at.old) && now.Size() == at.old.Size() && now.ModTime().Equal(at.old.ModTime())
}

// renamed is the name that the Rename policy gives t.
func renamed(t download.Target) string {
	return filepath.FromSlash(naming.Renamed(filepath.ToSlash(t.Name), t.Key))
}

// occupant tells what has name below d: nobody, the file that obj is, or
// another. What is no file at all is an error, whatever the policy.
func (d *Dir) occupant(ctx context.Context, name string, obj transfer.Object) (occupant, fs.FileInfo, error) {
	info, err := d.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nobody, nil, nil
	}
	if err != nil {
		return nobody, nil, d.failure("look at", name, err)
	}
	behind := info
	if info.Mode()&fs.ModeSymlink != 0 {
		if behind, err = d.root.Stat(name); err != nil {
			return different, info, nil //nolint:nilerr // a link that leads nowhere, or out of the folder, has the name all the same
		}
	}
	if !behind.Mode().IsRegular() {
		return nobody, nil, d.inTheWay(name, behind)
	}
	same, err := d.identical(ctx, name, behind, obj)
	if err != nil {
		return nobody, nil, d.failure("compare", name, err)
	}
	if same {
		return identical, info, nil
	}
	return different, info, nil
}

// identical reports whether the file at name is obj: by size and digest, or, if the ETag
// decides nothing, by size and time. What cannot be known is false; the only error is that
// of ctx.
func (d *Dir) identical(ctx context.Context, name string, info fs.FileInfo, obj transfer.Object) (bool, error) {
	if obj.Size < 0 || info.Size() != obj.Size {
		return false, nil
	}
	open := func() (io.ReadCloser, error) {
		f, err := d.root.Open(name)
		if err != nil {
			return nil, err
		}
		return contextReader{ctx, f}, nil
	}
	is, err := compareDigest(open, obj)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		return false, nil //nolint:nilerr // a file that cannot be read is not known to be identical
	case is == undecided:
		apart := info.ModTime().Sub(obj.LastModified).Abs()
		return !obj.LastModified.IsZero() && apart <= mtimeSlack, nil
	}
	return is == sameBytes, nil
}

// contextReader reads until its context ends.
type contextReader struct {
	ctx context.Context
	io.ReadCloser
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.ReadCloser.Read(b)
}

// unchanged says that obj is there, and takes away what earlier runs may have left of it.
func (d *Dir) unchanged(ctx context.Context, name string, t download.Target, obj transfer.Object) error {
	d.sweep(name, t.Identity)
	there := &download.Present{Status: download.Unchanged, Path: name, Bytes: &obj.Size}
	want := transfer.DigestOptions{MD5: d.opts.MD5, SHA256: d.opts.SHA256}
	if want.MD5 && hasPlainDigest(obj) { // the ETag is the MD5 that the file was compared by
		there.MD5, want.MD5 = strings.ToLower(strings.Trim(obj.ETag, `"`)), false
	}
	if want == (transfer.DigestOptions{}) {
		return there
	}
	f, err := d.root.Open(name)
	if err != nil {
		return d.failure("read", name, err)
	}
	defer f.Close()
	digest, err := digestOf(contextReader{ctx, f}, obj, want)
	if err != nil {
		return d.failure("read", name, err)
	}
	if want.MD5 {
		there.MD5 = digest.MD5()
	}
	there.Checksum = download.Checksum(digest)
	return there
}

// exists says that another file has the name.
func (d *Dir) exists(name string, t download.Target) error {
	if why := suspicion(t); why != "" && d.opts.IfExists != Rename {
		return &download.Error{
			Code:   download.CodeExists,
			Err:    fmt.Errorf("%s exists and was kept, because the new file is probably not the right one: %s", d.Show(name), why),
			Advice: "look at the asset in the portal",
		}
	}
	apart := "--name '{id}/{filename}'"
	if t.ItemID != "" {
		apart = "--name '{id}/{itemId}-{filename}'"
	}
	return &download.Error{
		Code: download.CodeExists,
		Err:  fmt.Errorf("%s is another file: %w", d.Show(name), fs.ErrExist),
		Advice: "give every file a path of its own with " + apart +
			", or say what to do with --if-exists skip, overwrite or rename",
	}
}

// inTheWay says that what has the name is no file.
func (d *Dir) inTheWay(name string, info fs.FileInfo) error {
	what := "no regular file"
	if info.IsDir() {
		what = "a folder"
	}
	return &download.Error{
		Code:   download.CodeLocal,
		Err:    fmt.Errorf("%s is %s", d.Show(name), what),
		Advice: "move it away, or choose other names with --name or another folder with --dir",
	}
}

// published remembers which file of this run is behind a name, so that one file
// of the run does not overwrite another, and does not pass it by as if it had
// been there before. It is kept under the policies that need it, and costs some
// 20 bytes a file: the numbers that the file system has for files, because on
// some systems two names are one file.
type published struct {
	mu     sync.Mutex
	owners map[uint64]uint64 // number of the file system → hash of the identity
}

// byAnother reports whether the file at name, which info describes, was published in
// this run as another file than the given one.
func (p *published) byAnother(info fs.FileInfo, name string, file download.FileID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	owner, ok := p.owners[fileNumber(info, name)]
	return ok && owner != hash64(file.String())
}

func (p *published) remember(info fs.FileInfo, name string, file download.FileID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.owners == nil {
		p.owners = make(map[uint64]uint64)
	}
	p.owners[fileNumber(info, name)] = hash64(file.String())
}
