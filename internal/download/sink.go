package download

import (
	"context"
	"io"

	"github.com/bynder-cli/bynder/internal/transfer"
)

// Target is where one file is to be put.
type Target struct {
	// Name is a slash-separated path below the sink's root, already safe.
	Name string
	// Identity says which file it is, whatever it is called.
	Identity FileID
	// ItemID is the media item that the file belongs to; "" if it belongs to the asset itself.
	ItemID string
	// Suspect, where set, says why the file is probably not the one that was asked for, as far as is
	// known when it is called; "" if nothing speaks against it. A suspect file replaces no other one.
	Suspect func() string
	// Key is what --if-exists rename puts behind the stem.
	Key string
	// Replaces, if set, is the only file that may have Name already and be replaced there, whatever the sink is told
	// about existing files. Any other one keeps the name, and the file fails as exists.
	Replaces *Replaceable
	// Claim is the file's part in the paths of its run; nil for a file that is alone.
	Claim *Claim
	// Intend, if set, is called each time before the file gets a name, with the path as
	// Result.Path has it. Its error ends Publish, and the file does not get the name.
	Intend func(path string) error
}

// Sink is where the bytes of files land. Every implementation passes the
// conformance suite in internal/sink.
type Sink interface {
	// Begin makes ready to receive obj at t. Before it waits for anything it tells t.Claim where the file can
	// go, what it found there included. Then it waits, bounded by ctx, for another process that is receiving the same
	// file. Where the file is there already, or is to be skipped, the error is a *Present; other errors are *Error values
	// with a code and a hint, or that of t.Claim.Tell as it is.
	Begin(ctx context.Context, t Target, obj transfer.Object) (Partial, error)
	// Preview finds out what Begin would, and changes nothing. If it would receive obj, it returns the place
	// to expect; else the error is that of Begin.
	Preview(ctx context.Context, t Target, obj transfer.Object) (Place, error)
	// CanRestart tells whether bytes that were delivered can be taken back, so that
	// a file that changed in the middle can be started over. Standard output and
	// devices cannot.
	CanRestart() bool
	// PathKey returns equal strings for paths, as Result.Path has them, that may lead to one file.
	PathKey(path string) string
	// Show returns a path, as Result.Path has it, as the user sees it.
	Show(path string) string
}

// Partial is a file on its way. Bytes are written to it in order, from Held to
// the end; then exactly one of Publish, Keep and Discard ends it.
type Partial interface {
	io.Writer
	// Held is the number of bytes of exactly this object that are already there.
	Held() int64
	// Prefix reads the file from its first byte, what Write has added meanwhile
	// included, for a digest over the whole. It is good until the partial ends.
	Prefix() (io.ReadCloser, error)
	// Publish gives the whole file the path that its Claim got, or its own without one, and returns it, as
	// Result.Path has it.
	Publish(ctx context.Context) (string, error)
	// Keep ends the attempt and leaves the bytes for the next run to continue.
	Keep() error
	// Discard ends the attempt and removes the bytes.
	Discard() error
}

// Present is how Begin says that nothing needs to be transferred.
type Present struct {
	Status   Status // Unchanged or Skipped
	Path     string // as Result.Path has it
	Bytes    *int64 // the file's size; nil where it is another file
	MD5      string // in hexadecimal digits, if the sink was asked for it and the file is this one
	Checksum string // sha256:<hex>, where the sink was asked for it and the file is this one
}

func (p *Present) Error() string { return string(p.Status) + ": " + p.Path }

// Error is a failure whose cause is known where it arises.
type Error struct {
	Code Code
	Err  error
	// Path is where the file would have gone, as Result.Path has it; "" if it is not known here.
	Path string
	// Advice says what the user can do; "" when there is nothing to say.
	Advice string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint says what the user can do about it.
func (e *Error) Hint() string { return e.Advice }
