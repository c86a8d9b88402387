package download_test

import (
	"context"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sink"
)

// inPlace is the outcome of a file that is in place already.
var inPlace = outcome{status: "unchanged", fetched: "0.0", folder: theFile}

// In these rows, faults are at the URL of the public original alone, and the location works.
var directRows = []row{
	{what: "nothing at all", play: direct, want: whole},
	{what: "404", faults: "original=gone", play: direct, want: whole},
	{what: "nothing listens", faults: "original=closed", play: direct, want: whole},
	{what: "a login page with a name of its own", faults: "original=page", play: direct, want: whole},
	{what: "a login page without a name", faults: "original=nameless", play: direct, want: whole},
	{what: "a login page with a name of its own, and no length is sent", faults: "page=html,on=direct disposition=login.html,on=direct no-length,on=direct", play: direct, want: whole},
	{what: "the same, and the portal does not send the size", faults: "page=html,on=direct disposition=login.html,on=direct no-length,on=direct", play: directUnsized, want: whole},
	{what: "a page as an image with another name, and no length is sent", faults: "page=untyped,on=direct disposition=other.jpg,on=direct no-length,on=direct", play: direct, want: whole},
	{what: "the first 1,000 bytes, with another name", faults: "stub=1000,on=direct disposition=other.jpg,on=direct", play: direct, want: whole},
	{what: "the file with another name, and a bit is wrong", faults: "flip=100000,on=direct disposition=other.jpg,on=direct", play: direct, want: whole.costs("2.0")},
	{what: "the ETag is another file's MD5", faults: "wrong-etag,on=direct", play: direct, want: whole.costs("2.0")},
	{what: "the connection closes once", faults: "cut=64K,times=1,on=direct", play: direct, want: whole},
	{what: "the connection closes, and then 404", faults: "cut=64K,on=direct storage-404,after=1,on=direct", play: direct, want: whole},
	{what: "the connection closes, and then 503, to come back in ten minutes", faults: "cut=64K,on=direct storage-503=600,after=1,on=direct", play: direct, want: whole},
	{what: "503, to come back in ten minutes", faults: "storage-503=600,on=direct", play: direct, want: whole},
	{what: "429, to come back in ten minutes", faults: "storage-429=600,on=direct", play: direct, want: whole},
	{what: "403, to come back in ten minutes", faults: "storage-403=600,on=direct", play: direct, want: whole},
	{what: "another file of that name is in place", play: directly(policy(sink.Fail)), mend: removeInTheWay, want: refused.failed("exists").leaves(theFile)},
	{what: "the file is in place, and the ETag is another file's MD5", play: directly(again("wrong-etag,on=direct")), want: inPlace},
	{what: "the file is in place, and a smaller one comes", play: directly(again("stub=150000,on=direct")), want: inPlace},
	{what: "the same, --if-exists skip", play: directly(withPolicy(sink.Skip, again("stub=150000,on=direct"))), want: inPlace},
	{what: "the same, --if-exists overwrite", play: directly(withPolicy(sink.Overwrite, again("stub=150000,on=direct"))), want: inPlace},
	{what: "the same, --if-exists rename", play: directly(withPolicy(sink.Rename, again("stub=150000,on=direct"))), want: inPlace},
	{what: "a file of the same size, --if-exists overwrite", play: directly(withPolicy(sink.Overwrite, again("changed=1,on=direct"))), want: inPlace},
}

// direct gets the file with --direct.
func direct(ctx context.Context, g *rig) (download.Result, error) {
	g.direct = true
	return g.get(ctx)
}

// directUnsized does that if the metadata do not have the size of the file.
func directUnsized(ctx context.Context, g *rig) (download.Result, error) {
	g.told = -1
	return direct(ctx, g)
}

// directly plays with --direct.
func directly(play func(context.Context, *rig) (download.Result, error)) func(context.Context, *rig) (download.Result, error) {
	return func(ctx context.Context, g *rig) (download.Result, error) {
		g.direct = true
		return play(ctx, g)
	}
}

// withPolicy plays with --if-exists.
func withPolicy(p sink.IfExists, play func(context.Context, *rig) (download.Result, error)) func(context.Context, *rig) (download.Result, error) {
	return func(ctx context.Context, g *rig) (download.Result, error) {
		g.sink.IfExists = p
		return play(ctx, g)
	}
}
