package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/bynder-cli/bynder/internal/download"
)

// Counts say what a journal is made of.
type Counts struct {
	// Files are told apart by portal, media id and selector.
	Files int
	// Superseded are the lines about files of which a later line speaks.
	Superseded int
	// Foreign are the lines that are no results.
	Foreign int
	// Bytes is the size of the journal.
	Bytes int64
}

// Group is a sum over the files of one status and, where that is failed, one cause.
type Group struct {
	Status download.Status
	Cause  download.Code
	Files  int
	Bytes  int64 // of those files whose size is known
}

// Summarise adds up the latest results that a journal has of each file, in the order in
// which a group's first file comes. It locks nothing and changes nothing.
func Summarise(ctx context.Context, file string) ([]Group, Counts, error) {
	t, err := newTurns(file)
	if err != nil {
		return nil, Counts{}, err
	}
	defer func() { _ = t.end() }()
	v := newView(t)
	defer func() { _ = v.close() }()
	var groups []Group
	at := map[string]int{}
	counts, err := v.eachLatest(ctx, t.path, func(_ []byte, r *record) error {
		g := Group{Status: download.Status(r.status.String())}
		if g.Status == download.Failed {
			g.Cause = download.Code(r.cause.String())
		}
		name := string(g.Status) + "\x00" + string(g.Cause)
		i, known := at[name]
		if !known {
			i = len(groups)
			at[name], groups = i, append(groups, g)
		}
		groups[i].Files++
		if g.Status != download.Failed {
			groups[i].Bytes += r.bytes
		}
		return nil
	})
	return groups, counts, err
}

// eachLatest hands on the latest line of each file, in the journal's order.
func (v *view) eachLatest(ctx context.Context, path string, f func(line []byte, r *record) error) (Counts, error) {
	if _, err := v.follow(ctx); err != nil {
		return Counts{}, err
	}
	if v.file == nil {
		return Counts{}, refused(fmt.Errorf("there is no journal %s", path), "name the file that --journal names")
	}
	if err := v.refuseOthers(path); err != nil {
		return Counts{}, err
	}
	counts := Counts{Foreign: v.foreign, Bytes: v.info.Size()}
	_, err := eachLine(ctx, v.file, 0, func(offset int64, line []byte) error {
		r, ok := parse(line)
		if !ok || offset >= v.end {
			return nil
		}
		if latest, _ := v.index.get(r.fingerprint(v.seed)); latest != offset {
			// Superseded, unless the later line has the fingerprint by chance.
			if later, ok := parse(v.line(latest)); ok && sameKey(&r, &later) {
				counts.Superseded++
				return nil
			}
		}
		counts.Files++
		return f(line, &r)
	})
	return counts, err
}

// Compact leaves one line a file in a journal, the latest: in a new file, with the old
// one's mode, that takes its place when it is whole. Lines that are no results go, too.
// It waits for its turn among the processes that write to the journal; they find the
// new one. The counts are of the journal before; after is the size of the new one.
func Compact(ctx context.Context, file string) (before Counts, after int64, err error) {
	t, err := newTurns(file)
	if err != nil {
		return Counts{}, 0, err
	}
	return compact(ctx, t)
}

func compact(ctx context.Context, t *turns) (before Counts, after int64, err error) {
	defer func() { err = errors.Join(err, t.end()) }()
	old, err := t.take(ctx, 0)
	if errors.Is(err, fs.ErrNotExist) {
		err = refused(fmt.Errorf("there is no journal %s", t.path), "name the file that --journal names")
	}
	if err != nil {
		return Counts{}, 0, err
	}
	defer old.Close()
	v := newView(t)
	defer func() { _ = v.close() }()
	after, before, err = v.replace(ctx, t, old)
	if err != nil {
		err = fmt.Errorf("compacting the journal: %w", err)
	}
	return before, after, err
}

// replace puts a file with the latest lines in the place of the old one.
func (v *view) replace(ctx context.Context, t *turns, old *os.File) (size int64, counts Counts, err error) {
	info, err := old.Stat()
	if err != nil {
		return 0, Counts{}, err
	}
	name := t.name + ".tmp" // one that is there was left by a process that was killed
	if err := t.folder.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, Counts{}, err
	}
	fresh, err := t.folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, Counts{}, err
	}
	counts, size, err = v.writeLatest(ctx, t.path, fresh)
	if err == nil {
		err = keepMode(fresh, info)
	}
	if err == nil {
		err = syncFile(fresh)
	}
	err = errors.Join(err, fresh.Close())
	if err == nil {
		err = t.folder.Rename(name, t.name)
	}
	if err != nil {
		return 0, counts, errors.Join(err, t.folder.Remove(name))
	}
	return size, counts, syncFolder(t.folder, ".")
}

// writeLatest writes the latest line of each file to f, and returns how many bytes.
func (v *view) writeLatest(ctx context.Context, path string, f *os.File) (counts Counts, size int64, err error) {
	w := bufio.NewWriterSize(f, chunk)
	counts, err = v.eachLatest(ctx, path, func(line []byte, _ *record) error {
		size += int64(len(line)) + 1
		_, _ = w.Write(line) // Flush has its error
		return w.WriteByte('\n')
	})
	return counts, size, errors.Join(err, w.Flush())
}
