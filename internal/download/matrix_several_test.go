package download_test

import (
	"context"
	"fmt"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sandbox"
)

// The rows of files that come by several connections. How much of what those have on their way is
// lost depends on moments, so what a row fetches is held to a bound.

// severalConnections is how many connections the rows below allow, as the program does.
const severalConnections = 8

// What the rows find in the folder.
const (
	theVideo     = "came-in-parts.mp4"
	aVideoInPart = "came-in-parts.mp4.….part"
)

var (
	inParts   = outcome{status: "downloaded", verified: "multipart", folder: theVideo, connections: upToEight}
	inSize    = outcome{status: "downloaded", verified: "size", folder: theVideo, connections: upToEight}
	alone     = outcome{status: "downloaded", verified: "size", folder: theVideo, connections: "one"}
	unchecked = outcome{status: "downloaded", verified: "none", folder: theVideo, connections: "one"}
	notAtAll  = outcome{status: "failed: storage", folder: nothing, next: "downloaded", connections: "none"}
	notToEnd  = outcome{status: "failed: storage", folder: aVideoInPart, next: "downloaded", connections: upToEight}
)

// The bounds, by the size of the file. Where a connection fails or is overtaken, what is lost was on
// its way; where the file is another one or the run ends, all that was fetched ahead is lost.
const (
	hardlyMore = 1.1 // nothing fails, and no connection is slower than the others
	once       = 1.5
	twice      = 2.0
)

