package download_test

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"os"

	"github.com/bynder-cli/bynder/internal/download"
)

var still = outcome{status: "unchanged", fetched: "0.0", folder: theFile}

// syncedRows request a file with the ETag that is on record (If-None-Match).
var syncedRows = []row{
	{what: "the list says that the file has changed, and it has not", play: synced(nil), want: still},
	{what: "the same, and someone has removed the file", play: synced(removeInTheWay), want: whole},
	{what: "the same, and someone has edited the file", play: synced(edited), mend: removeInTheWay, want: refused.failed("exists").leaves(theFile)},
	{what: "the same, and conditions are ignored", faults: "no-conditions", play: synced(nil), want: still.costs("1.0")},
	{what: "the same, and 304 has another ETag", faults: "not-modified=other", play: synced(nil), want: still.costs("1.0")},
	{what: "the same, and 304 has a weak ETag", faults: "not-modified=weak", play: synced(nil), want: still.costs("1.0")},
	{what: "the same, and 304 has no ETag", faults: "not-modified=bare", play: synced(nil), want: still.costs("1.0")},
	{what: "the same, and If-None-Match is answered 412", faults: "not-modified=refused", play: synced(nil), want: still.costs("1.0")},
	{what: "the list says that the file has changed, and it has", faults: "changed=2", play: synced(nil), content: replaced, want: whole},
	{what: "304, and there was no condition", faults: "not-modified=always", want: refused.failed("storage")},
}

// synced gets the file a second time as sync does if the list says that it has changed. edit is done in between.
func synced(edit func(*rig) error) func(context.Context, *rig) (download.Result, error) {
	return func(ctx context.Context, g *rig) (download.Result, error) {
		r, err := g.get(ctx)
		if err != nil || r.Status != download.Downloaded {
			return r, errors.Join(err, errors.New("the first run did not get the file"))
		}
		content, err := os.ReadFile(g.final())
		if err != nil {
			return r, err
		}
		r.MD5 = fmt.Sprintf("%x", md5.Sum(content))
		g.synced = &download.Replaceable{Size: *r.Bytes, MD5: r.MD5, ETag: r.DigestETag()}
		if err := g.fetched.file.Truncate(0); err != nil {
			return r, err
		}
		if edit != nil {
			if err := edit(g); err != nil {
				return r, err
			}
		}
		return g.get(ctx)
	}
}

// edited changes a byte of the file in place.
func edited(g *rig) error {
	f, err := os.OpenFile(g.final(), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("edited"), 1000)
	return errors.Join(err, f.Close())
}
