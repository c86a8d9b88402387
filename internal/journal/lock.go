package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/retry"
)

var (
	// errPatience: another process has had the lock for all of lockPatience.
	errPatience = errors.New("another process does not let go of it")
)

// lockPatience is how long a process waits for its turn. Others hold the lock while they
// write a few lines and sync them; longer only to compact a journal.
const lockPatience = time.Minute

// turns gives the processes of one journal their turns, one at a time.
type turns struct {
	folder *os.Root
	name   string // of the journal in its folder
	path   string // as messages have it
	try    func(*os.File) error
	// alone is the name of the file that, where there are no locks, keeps all others
	// from the journal until end; "" where there are.
	alone string
}

// newTurns finds the journal. It need not be there, but its folder.
func newTurns(file string) (*turns, error) {
	at := file
	if real, err := filepath.EvalSymlinks(file); err == nil {
		at = real // so that compacting replaces the file, not a link to it
	}
	folder, name := filepath.Split(at)
	if folder == "" {
		folder = "."
	}
	if info, err := os.Stat(at); name == "" || err == nil && !info.Mode().IsRegular() {
		return nil, refused(fmt.Errorf("the journal %q is no regular file", file), "name another file; one that is missing is made")
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, refused(fmt.Errorf("opening the journal: %w", err), "name a file in a folder that is there")
	}
	return &turns{folder: root, name: name, path: file, try: filelock.Try}, nil
}

// refused is an error of what the user asked for.
func refused(err error, advice string) error {
	return &download.Error{Code: download.CodeUsage, Err: err, Advice: advice}
}

// end lets others at the journal.
func (t *turns) end() error {
	var err error
	if t.alone != "" {
		err = t.folder.Remove(t.alone)
	}
	return errors.Join(err, t.folder.Close())
}

// take waits for this process's turn, which ends when the file is closed. The file is
// open for reading and writing; with os.O_CREATE it is made if missing.
func (t *turns) take(ctx context.Context, create int) (*os.File, error) {
	patient, cancel := context.WithTimeoutCause(ctx, lockPatience, errPatience)
	defer cancel()
	for {
		if patient.Err() != nil {
			return nil, context.Cause(patient)
		}
		f, err := t.folder.OpenFile(t.name, os.O_RDWR|atItsEnd|create, 0o666)
		if err != nil {
			return nil, fmt.Errorf("opening the journal: %w", err)
		}
		info, err := f.Stat()
		if err == nil {
			err = t.wait(patient, f)
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		// Meanwhile another process may have put a new file in its place.
		now, err := t.folder.Stat(t.name)
		if err == nil && os.SameFile(info, now) {
			return f, nil
		}
		f.Close()
		if err != nil && (!errors.Is(err, fs.ErrNotExist) || create == 0) {
			return nil, fmt.Errorf("opening the journal: %w", err)
		}
	}
}

// wait locks f.
func (t *turns) wait(ctx context.Context, f *os.File) error {
	if t.alone != "" {
		return ctx.Err()
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		err := t.try(f)
		switch {
		case errors.Is(err, filelock.ErrUnsupported):
			return t.claim()
		case !errors.Is(err, filelock.ErrHeld):
			return err
		}
		if retry.Sleep(ctx, pause) != nil {
			if cause := context.Cause(ctx); !errors.Is(cause, errPatience) {
				return cause
			}
			return &download.Error{
				Code:   download.CodeLocal,
				Err:    fmt.Errorf("waiting for the journal %s: %w", t.path, errPatience),
				Advice: "see whether a stopped bynder process has it open",
			}
		}
	}
}

// claim takes the journal for this process alone.
func (t *turns) claim() error {
	name := t.name + ".lock"
	f, err := t.folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return refused(
			fmt.Errorf("the journal %s may be in use, and its file system has no locks to find out", t.path),
			"where there are no locks a journal is for one process at a time; if no other has it, remove "+t.path+".lock",
		)
	}
	if err != nil {
		return fmt.Errorf("taking the journal for this process alone: %w", err)
	}
	t.alone = name
	host, _ := os.Hostname()
	_, err = fmt.Fprintf(f, "bynder, process %d on %s\n", os.Getpid(), host)
	return errors.Join(err, f.Close())
}
