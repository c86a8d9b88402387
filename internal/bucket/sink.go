package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// SinkOptions are the choices a user has about files in a bucket.
type SinkOptions struct {
	// IfExists is what happens if a different object has the key.
	IfExists sink.IfExists
	// ExistsHint is the hint for a path that another object has, in place of the one about --if-exists and names.
	ExistsHint string
	// LengthHint is the hint for a key that is too long, in place of the one about names.
	LengthHint string
	// MD5 and SHA256 select the digests of existing objects in the result: the SHA-256, for which the object is read,
	// and the MD5, if the object's ETag is it or the object is read.
	MD5, SHA256 bool
	// Memory is what all files together take of memory, in bytes. Its size is at least MinMemory.
	Memory *semaphore.Weighted
}

// Sink writes files to a bucket. It is safe for concurrent use.
type Sink struct {
	client *Client
	opts   SinkOptions
	part   int64 // smallestPart; less in tests
	// uploads records unfinished uploads, if set; resume is set if those of earlier runs are continued.
	uploads Uploads
	resume  bool

	mu   sync.Mutex
	kept map[string][]byte // the beginnings of files, by the identity of their partials
	size int               // of kept, in bytes
}

var _ download.Sink = (*Sink)(nil)

// NewSink returns the Sink of a bucket.
func NewSink(c *Client, opts SinkOptions) *Sink {
	return &Sink{client: c, opts: opts, part: smallestPart, kept: map[string][]byte{}}
}

// Close releases the connections. Partials must have ended.
func (s *Sink) Close() error {
	s.client.Close()
	return nil
}

// CanRestart returns true: bytes that are not an object yet can be discarded.
func (s *Sink) CanRestart() bool { return true }

// PathKey implements download.Sink. Files in a bucket get the same names as in a folder, where names that differ only in
// case may be equal.
func (s *Sink) PathKey(path string) string { return naming.Folded(path) }

// Show returns the URL of an object.
func (s *Sink) Show(path string) string { return s.client.at.Below(path) }

// Preview implements download.Sink.
func (s *Sink) Preview(ctx context.Context, t download.Target, obj transfer.Object) (download.Place, error) {
	at, err := s.find(ctx, t, obj)
	if err == nil && at.Same {
		err = present(at)
	}
	return at.Place, err
}

// Begin prepares to receive obj at t. If an identical object is in place, or the file is skipped, the error is a
// *download.Present. It waits for the memory that the file needs.
func (s *Sink) Begin(ctx context.Context, t download.Target, obj transfer.Object) (download.Partial, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.failed(t.Name, s.client.failure("write", s.client.at.Prefix+t.Name, err))
	}
	at, err := s.find(ctx, t, obj)
	if err == nil && at.Same {
		err = s.unchanged(ctx, at, obj)
	}
	if err != nil {
		if _, present := errors.AsType[*download.Present](err); present && s.uploads != nil {
			if known, found := s.uploads.Upload(t.Identity); found {
				s.remove(ctx, known)
			}
		}
		return nil, err
	}
	return s.receive(ctx, t, obj, at)
}

// candidate is a path that a file may get, and the object that had its key when it was looked at.
type candidate struct {
	download.Place
	object Object // with an empty key if there was none
}

// find returns the candidate for which t's file is received. An existing object may be an earlier file of the run, which
// download.Claim decides.
func (s *Sink) find(ctx context.Context, t download.Target, obj transfer.Object) (candidate, error) {
	var all []candidate
	var places []download.Place
	for _, name := range s.names(t) {
		at, err := s.look(ctx, name, t, obj)
		if err != nil {
			return candidate{}, s.failed(name, err)
		}
		all, places = append(all, at), append(places, at.Place)
	}
	got, err := t.Claim.Propose(places)
	for _, at := range all {
		if at.Path != got.Path {
			continue
		}
		if err == nil && at.Kept {
			err = &download.Present{Status: download.Skipped, Path: at.Path}
		}
		return at, err
	}
	return candidate{}, err
}

// names returns the paths that the policy allows for t's file, in order of preference.
func (s *Sink) names(t download.Target) []string {
	if other := naming.Renamed(t.Name, t.Key); s.opts.IfExists.For(t) == sink.Rename && other != t.Name {
		return []string{t.Name, other}
	}
	return []string{t.Name}
}

