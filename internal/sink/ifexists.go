package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// mtimeSlack is how far the time of a file may be from Last-Modified to count as equal:
// FAT stores even seconds only.
const mtimeSlack = 2 * time.Second

// occupant is the kind of file that has a name.
type occupant int

const (
	vacant occupant = iota
	identical
	different // or not known to be identical
	notAFile  // a folder; or a file that has the name of one of the path's folders
)

// look returns the candidates for the path of t's file, which is obj, in order of preference. An existing file may be
// an earlier file of the run, which download.Claim decides. It is asked after the look, because the file may appear
// meanwhile.
func (d *Dir) look(ctx context.Context, t download.Target, obj transfer.Object) ([]candidate, error) {
	var candidates []candidate
	policy := d.policy(t)
	for _, name := range d.names(t) {
		who, info, err := d.occupant(ctx, name, obj)
		if err != nil {
			return nil, err
		}
		at := candidate{Place: download.Place{Path: name}}
		switch {
		case who == vacant:
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
			at.Blocked = d.existsError(name, t)
		}
		candidates = append(candidates, at)
	}
	return candidates, nil
}

// find returns the candidate for which t's file is received.
func (d *Dir) find(ctx context.Context, t download.Target, obj transfer.Object) (candidate, error) {
	candidates, err := d.look(ctx, t, obj)
	if err != nil {
		return candidate{}, err
	}
	at, err := d.claim(t, candidates)
	if err == nil && at.Kept {
		err = &download.Present{Status: download.Skipped, Path: at.Path}
	}
	return at, err
}

// names returns the names that the policy allows for t's file, in order of preference.
func (d *Dir) names(t download.Target) []string {
	if d.policy(t) == Rename {
		if other := renamed(t); other != t.Name {
			return []string{t.Name, other}
		}
	}
	return []string{t.Name}
}

// candidate is a path that a file may get, and what had it when it was looked at.
type candidate struct {
	download.Place
	old fs.FileInfo // the file that would be overwritten, or nil
}

// claim passes the candidates to t.Claim, and returns the one for which the file is received.
func (d *Dir) claim(t download.Target, candidates []candidate) (candidate, error) {
	told := make([]download.Place, len(candidates))
	for i, at := range candidates {
		told[i] = at.Place
	}
	got, err := t.Claim.Propose(told)
	for _, at := range candidates {
		if at.Path == got.Path {
			return at, err
		}
	}
	return candidate{}, err
}

func (d *Dir) policy(t download.Target) IfExists { return d.opts.IfExists.For(t) }

