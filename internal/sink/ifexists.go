package sink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	notAFile  // a folder; or a file where the name has a folder
)

// look returns the places where t's file, which is obj, can go by policy, the one that it wants most
// first. What is in place may be there because of an earlier file of the run: download.Claim knows, and is
// asked after the look, because it may appear meanwhile.
func (d *Dir) look(ctx context.Context, t download.Target, obj transfer.Object) ([]place, error) {
	var places []place
	policy := d.policy(t)
	for _, name := range d.names(t) {
		who, info, err := d.occupant(ctx, name, obj)
		if err != nil {
			return nil, err
		}
		at := place{Place: download.Place{Path: name}}
		switch {
		case who == nobody:
		case who == identical:
			at.Same = true
		case who == notAFile:
			at.Blocked = d.inTheWay(name, info)
		case policy == Overwrite, d.replaceable(ctx, name, info, t):
			size := info.Size()
			at.old, at.Replaces = info, &size
		case policy == Skip:
			at.Kept = true
		default:
			at.Blocked = d.exists(name, t)
		}
		places = append(places, at)
	}
	return places, nil
}

// find returns the place to receive t's file for.
func (d *Dir) find(ctx context.Context, t download.Target, obj transfer.Object) (place, error) {
	places, err := d.look(ctx, t, obj)
	if err != nil {
		return place{}, err
	}
	at, err := d.claim(t, places)
	if err == nil && at.Kept {
		err = &download.Present{Status: download.Skipped, Path: at.Path}
	}
	return at, err
}

// names returns the names that t's file may get by policy, the one that it wants most first.
func (d *Dir) names(t download.Target) []string {
	if other := renamed(t); d.policy(t) == Rename && other != t.Name {
		return []string{t.Name, other}
	}
	return []string{t.Name}
}

// place is a place to receive a file for, as it was found.
type place struct {
	download.Place
	old fs.FileInfo // what is to be overwritten; nil for nothing
}

// claim tells where t's file can go, and returns the place to receive it for.
func (d *Dir) claim(t download.Target, places []place) (place, error) {
	told := make([]download.Place, len(places))
	for i, at := range places {
		told[i] = at.Place
	}
	got, err := t.Claim.Tell(told)
	for _, at := range places {
		if at.Path == got.Path {
			return at, err
		}
	}
	return place{}, err
}

// policy returns what a different file at t's name means: what the user said, except that a suspect
// file replaces nothing, and that one with Target.Replaces fails unless it replaces that.
func (d *Dir) policy(t download.Target) IfExists {
	if t.Replaces != nil || d.opts.IfExists == Overwrite && suspicion(t) != "" {
		return Fail
	}
	return d.opts.IfExists
}

// replaceable reports whether the file at name, which info describes, is the one that t may replace (Target.Replaces). A
// file that cannot be read is not known to be.
func (d *Dir) replaceable(ctx context.Context, name string, info fs.FileInfo, t download.Target) bool {
	want := t.Replaces
	if want == nil || name != t.Name || !info.Mode().IsRegular() || info.Size() != want.Size || suspicion(t) != "" {
		return false
	}
	f, err := d.root.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	digest, err := digestOf(contextReader{ctx, f}, transfer.Object{}, transfer.DigestOptions{MD5: true})
	return err == nil && digest.MD5() == want.MD5
}

// suspicion says why t's file is probably not the one that was asked for, "" if it may well be.
func suspicion(t download.Target) string {
	if t.Suspect == nil {
		return ""
	}
	return t.Suspect()
}

// PathKey implements download.Sink: file systems may take paths for one that differ in case or normalization.
func (d *Dir) PathKey(path string) string { return naming.Folded(filepath.ToSlash(path)) }

// unaltered tells whether a place is still as it was found.
func (d *Dir) unaltered(at place) bool {
	now, err := d.root.Lstat(at.Path)
	if at.old == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return err == nil && os.SameFile(now, at.old) && now.Size() == at.old.Size() && now.ModTime().Equal(at.old.ModTime())
}

// renamed is the name that the Rename policy gives t.
func renamed(t download.Target) string {
	return filepath.FromSlash(naming.Renamed(filepath.ToSlash(t.Name), t.Key))
}

// occupant returns what has name below d, and describes it. For notAFile that is the folder, or the file that the name has
// as a folder. A device or the like is an error, whatever the policy, and so is a file that the run itself uses, if the new
// one would not be renamed.
func (d *Dir) occupant(ctx context.Context, name string, obj transfer.Object) (occupant, fs.FileInfo, error) {
	if d.root == nil {
		return nobody, nil, nil
	}
	if err := d.CheckInUse(name); err != nil {
		if d.opts.IfExists == Rename {
			return different, nil, nil
		}
		return nobody, nil, err
	}
	info, err := d.root.Lstat(name)
	if err != nil {
		if above := d.fileAbove(name); above != nil {
			return notAFile, above, nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nobody, nil, nil
		}
		return nobody, nil, d.failure("look at", name, err)
	}
	behind := info
	if info.Mode()&fs.ModeSymlink != 0 {
		if behind, err = d.root.Stat(name); err != nil {
			return different, info, nil //nolint:nilerr // a link that leads nowhere, or out of the folder, has the name all the same
		}
	}
	if !behind.Mode().IsRegular() {
		if behind.IsDir() {
			return notAFile, behind, nil
		}
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

// fileAbove describes the file that name has as a folder; nil if there is none.
func (d *Dir) fileAbove(name string) fs.FileInfo {
	for folder := filepath.Dir(name); folder != "."; folder = filepath.Dir(folder) {
		if info, err := d.root.Stat(folder); err == nil {
			if info.IsDir() {
				return nil
			}
			return info
		}
	}
	return nil
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

// unchanged says that obj is there.
func (d *Dir) unchanged(ctx context.Context, name string, obj transfer.Object) error {
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
	advice := cmp.Or(d.opts.ExistsHint, "give every file a path of its own with "+download.NameApart(t.ItemID != "")+
		", or say what to do with --if-exists skip, overwrite or rename")
	if why := suspicion(t); why != "" && d.policy(t) != Rename {
		return &download.Error{
			Code:   download.CodeExists,
			Path:   name,
			Err:    fmt.Errorf("%s exists and was kept, because the new file is probably not the right one: %s", d.Show(name), why),
			Advice: "look at the asset in the portal",
		}
	}
	return &download.Error{
		Code:   download.CodeExists,
		Path:   name,
		Err:    fmt.Errorf("%s is another file: %w", d.Show(name), fs.ErrExist),
		Advice: advice,
	}
}

// inTheWay returns the error for a name that no file can have, because of what info describes.
func (d *Dir) inTheWay(name string, info fs.FileInfo) error {
	why := d.Show(name) + " is not a regular file"
	switch {
	case info.IsDir():
		why = d.Show(name) + " is a folder"
	case info.Mode().IsRegular():
		why = fmt.Sprintf("a folder of %s is a file: %s", d.Show(name), info.Name())
	}
	return &download.Error{
		Code:   download.CodeLocal,
		Path:   name,
		Err:    errors.New(why),
		Advice: "move it away, or choose other names with --name or another folder",
	}
}