// look returns a path with what it means that an object has its key.
func (s *Sink) look(ctx context.Context, name string, t download.Target, obj transfer.Object) (candidate, error) {
	at := candidate{Place: download.Place{Path: name}}
	key, err := s.key(name)
	if err != nil {
		return at, err
	}
	at.object, err = s.client.Head(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return candidate{Place: at.Place}, nil
	}
	if err != nil {
		return at, err
	}
	switch policy := s.opts.IfExists.For(t); {
	case isSame(at.object, t, obj):
		at.Same = true
	case policy == sink.Overwrite, replaceable(at.object, name, t):
		at.Replaces = &at.object.Size
	case policy == sink.Skip:
		at.Kept = true
	default:
		at.Blocked = s.exists(name, t)
	}
	return at, nil
}

// key returns the key of the object at a path.
func (s *Sink) key(name string) (string, error) {
	if name == "" || name == "." || path.Clean(name) != name || name[0] == '/' || strings.HasPrefix(name, "../") {
		return "", &download.Error{Code: download.CodeLocal, Err: fmt.Errorf("%q is not a path below a prefix", name)}
	}
	key, err := s.client.at.Key(name)
	if err != nil {
		return "", &download.Error{
			Code: download.CodeLocal, Err: fmt.Errorf("%w: %s", err, s.Show(name)),
			Advice: cmp.Or(s.opts.LengthHint, "choose shorter names with --name, such as '{id}.{ext}', or in the list"),
		}
	}
	return key, nil
}

// replaceable reports whether an object is the one that t may replace (Target.Replaces): by its ETag or, if that was not recorded,
// its MD5.
func replaceable(o Object, name string, t download.Target) bool {
	want := t.Replaces
	if want == nil || name != t.Name || o.Size != want.Size || t.Suspicion() != "" {
		return false
	}
	if want.ObjectETag != "" {
		return o.ETag == want.ObjectETag
	}
	return o.MD5() == want.MD5 && want.MD5 != ""
}

// exists returns the error of a path that another object has.
func (s *Sink) exists(name string, t download.Target) error {
	return s.opts.IfExists.Exists(t, name, s.Show(name), s.opts.ExistsHint)
}

// failed returns the error of the file at a path.
func (s *Sink) failed(path string, err error) error {
	if known, ok := errors.AsType[*download.Error](err); ok && known.Path == "" {
		known.Path = path
	}
	return err
}

// present returns the *download.Present of an object that is the file.
func present(at candidate) *download.Present {
	return &download.Present{Status: download.Unchanged, Path: at.Path, Bytes: &at.object.Size, MD5: at.object.MD5(), ETag: recordable(at.object.ETag)}
}

// unchanged returns the *download.Present of an object that is obj, with its digests, or the error of reading it.
func (s *Sink) unchanged(ctx context.Context, at candidate, obj transfer.Object) error {
	found := present(at)
	if !s.opts.MD5 {
		found.MD5 = ""
	}
	if !s.opts.SHA256 {
		return found
	}
	digest := transfer.NewDigest(obj, transfer.DigestOptions{MD5: s.opts.MD5, SHA256: true})
	if err := s.client.Read(ctx, at.object, digest); err != nil {
		return s.failed(at.Path, err)
	}
	if s.opts.MD5 {
		found.MD5 = digest.MD5()
	}
	found.Checksum = download.Checksum(digest)
	return found
}

// maxKept is how much of files that have failed is kept in memory, in bytes, for another attempt of the same run.
const maxKept = 8 << 20

// keep keeps the beginning of a file.
func (s *Sink) keep(id string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size+len(content) > maxKept {
		s.kept, s.size = map[string][]byte{}, 0
	}
	if len(content) <= maxKept {
		s.size += len(content) - len(s.kept[id])
		s.kept[id] = append([]byte{}, content...)
	}
}

// take returns what was kept of a file, once.
func (s *Sink) take(id string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	content := s.kept[id]
	s.size -= len(content)
	delete(s.kept, id)
	return content
}

// recent is how old the look at a key may be when the object is written: a server that ignores conditions would replace
// an object that has appeared since.
const recent = 5 * time.Second
