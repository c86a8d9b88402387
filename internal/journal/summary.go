package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/bynder-cli/bynder/internal/download"
)

// Group is a sum over the files of one status and, if that is failed, one cause.
type Group struct {
	Status download.Status
	Cause  download.Code
	Files  int
	Bytes  int64 // of those files whose size is known
}

// Summarise adds up the latest results that a journal has of each file, in the order in
// which a group's first file comes. Intents do not count. otherLines is the number of lines
// that are not results. It reads without the journal's lock, and changes nothing.
func Summarise(ctx context.Context, file string) (groups []Group, otherLines int, err error) {
	l, err := locate(file)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, l.folder.Close()) }()
	f, err := l.read()
	if err != nil {
		return nil, 0, err
	}
	if f == nil {
		return nil, 0, refused(fmt.Errorf("journal file %q not found", file), "pass the file you gave to --journal")
	}
	defer f.Close()
	v := newView(f)
	if err := v.load(ctx); err != nil {
		return nil, 0, err
	}
	if err := v.refuseOthers(file); err != nil {
		return nil, 0, err
	}
	at := map[Group]int{}
	err = v.eachCurrent(ctx, func(_ []byte, r *record) error {
		if r == nil || r.is(intended) {
			return nil
		}
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
			groups[i].Bytes += r.bytes
		}
		return nil
	})
	return groups, v.foreign, err
}
