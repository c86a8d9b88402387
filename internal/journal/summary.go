package journal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/bynder-cli/bynder/internal/download"
)

// Group is a sum over the files of one status and, if that is failed, one cause.
type Group struct {
	Status download.Status
	Cause  download.Code
	Files  int
	Bytes  int64 // of those files whose size is known
}

// Summarize adds up the latest result of each file in a journal, in the order of each
// group's first file. Intents do not count. otherLines is the number of lines
// that are not results. It reads without the journal's lock, and changes nothing.
func Summarize(ctx context.Context, from Source) (groups []Group, otherLines int, err error) {
	at := map[Group]int{}
	otherLines, err = eachLatest(ctx, from, func(_ []byte, r *record) error {
		g := Group{Status: download.Status(r.status)}
		if g.Status == download.Failed {
			g.Cause = download.Code(r.cause)
		}
		i, known := at[g]
		if !known {
			i = len(groups)
			at[g], groups = i, append(groups, g)
		}
		groups[i].Files++
		if g.Status != download.Failed {
			groups[i].Bytes += min(max(r.bytes, 0), math.MaxInt64-groups[i].Bytes) // other programs may have written any number
		}
		return nil
	})
	return groups, otherLines, err
}

// eachLatest calls each with the line of the latest result of each file that was not deleted.
func eachLatest(ctx context.Context, from Source, each func(line []byte, r *record) error) (otherLines int, err error) {
	l, v, err := openView(ctx, from)
	if err != nil {
		return 0, err
	}
	err = v.eachCurrent(ctx, func(offset int64, line []byte, r *record) error {
		if r == nil || r.is(intended) || r.is(download.Deleted) {
			return nil
		}
		if bytes, kept := v.bytes[v.print(r.file())]; kept && bytes == offset {
			return nil // a later one follows
		}
		return each(line, r)
	})
	return v.others, errors.Join(err, l.close(v.file))
}

// Source is a journal that is only read.
type Source struct {
	// Name is its file or, with Segments, its name in messages.
	Name string
	// Segments, if set, store it in place of a file.
	Segments Segments
}

// openView reads a journal that must exist, without its lock. The location's close closes the view's file.
// A file that is not a journal cannot be replaced with a new one here, so the hint is always to name the right file.
func openView(ctx context.Context, from Source) (l location, v *view, err error) {
	hint := "pass the file you gave to --journal"
	if from.Segments != nil {
		hint = "pass the URL you gave to --journal"
	}
	defer func() {
		if wrong, ok := errors.AsType[*download.Error](err); ok && wrong.Code == download.CodeUsage {
			wrong.Advice = hint
		}
	}()
	var f *os.File
	if from.Segments != nil {
		l = location{path: from.Name, segments: from.Segments}
		f, err = l.download(ctx)
	} else if l, err = locate(from.Name, false); err == nil {
		f, err = l.read()
	}
	v = newView(f)
	if err == nil {
		err = v.load(ctx)
	}
	switch {
	case err != nil:
	case f == nil:
		err = refused(fmt.Errorf("journal file %q not found", from.Name), hint)
	case v.end == 0 && l.segments != nil:
		err = refused(fmt.Errorf("journal %s not found", from.Name), hint)
	default:
		err = v.refuseOthers(from.Name)
	}
	if err != nil {
		return l, nil, errors.Join(err, l.close(f))
	}
	return l, v, nil
}
