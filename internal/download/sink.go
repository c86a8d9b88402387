package download

import (
	"context"
	"io"

	"github.com/bynder-cli/bynder/internal/transfer"
)

// Target is a file for a Sink: its identity and its path.
type Target struct {
	// Name is a slash-separated path below the sink's root, already safe.
	Name string
	// Identity identifies the file, whatever its name.
	Identity FileID
	// ItemID is the media item that the file belongs to; "" if it belongs to the asset itself.
	ItemID string
	// Listed says that the line of input has the path, so that no name template decides it.
	Listed bool
	// Suspect, if set, returns why the file is probably not the requested one, as far as is known
	// when it is called; "" if there is no reason. A suspect file replaces no other file.
	Suspect func() string
	// Key is what --if-exists rename adds to the stem.
	Key string
	// Replaces, if set, is the only file with Name that may be replaced, whatever the sink's options say about
	// existing files. Any other file keeps the name, and this file fails with CodeExists.
	Replaces *Replaceable
	// Claim is the file's claim to a path; nil for a file without other files in its run.
	Claim *Claim
	// Intend, if set, is called each time before the file gets a name, with the path as in
	// Result.Path. Its error ends Publish, and the file does not get the name.
	Intend func(path string) error
}

// Suspicion returns why the file is probably not the requested one, "" if there is no reason.
func (t Target) Suspicion() string {
	if t.Suspect == nil {
		return ""
	}
	return t.Suspect()
}

// Sink writes the bytes of files. Every implementation passes the conformance suite in
// internal/sink/sinktest.
type Sink interface {
	// Begin prepares to receive obj at t. First it calls t.Claim.Propose with the places that the file can have, and
	// what it found there. Then it waits, until ctx ends, for another process that is receiving the same file. If
	// the file is in place already, or is skipped, the error is a *Present; other errors are *Error values with a
	// code and a hint, or that of t.Claim.Propose.
	Begin(ctx context.Context, t Target, obj transfer.Object) (Partial, error)
	// Preview finds out what Begin would do, and changes nothing. If Begin would receive obj, it returns the place
	// to expect; else the error is that of Begin.
	Preview(ctx context.Context, t Target, obj transfer.Object) (Place, error)
	// CanRestart reports whether written bytes can be discarded, so that a file that
	// changed during its transfer can be started over. For standard output and devices
	// they cannot.
	CanRestart() bool
	// PathKey returns equal strings for paths, as in Result.Path, that may lead to the same file.
	PathKey(path string) string
	// Show returns a path, as in Result.Path, as the user sees it.
	Show(path string) string
}

// Partial is a file that a Sink is receiving. Bytes are written to it in order, from Held
// to the end; then exactly one of Publish, Keep and Discard ends it.
type Partial interface {
	io.Writer
	// Held returns the number of bytes of this object that the partial already has.
	Held() int64
	// Prefix returns a reader of the file from its first byte, including what Write has
	// added since, for a digest of the whole; nil if Resume has set the digest. It is valid until the partial ends.
	Prefix() (io.ReadCloser, error)
	// Publish gives the whole file the path that its Claim got, or its own without a Claim, and returns it, as
	// in Result.Path.
	Publish(ctx context.Context) (string, error)
	// Keep ends the attempt and leaves the bytes for the next run to continue.
	Keep() error
	// Discard ends the attempt and removes the bytes.
	Discard() error
}

// Resumer is a Partial that can go on from bytes that cannot be read again.
type Resumer interface {
	// Resume is called before Held and Write, with the digest that the bytes will be written to. If an earlier run has left a
	// part of this object, Held is its size from then on, and the digest goes on from there (transfer.Digest.Follow).
	Resume(ctx context.Context, d *transfer.Digest) error
}

// Tagged is a Partial that becomes an object with an ETag.
type Tagged interface {
	// ETag returns the object's ETag, without quotes, after Publish.
	ETag() string
}

// Present is the error of Begin if nothing needs to be transferred.
type Present struct {
	Status   Status // Unchanged or Skipped
	Path     string // as in Result.Path
	Bytes    *int64 // the file's size; nil if it is another file
	MD5      string // in hexadecimal digits, if the sink computes it and the file is this one
	ETag     string // of an object that is this one, without quotes
	Checksum string // sha256:<hex>, if the sink computes it and the file is this one
}

func (p *Present) Error() string { return string(p.Status) + ": " + p.Path }

// Error is a failure with its code and a hint.
type Error struct {
	Code Code
	Err  error
	// Path is the path that the file would have had, as in Result.Path; "" if not known.
	Path string
	// Advice is what the user can do; may be "".
	Advice string
	// Retryable is set if the same command may succeed later.
	Retryable bool
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint returns what the user can do about the error.
func (e *Error) Hint() string { return e.Advice }
