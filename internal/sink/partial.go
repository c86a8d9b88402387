package sink

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// filePartial is a file that a Dir is receiving. One goroutine uses it at a time.
type filePartial struct {
	dir    *Dir
	file   *os.File
	path   string // of the partial, below the folder
	name   string // the final path, below the folder
	target download.Target
	obj    transfer.Object
	held   int64
	size   int64 // held bytes and those written since
	// keep is set if a later run may continue it.
	keep bool
	// release lets other goroutines use path; nil when the partial has ended.
	release func()
}

// receive opens a partial for obj, which gets the path of a candidate.
func (d *Dir) receive(ctx context.Context, at candidate, t download.Target, obj transfer.Object) (*filePartial, error) {
	name := at.Path
	path := d.partialPath(partialName(t.Name, t.Identity, obj)) // also if its final name will be another
	release, busy := d.busy.try(path)
	if busy != nil {
		select {
		case <-busy:
			return nil, errLookAgain
		case <-ctx.Done():
			return nil, d.failure("wait for", name, ctx.Err())
		}
	}
	p := &filePartial{dir: d, path: path, name: name, target: t, obj: obj, keep: obj.Resumable(), release: release}
	if err := p.open(ctx, at); err != nil {
		_ = p.end()
		if errors.Is(err, errLookAgain) {
			return nil, err
		}
		return nil, d.failure("receive", name, err)
	}
	d.sweepAll(t)
	return p, nil
}

// open locks the partial and finds out how many bytes it holds.
func (p *filePartial) open(ctx context.Context, at candidate) error {
	f, info, err := p.dir.lockPartial(ctx, p.path)
	lockless := errors.Is(err, filelock.ErrUnsupported)
	if lockless {
		p.dir.lockless.Store(true)
	}
	if lockless || errors.Is(err, fs.ErrPermission) { // the partial may be another user's
		p.keep = false
		p.path = p.dir.partialPath(privateName(p.target.Name, p.target.Identity))
		f, err = p.dir.createPartial(p.path)
	}
	if err != nil {
		return err
	}
	p.file = f
	if info != nil && info.Size() > 0 {
		if err := p.start(info); err != nil {
			return err
		}
	}
	if err := p.dir.checkSpace(f, p.obj.Size-p.size); err != nil {
		if p.size == 0 {
			_ = p.remove()
		}
		return err
	}
	// The name was looked at before the lock was held. A process that had the lock
	// in between may have published the file.
	if p.dir.isUnaltered(at) {
		return nil
	}
	if p.size == 0 {
		_ = p.remove()
	}
	return errLookAgain
}

// start finds out how many bytes the partial holds, and empties one that must not be
// continued.
func (p *filePartial) start(info fs.FileInfo) error {
	if p.continues(info) {
		p.held = info.Size()
	} else if err := p.file.Truncate(0); err != nil {
		return err
	}
	p.size = p.held
	_, err := p.file.Seek(p.held, io.SeekStart)
	return err
}

// continues reports whether the bytes in a partial are a prefix of the object. After a
// power loss the end of the file may be zeros: so without a digest that would detect
// this, a partial from before the system was started is not continued.
func (p *filePartial) continues(info fs.FileInfo) bool {
	if !p.keep || p.dir.opts.NoResume || info.Size() > p.obj.Size {
		return false
	}
	if hasPlainDigest(p.obj) && !p.dir.opts.NoVerify {
		return true
	}
	booted, known := p.dir.booted()
	return known && info.ModTime().After(booted)
}

// Held returns the number of bytes that an earlier attempt left.
func (p *filePartial) Held() int64 { return p.held }

// Prefix returns a reader of the file from its beginning, while Write adds to its end.
// It is valid until the partial ends, and needs no open file of its own.
func (p *filePartial) Prefix() (io.ReadCloser, error) {
	if p.release == nil {
		return nil, p.fail("read", fs.ErrClosed)
	}
	return io.NopCloser(io.NewSectionReader(p.file, 0, math.MaxInt64)), nil
}

// Write adds b to the file.
func (p *filePartial) Write(b []byte) (int, error) {
	if p.release == nil {
		return 0, p.fail("write", fs.ErrClosed)
	}
	n, err := p.file.Write(b)
	p.size += int64(n)
	if err != nil {
		return n, p.fail("write", err)
	}
	return n, nil
}

// Keep leaves the bytes for the next run, if that could check which object they are of.
func (p *filePartial) Keep() error {
	if p.release == nil {
		return nil
	}
	defer func() { _ = p.end() }()
	if !p.keep || p.size == 0 {
		return p.remove()
	}
	// Some file systems report only now that the disk is full. Which of the bytes
	// are stored is unknown then, so the partial cannot be continued at its length.
	if err := flush(p.file); err != nil {
		_ = p.remove()
		return p.fail("write", err)
	}
	if _, ok := p.dir.owns(p.file, p.path); ok {
		p.dir.leftovers.add(p.path)
	}
	return nil
}

// Discard removes the bytes.
func (p *filePartial) Discard() error {
	if p.release == nil {
		return nil
	}
	defer func() { _ = p.end() }()
	return p.remove()
}

// remove removes the partial's name, if it still is this file's.
func (p *filePartial) remove() error {
	if _, ok := p.dir.owns(p.file, p.path); !ok {
		return nil
	}
	if err := p.dir.root.Remove(p.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return p.dir.opts.failure("remove", p.dir.Show(p.path), err) // the path of the partial, not the final one
	}
	return nil
}

// end closes the file, which unlocks it, and lets other goroutines use the path.
func (p *filePartial) end() error {
	if p.release == nil {
		return nil
	}
	var err error
	if p.file != nil {
		err = p.file.Close()
	}
	p.release()
	p.release = nil
	return err
}

func (p *filePartial) fail(doing string, err error) error {
	return p.dir.failure(doing, p.name, err)
}