// severalRows are slow, a connection: else the file would be there before a second
// one is of any use.
var severalRows = several([]row{
	{what: "nothing but that each connection is slow", faults: "slow=4M", most: once, want: inParts},
	{what: "the first connection closes once", faults: "slow=4M cut=512K,times=1", most: once, want: inParts},
	{what: "four other connections close", faults: "slow=4M cut=512K,after=6,times=4", most: once, want: inParts},
	{what: "every connection closes after 512 KiB", faults: "slow=4M cut=512K", most: once, want: inParts},
	{what: "four connections are reset", faults: "slow=4M reset=512K,after=6,times=4", most: once, want: inParts},
	{what: "every connection is reset after 512 KiB", faults: "slow=4M reset=512K", most: once, want: inParts},
	{what: "two connections fall silent", faults: "slow=4M stall=512K,after=1,times=2", idle: shortIdle, most: once, want: inParts},
	{what: "the first connection falls silent", faults: "slow=4M stall=128K,times=1", most: once, want: inParts},
	{what: "a firewall drops every connection but the first", faults: "slow=8M storage-stall,after=1", most: once, want: onOne(inParts)},
	{what: "the connections share a line, which slows down", faults: "shared-line=16M", most: hardlyMore, want: inParts},
	{what: "the answer ends one byte before its Content-Length, four times", faults: "slow=4M short,after=6,times=4", most: once, want: inParts},
	{what: "a complete answer lacks the last byte, three times", faults: "slow=4M truncated,after=6,times=3", most: twice, want: inParts},
	{what: "a bit of a part is wrong: only `verified` shows that it was not checked", faults: "slow=4M flip=15000000", content: damaged, most: once, want: inSize},

	{what: "ranges are ignored", faults: "slow=8M no-ranges", most: once, want: onOne(inParts)},
	{what: "ranges are ignored, and the connection closes once", faults: "slow=8M no-ranges cut=2M,times=1", most: twice, want: onOne(inParts)},
	{what: "other ranges come than were asked for", faults: "slow=8M wrong-range", most: once, want: onOne(inParts)},
	{what: "other ranges come, and the connection closes once", faults: "slow=8M wrong-range cut=2M,times=1", most: twice, want: onOne(inParts)},
	{what: "If-Match is always refused (nginx with etag off)", faults: "slow=4M if-match-412 cut=512K,times=1", most: once, want: inParts},
	{what: "conditions are ignored", faults: "slow=4M no-conditions cut=512K,times=1", most: once, want: inParts},
	{what: "the file is replaced in the middle", faults: "slow=4M swap=512K", content: replaced, most: twice, want: inParts},
	{what: "the file is replaced in the middle, and conditions are ignored", faults: "slow=4M swap=512K no-conditions", content: replaced, most: twice, want: inParts},
	{what: "the file is replaced when some parts are here", faults: "slow=4M changed=6 cut=2M", content: replaced, most: twice, want: inParts},
	{what: "the same, and conditions are ignored", faults: "slow=4M changed=6 cut=2M no-conditions", content: replaced, most: twice, want: inParts},
	{what: "the ETag is not a digest (SSE-KMS), and a connection closes once", faults: "slow=4M kms cut=512K,after=1,times=1", most: once, want: inSize},
	{what: "no length is sent", faults: "slow=8M no-length", most: once, want: unchecked},
	{what: "no ETag, and the connection closes once", faults: "slow=8M no-etag cut=2M,times=1", most: once, want: alone},
	{what: "a weak ETag, and the connection closes once", faults: "slow=8M weak-etag cut=2M,times=1", most: once, want: alone},

	{what: "500 for four parts", faults: "slow=4M storage-500,after=6,times=4", most: once, want: inParts},
	{what: "500 for every part", faults: "slow=8M storage-500,after=1", most: once, want: onOne(inParts)},
	{what: "500 from the seventh request on, and connections close", faults: "slow=4M cut=2M storage-500,after=6", most: once, want: notToEnd},
	{what: "503 for a part, to come back after a second", faults: "slow=4M storage-503=1,after=6,times=1", most: once, want: inParts},
	{what: "503 for every part", faults: "slow=8M storage-503,after=1", most: once, want: onOne(inParts)},
	{what: "storage sends one answer at a time, and 503 for more", faults: "slow=8M at-once=1", most: once, want: onOne(inParts)},
	{what: "storage sends two answers at a time, and 503 for more", faults: "slow=4M at-once=2", most: once, want: inParts},
	{what: "storage sends four answers at a time, and 503 for more", faults: "slow=4M at-once=4", most: once, want: inParts},
	{what: "429 for a part, to come back after a second", faults: "slow=4M storage-429=1,after=6,times=1", most: once, want: inParts},
	{what: "429 for every part", faults: "slow=8M storage-429,after=1", most: once, want: onOne(inParts)},
	{what: "403 for a part", faults: "slow=4M storage-403,after=2,times=1", most: once, want: inParts},
	{what: "403 for a second for every new part", faults: "slow=4M storage-403-for,after=6", most: once, want: inParts},
	{what: "403 from the seventh request on, and connections close", faults: "slow=4M cut=2M storage-403,after=6", most: once, want: notToEnd},
	{what: "every location has expired when it is given out", faults: "expired", most: once, want: notAtAll},
	{what: "storage says to a part that the location has expired", faults: "slow=4M storage-expired,after=2,times=1", most: once, want: inParts},
	{what: "the location expires in the middle", faults: "slow=4M expire-mid=512K,after=1,times=1", most: once, want: inParts},
	{what: "every location expires after 3 MiB of a connection", faults: "slow=4M expire-mid=3M", most: once, want: inParts},

	{what: "Ctrl-C in the middle", faults: "slow=4M", play: interruptedFarther, most: twice,
		want: outcome{status: "failed: interrupted", folder: aVideoInPart, next: "downloaded", connections: upToEight}},
	{what: "to standard output, four connections close", faults: "slow=4M cut=512K,after=6,times=4", play: toStdout, most: once, want: inParts.leaves(nothing)},
	{what: "to standard output, the file is replaced in the middle", faults: "slow=4M changed=6 cut=2M", play: toStdout, most: once,
		want: outcome{status: "failed: storage", folder: nothing, connections: upToEight}},
})

// several makes rows ones of a large file, which are expected to tell their bounds.
func several(rows []row) []row {
	for i := range rows {
		r := &rows[i]
		r.asset, r.connections = sandbox.PartsAsset, severalConnections
		r.want.fetched = r.bound()
		if r.want.next != "" {
			r.want = r.want.nextCosts(r.bound())
		}
	}
	return rows
}

// upToEight is what is expected where several connections may bring the file. Whether they do depends
// on moments: a busy machine, or an early fault, may hide that a second one is of use. So it is rows
// together that have to show it.
const upToEight = "up to 8"

func onOne(o outcome) outcome { o.connections = "one"; return o }

func (r row) bound() string { return fmt.Sprintf("≤ %.1f", r.most) }

// cost is how much was read of the file, by its size: the figure itself, or the row's bound
// where that holds.
func (r row) cost(g *rig) string {
	ratio, err := g.ratio()
	switch {
	case err != nil:
		return err.Error()
	case r.most > 0 && ratio <= r.most:
		return r.bound()
	}
	return fmt.Sprintf("%.1f", ratio)
}

// interruptedFarther ends the run when half of the file is there, while parts are on their way.
func interruptedFarther(ctx context.Context, g *rig) (download.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g.hooks.advanced = func(landed int64) {
		if landed >= g.object().Size/2 {
			cancel()
		}
	}
	return g.get(ctx)
}