// replaceable reports whether the file at name, which info describes, is the one that t may replace (Target.Replaces). If
// the file cannot be read, it is not.
func (d *Dir) replaceable(ctx context.Context, name string, info fs.FileInfo, t download.Target) bool {
	want := t.Replaces
	if want == nil || name != t.Name || !info.Mode().IsRegular() || info.Size() != want.Size || t.Suspicion() != "" {
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

// PathKey implements download.Sink: file systems may treat paths as equal that differ in case or normalization.
func (d *Dir) PathKey(path string) string { return naming.Folded(filepath.ToSlash(path)) }

// isUnaltered reports whether the same file, or none, has the path of a candidate as when it was looked at.
func (d *Dir) isUnaltered(at candidate) bool {
	now, err := d.root.Lstat(at.Path)
	if at.old == nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return err == nil && IsSame(at.old, now)
}

// renamed returns the name that the Rename policy gives t.
func renamed(t download.Target) string {
	return filepath.FromSlash(naming.Renamed(filepath.ToSlash(t.Name), t.Key))
}

// occupant returns the kind and the description of the file that has name below d. For notAFile it describes the folder, or
// the file in place of one of the path's folders. A device or the like is an error with every policy, and so is a file that
// the run itself uses, unless the new file would be renamed.
func (d *Dir) occupant(ctx context.Context, name string, obj transfer.Object) (occupant, fs.FileInfo, error) {
	if d.root == nil {
		return vacant, nil, nil
	}
	info, err := d.root.Lstat(name)
	if used := d.checkInUse(name, errors.Is(err, fs.ErrNotExist)); used != nil {
		if d.opts.IfExists == Rename {
			return different, nil, nil
		}
		return vacant, nil, used
	}
	if err != nil {
		if above := d.fileAbove(name); above != nil {
			return notAFile, above, nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			return vacant, nil, nil
		}
		return vacant, nil, d.failure("look at", name, err)
	}
	behind := info
	if info.Mode()&fs.ModeSymlink != 0 {
		if behind, err = d.root.Stat(name); err != nil {
			return different, info, nil //nolint:nilerr // a link that leads nowhere, or out of the folder, still has the name
		}
	}
	if !behind.Mode().IsRegular() {
		if behind.IsDir() {
			return notAFile, behind, nil
		}
		return vacant, nil, d.inTheWay(name, behind)
	}
	same, err := d.identical(ctx, name, behind, obj)
	if err != nil {
		return vacant, nil, d.failure("compare", name, err)
	}
	if same {
		return identical, info, nil
	}
	return different, info, nil
}

// fileAbove describes the file, or the link that leads nowhere, in place of one of the folders of name; nil if there is none.
func (d *Dir) fileAbove(name string) fs.FileInfo {
	for folder := filepath.Dir(name); folder != "."; folder = filepath.Dir(folder) {
		info, err := d.root.Stat(folder)
		if errors.Is(err, fs.ErrNotExist) {
			info, err = d.root.Lstat(folder)
		}
		if err == nil {
			if info.IsDir() {
				return nil
			}
			return info
		}
	}
	return nil
}

// identical reports whether the file at name is obj: by size and digest or, if the ETag
// decides nothing, by size and time. If that cannot be known, it is false; the only error is
// that of ctx. The size of a file with a content coding is not known. If storage sends that of the coded bytes, they are what it has, and
// its ETag is theirs: then the time decides. Else a proxy codes the file on its way, and the ETag is that of the decoded bytes.
func (d *Dir) identical(ctx context.Context, name string, info fs.FileInfo, obj transfer.Object) (bool, error) {
	dated := isDated(info, obj)
	switch {
	case obj.Coding != "" && dated && obj.CodedSize >= 0:
		return info.Size() != obj.CodedSize, nil // that is the size of the coded bytes
	case obj.Coding != "":
		obj.Coding = ""
	case obj.Size < 0 || info.Size() != obj.Size:
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
		return false, nil //nolint:nilerr // whether the file is identical is not known
	case is == undecided:
		return dated, nil
	}
	return is == sameBytes, nil
}

// Existing reports whether a file has a name, and whether it has the size and the time of obj.
func (d *Dir) Existing(name string, obj transfer.Object) (exists, alike bool) {
	if d.root == nil {
		return false, false
	}
	info, err := d.root.Stat(filepath.FromSlash(name))
	exists = err == nil && info.Mode().IsRegular()
	return exists, exists && info.Size() == obj.Size && isDated(info, obj)
}

// isDated reports whether a file has the time of obj.
func isDated(info fs.FileInfo, obj transfer.Object) bool {
	return !obj.LastModified.IsZero() && info.ModTime().Sub(obj.LastModified).Abs() <= mtimeSlack
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

// present returns the *download.Present of a file that is obj.
func (d *Dir) present(name string, obj transfer.Object) *download.Present {
	present := &download.Present{Status: download.Unchanged, Path: name, Bytes: &obj.Size}
	if obj.Size < 0 {
		present.Bytes = nil
		if info, err := d.root.Stat(name); err == nil {
			size := info.Size()
			present.Bytes = &size
		}
	}
	return present
}

// unchanged returns the *download.Present of a file that is obj, or the error of reading it.
func (d *Dir) unchanged(ctx context.Context, name string, obj transfer.Object) error {
	present := d.present(name, obj)
	want := transfer.DigestOptions{MD5: d.opts.MD5, SHA256: d.opts.SHA256}
	tagged := obj
	tagged.Checksums = nil
	if want.MD5 && hasPlainDigest(tagged) { // the ETag is the MD5 that the file was compared by
		present.MD5, want.MD5 = strings.ToLower(strings.Trim(obj.ETag, `"`)), false
	}
	if want == (transfer.DigestOptions{}) {
		return present
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
		present.MD5 = digest.MD5()
	}
	present.Checksum = download.Checksum(digest)
	return present
}

// existsError returns the error of a name that another file has.
func (d *Dir) existsError(name string, t download.Target) error {
	return d.opts.IfExists.Exists(t, name, d.Show(name), d.opts.ExistsHint)
}

// inTheWay returns the error for a name that no file can have, because of what info describes.
func (d *Dir) inTheWay(name string, info fs.FileInfo) error {
	why := d.Show(name) + " is not a regular file"
	switch {
	case info.IsDir():
		why = d.Show(name) + " is a folder"
	case info.Mode().IsRegular():
		why = fmt.Sprintf("a folder of %s is a file: %s", d.Show(name), info.Name())
	case info.Mode()&fs.ModeSymlink != 0:
		why = fmt.Sprintf("a folder of %s is a link that leads nowhere: %s", d.Show(name), info.Name())
	}
	return &download.Error{
		Code:   download.CodeLocal,
		Path:   name,
		Err:    errors.New(why),
		Advice: d.opts.advice("move it away, or "+otherNames+", or another folder", "move it away"),
	}
}
