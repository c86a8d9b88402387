package download_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sandbox"
	"github.com/bynder-cli/bynder/internal/sink"
)

// The names that rows expect in the folder.
const (
	theFile  = "Twitter.jpg"
	aPartial = "Twitter.jpg.….part"
	nothing  = "nothing"
)

// shortIdle is how long a connection may be silent in rows about that: for longer than a busy machine
// leaves a test alone, as each row has four tries only.
const shortIdle = 3 * time.Second

// Outcomes that many rows share.
var (
	whole   = outcome{status: "downloaded", verified: "md5", fetched: "1.0", folder: theFile}
	sized   = outcome{status: "downloaded", verified: "size", fetched: "1.0", folder: theFile}
	refused = outcome{fetched: "0.0", folder: nothing, next: "downloaded, 1.0 in all"}
)

func (o outcome) failed(code string) outcome { o.status = "failed: " + code; return o }
func (o outcome) checked(by download.Verified) outcome {
	o.verified = by
	return o
}
func (o outcome) costs(ratio string) outcome  { o.fetched = ratio; return o }
func (o outcome) leaves(names string) outcome { o.folder = names; return o }
func (o outcome) nextCosts(ratio string) outcome {
	o.next = "downloaded, " + ratio + " in all"
	return o
}

// group is a part of the table.
type group struct {
	title string
	rows  []row
}

// rows are all rows, those of severalRows first, which take the longest.
var rows = func() []row {
	all := slices.Clone(severalRows)
	for _, g := range groups {
		all = append(all, g.rows...)
	}
	return all
}()

var groups = []group{
	{"The connection", connectionRows},
	{"The bytes", byteRows},
	{"Ranges and validators", rangeRows},
	{"Files that are coded (Content-Encoding)", codedRows},
	{"Storage refuses, or sends elsewhere", refusalRows},
	{"The portal", portalRows},
	{"Locations, and how they are written", locationRows},
	{"Not the file", suspectRows},
	{"The URL of a public original (`--direct`)", directRows},
	{"A file that sync has written", syncedRows},
	{"This machine", machineRows},
	{"To standard output, which cannot be taken back", stdoutRows},
	{"Into a bucket (`--dir s3://…`)", bucketRows},
	{"Hostile names", nameRows},
}

// onDemand gets an image that the portal makes.
func onDemand(ctx context.Context, g *rig) (download.Result, error) {
	g.image = "fill,width:200,height:100&format=png"
	return g.get(ctx)
}

var connectionRows = []row{
	{what: "nothing at all", want: whole},
	{what: "the connection closes once", faults: "cut=64K,times=1", want: whole},
	{what: "every connection closes after 64 KiB", faults: "cut=64K", want: whole},
	{what: "the connection is reset once", faults: "reset=64K,times=1", want: whole},
	{what: "every connection is reset after 64 KiB", faults: "reset=64K", want: whole},
	{what: "every connection closes after a byte", faults: "cut=1", want: refused.failed("network").costs("0.0").leaves(aPartial)},
	{what: "the connection falls silent once", faults: "stall=64K,times=1", idle: shortIdle, want: whole},
	{what: "every connection falls silent after 64 KiB", faults: "stall=64K", idle: shortIdle, want: whole},
	{what: "the connection is slow", faults: "slow=512K", want: whole},
	{what: "every connection closes early, and none brings anything new", faults: "no-ranges cut=64K",
		want: refused.failed("network").costs("1.4").leaves(aPartial).nextCosts("2.1")},
	// A busy machine may be silent for a moment before the connection is: then less comes.
	{what: "every connection falls silent, and none brings anything new", faults: "no-ranges stall=64K", idle: shortIdle / 3, most: 2.1,
		want: refused.failed("timeout").costs("≤ 2.1").leaves(aPartial).nextCosts("≤ 2.1")},
}

var byteRows = []row{
	{what: "the answer ends one byte before its Content-Length, once", faults: "short,times=1", want: whole.costs("2.0")},
	{what: "the answer ends one byte before its Content-Length, always", faults: "short",
		want: refused.failed("network").costs("6.0").leaves(aPartial).nextCosts("7.0")},
	{what: "a complete answer lacks the last byte, once", faults: "truncated,times=1", want: whole.costs("2.0")},
	{what: "a complete answer lacks the last byte, always", faults: "truncated", want: refused.failed("integrity").costs("4.0").nextCosts("5.0")},
	{what: "a bit is wrong, once", faults: "flip=100000,times=1", want: whole.costs("2.0")},
	{what: "a bit is wrong, always", faults: "flip=100000", want: refused.failed("integrity").costs("4.0").nextCosts("5.0")},
	{what: "a bit is wrong before a connection closes", faults: "flip=1000,times=1 cut=64K,times=1", want: whole.costs("2.0")},
	{what: "the ETag is another file's MD5", faults: "wrong-etag", want: refused.failed("integrity").costs("4.0").nextCosts("5.0")},
	{what: "the file came to storage in parts", asset: sandbox.PartsAsset, want: outcome{status: "downloaded", verified: "multipart", fetched: "1.0", folder: "came-in-parts.mp4"}},
	{what: "the same, and the connection closes once", faults: "cut=5M,times=1", asset: sandbox.PartsAsset, want: outcome{status: "downloaded", verified: "multipart", fetched: "1.0", folder: "came-in-parts.mp4"}},
	{what: "the same, and a bit is wrong: only `verified` shows that it was not checked", faults: "flip=100000", asset: sandbox.PartsAsset, content: damaged,
		want: outcome{status: "downloaded", verified: "size", fetched: "1.0", folder: "came-in-parts.mp4"}},
	{what: "the file came to storage in parts of an unusual size", faults: "part-size=7000000", asset: sandbox.PartsAsset,
		want: outcome{status: "downloaded", verified: "size", fetched: "1.0", folder: "came-in-parts.mp4"}},
	{what: "the ETag is not a digest (SSE-KMS)", faults: "kms", want: sized},
	{what: "the same, and a bit is wrong: only `verified` shows that it was not checked", faults: "kms flip=100000", content: damaged, want: sized},
	{what: "Content-MD5, and no ETag", faults: "digest no-etag", want: whole},
	{what: "Content-MD5, and the connection closes once", faults: "digest kms cut=64K,times=1", want: whole},
	{what: "x-ms-blob-content-md5, and SSE-KMS", faults: "digest=azure kms", want: whole},
	{what: "x-goog-hash, and no ETag", faults: "digest=goog no-etag", want: whole},
	{what: "x-goog-hash without an MD5, and a bit is wrong once", faults: "digest=goog-crc32c no-etag flip=100000,times=1", want: whole.costs("2.0").checked("crc32c")},
	{what: "x-amz-checksum-sha256", faults: "digest=sha256", want: whole.checked("sha256")},
	{what: "x-amz-checksum-sha1", faults: "digest=sha1", want: whole.checked("sha1")},
	{what: "x-amz-checksum-crc32, and SSE-KMS", faults: "digest=crc32 kms", want: whole.checked("crc32")},
	{what: "x-amz-checksum-crc32c, and SSE-KMS", faults: "digest=crc32c kms", want: whole.checked("crc32c")},
	{what: "x-amz-checksum-crc64nvme, and SSE-KMS", faults: "digest=crc64nvme kms", want: whole.checked("crc64nvme")},
	{what: "Repr-Digest", faults: "digest=repr", want: whole.checked("sha256")},
	{what: "digests that are malformed", faults: "digest=malformed", want: whole},
	{what: "digests of the digests of parts", faults: "wrong-digest=composite kms", want: sized},
	{what: "a digest is another file's, and the ETag is right", faults: "wrong-digest=crc32", want: refused.failed("integrity").costs("4.0").nextCosts("5.0")},
	{what: "a digest is another file's, once", faults: "wrong-digest=goog,times=1", want: whole.costs("2.0")},
	{what: "an empty file", asset: sandbox.EmptyAsset, want: whole.costs("0.0").leaves("empty.txt")},
}

var rangeRows = []row{
	{what: "no length is sent", faults: "no-length", want: whole},
	{what: "no length is sent, and the connection closes once", faults: "no-length cut=64K,times=1", want: whole.costs("1.4")},
	{what: "ranges are ignored, and the connection closes once", faults: "no-ranges cut=64K,times=1", want: whole.costs("1.4")},
	{what: "another range comes than was asked for", faults: "wrong-range cut=64K,times=1", want: whole.costs("1.4")},
	{what: "each range brings 4 KiB only", faults: "short-range=4K cut=64K,times=1", want: whole},
	{what: "each range brings one byte only", faults: "short-range cut=64K,times=1", want: refused.failed("network").costs("0.4").leaves(aPartial)},
	{what: "If-Match is always refused (nginx with etag off)", faults: "if-match-412 cut=64K,times=1", want: whole},
	{what: "conditions are ignored", faults: "no-conditions cut=64K,times=1", want: whole},
	{what: "the file is replaced in the middle", faults: "swap=64K", content: replaced, want: whole.costs("1.4")},
	{what: "the file is replaced in the middle, and conditions are ignored", faults: "swap=64K no-conditions", content: replaced, want: whole.costs("1.4")},
	{what: "the file is replaced in the middle, and ranges are ignored", faults: "swap=64K no-ranges", content: replaced, want: whole.costs("1.4")},
	{what: "the file is replaced in the middle, and has no ETag", faults: "swap=64K no-etag", content: replaced, want: sized.costs("1.4")},
	{what: "the file is another one from the second request on", faults: "changed=2 cut=64K,times=1", content: replaced, want: whole.costs("1.4")},
	{what: "the portal embeds metadata: each location has different bytes", faults: "xmp", content: replaced, want: whole},
	{what: "the same, and the connection closes once", faults: "xmp cut=64K,times=1", content: replaced, want: whole},
	{what: "the same, and the location expires in the middle", faults: "xmp expire-mid=64K,times=1", content: replaced, want: whole.costs("1.4")},
	{what: "no ETag, and the connection closes once", faults: "no-etag cut=64K,times=1", want: sized},
	{what: "a weak ETag, and the connection closes once", faults: "weak-etag cut=64K,times=1", want: sized},
	{what: "SSE-KMS, and the connection closes once", faults: "kms cut=64K,times=1", want: sized},
	{what: "no Last-Modified, and the connection closes once", faults: "no-last-modified cut=64K,times=1", want: whole},
	{what: "neither ETag nor Last-Modified, and the connection closes once", faults: "no-etag no-last-modified cut=64K,times=1", want: sized.costs("1.4")},
}

var refusalRows = []row{
	{what: "the location has expired when it is given out, once", faults: "expired,times=1", want: whole},
	{what: "every location has expired when it is given out", faults: "expired", want: refused.failed("storage")},
	{what: "storage says that the location has expired, once", faults: "storage-expired,times=1", want: whole},
	{what: "the location expires in the middle", faults: "expire-mid=64K,times=1", want: whole},
	{what: "every location expires after 64 KiB", faults: "expire-mid=64K", want: whole},
	{what: "every location expires after a byte", faults: "expire-mid=1", want: refused.failed("network").costs("0.0").leaves(aPartial)},
	{what: "403 once", faults: "storage-403,times=1", want: whole},
	{what: "403 always", faults: "storage-403", want: refused.failed("storage")},
	{what: "403 once, to come back after a second", faults: "storage-403=1,times=1", want: whole},
	{what: "403 for a second", faults: "storage-403-for", want: whole},
	{what: "403 for a second, in the middle", faults: "cut=64K,times=1 storage-403-for,after=1", want: whole},
	{what: "404", faults: "storage-404", want: refused.failed("storage")},
	{what: "404 once, to come back after a second", faults: "storage-404=1,times=1", want: whole},
	{what: "404 once, in the middle", faults: "cut=64K,times=1 storage-404,after=1,times=1", want: whole},
	{what: "410", faults: "storage-410", want: refused.failed("storage")},
	{what: "410 at the link of a saved list: the asset is asked for again", faults: "stale-links=410", play: fromSavedList,
		want: whole.leaves("webimage-Twitter.png")},
	{what: "404 at the link of a saved list: the asset is asked for again", faults: "stale-links", play: fromSavedList,
		want: whole.leaves("webimage-Twitter.png")},
	{what: "an image of another size, and the connection closes once", faults: "cut=1000,times=1", play: onDemand, want: whole.leaves("Twitter")},
	{what: "an image of another size that the portal does not make", faults: "transform-refused", play: onDemand, want: refused.failed("usage")},
	{what: "202 twice: the file is not ready", faults: "storage-202,times=2", want: whole},
	{what: "202 always", faults: "storage-202", want: refused.failed("storage")},
	{what: "429 once", faults: "storage-429=1,times=1", want: whole},
	{what: "429 always", faults: "storage-429", want: refused.failed("storage")},
	{what: "500 once", faults: "storage-500,times=1", want: whole},
	{what: "500 once, in the middle", faults: "cut=64K,times=1 storage-500,after=1,times=1", want: whole},
	{what: "500 always", faults: "storage-500", want: refused.failed("storage")},
	{what: "500 always, from the middle on", faults: "cut=64K,times=1 storage-500,after=1", want: refused.failed("storage").costs("0.4").leaves(aPartial)},
	{what: "503 once, to come back after a second", faults: "storage-503=1,times=1", want: whole},
	{what: "503 always", faults: "storage-503", want: refused.failed("storage")},
	{what: "a CDN in trouble (520 to 530), twice", faults: "storage-52x,times=2", want: whole},
	{what: "a CDN in trouble, always", faults: "storage-52x=525", want: refused.failed("storage")},
	{what: "a header of 200 KiB", faults: "headers=200K", want: whole},
	{what: "a header without end", faults: "headers", want: refused.failed("protocol")},
	{what: "ten early hints", faults: "hints=10", want: whole},
	{what: "early hints without end", faults: "hints", want: refused.failed("protocol")},
	{what: "five redirects", faults: "storage-redirect=5", want: whole},
	{what: "six redirects", faults: "storage-redirect=6", want: refused.failed("storage")},
	{what: "a redirect that never ends", faults: "storage-redirect=loop", want: refused.failed("storage")},
	{what: "a redirect with a password in it", faults: "storage-redirect=userinfo", want: whole},
	{what: "a redirect to a path", faults: "storage-redirect=relative", want: whole},
	{what: "a redirect to the portal", faults: "storage-redirect=api", want: refused.failed("storage")},
}

var portalRows = []row{
	{what: "the connection is reset once", faults: "api-reset,times=1", want: whole},
	{what: "the connection is always reset", faults: "api-reset", want: refused.failed("network")},
	{what: "the answer is cut short once", faults: "api-cut,times=1", want: whole},
	{what: "the answer is always cut short", faults: "api-cut", want: refused.failed("network")},
	{what: "500 once", faults: "api-500,times=1", want: whole},
	{what: "500 always", faults: "api-500", want: refused.failed("protocol")},
	{what: "502 once", faults: "api-502,times=1", want: whole},
	{what: "503 once, to come back after a second", faults: "api-503=1,times=1", want: whole},
	{what: "504 once", faults: "api-504,times=1", want: whole},
	{what: "a CDN in trouble (520 to 530), twice", faults: "api-52x,times=2", want: whole},
	{what: "a CDN in trouble, always", faults: "api-52x=530", want: refused.failed("protocol")},
	{what: "its clock is a day ahead of this machine's", faults: "clock=86400", want: whole},
	{what: "its clock is a day behind, and the connection closes once", faults: "clock=-86400 cut=64K,times=1", want: whole},
	{what: "202 twice: not ready", faults: "202,times=2", want: whole},
	{what: "202 always", faults: "202", want: refused.failed("protocol")},
	{what: "503 with a page for browsers, always", faults: "api-html=503", want: refused.failed("protocol")},
	{what: "200 with a page for browsers", faults: "api-html=200", want: refused.failed("protocol")},
	{what: "control characters in a header", faults: "api-control", want: whole},
	{what: "200 that says 404", faults: "said", want: refused.failed("not_found")},
	{what: "200 that says 404, as a number", faults: "said-as=number", want: refused.failed("not_found")},
	{what: "200 that says 404 beside an empty location", faults: "said-as=empty", want: refused.failed("not_found")},
	{what: "200 that says 403", faults: "said=403", want: refused.failed("forbidden")},
	{what: "200 that says 401", faults: "said=401", want: refused.failed("auth")},
	{what: "200 that says 503, once", faults: "said=503,times=1", want: whole},
	{what: "200 that says 500, always", faults: "said=500", want: refused.failed("protocol")},
	{what: "200 with a message and no status", faults: "said-as=message", want: refused.failed("protocol")},
	{what: "200 with an error", faults: "said-as=error", want: refused.failed("protocol")},
	{what: "200 and nothing", faults: "api-empty", want: refused.failed("protocol")},
	{what: "200 and garbage", faults: "api-garbage", want: refused.failed("protocol")},
	{what: "200 and a gibibyte", faults: "api-huge", want: refused.failed("protocol")},
	{what: "a header without end", faults: "api-headers", want: refused.failed("protocol")},
	{what: "no answer ever, and Ctrl-C", faults: "api-stall", play: interruptedBeforeAnswer, want: refused.failed("interrupted")},
	{what: "the location expires in the middle, and the portal answers 500 once", faults: "expire-mid=64K,times=1 api-500,after=1,times=1", want: whole},
	{what: "429 once: everybody keeps quiet", faults: "api-429,times=1", want: whole},
	{what: "429 always", faults: "api-429=1", want: refused.failed("rate_limited")},
	{what: "401", faults: "api-401", want: refused.failed("auth")},
	{what: "403", faults: "api-403", want: refused.failed("forbidden")},
	{what: "404", faults: "api-404", want: refused.failed("not_found")},
	{what: "404 once, to come back after a second", faults: "api-404=1,times=1", want: whole},
	{what: "a redirect to another host", faults: "api-redirect", want: refused.failed("protocol")},
	{what: "a redirect that never ends", faults: "api-redirect=loop", want: refused.failed("protocol")},
}

var locationRows = []row{
	{what: "a path of this machine", faults: "location=file", want: refused.failed("protocol")},
	{what: "FTP", faults: "location=ftp", want: refused.failed("protocol")},
	{what: "a relative URL", faults: "location=relative", want: refused.failed("protocol")},
	{what: "an empty one", faults: "location=empty", want: refused.failed("protocol")},
	{what: "null", faults: "location=null", want: refused.failed("protocol")},
	{what: "none", faults: "location=missing", want: refused.failed("protocol")},
	{what: "a number", faults: "location=number", want: refused.failed("protocol")},
	{what: "one with a password in it", faults: "location=userinfo", want: refused.failed("protocol")},
	{what: "no URL", faults: "location=garbage", want: refused.failed("protocol")},
	{what: "a good one, under another key than documented", faults: "location=url", want: whole},
	{what: "a bare %", faults: "spelling=percent", want: whole.leaves("100% natural 50%2.jpg")},
	{what: "blanks in the path", faults: "spelling=blank", want: whole.leaves("two  blanks .jpg")},
	{what: "characters that no URL holds", faults: "spelling=symbols", want: whole.leaves("a_b^c`d{e}f_g_h_i.jpg")},
	{what: "letters that are not ASCII", faults: "spelling=unicode", want: whole.leaves("Zürich – 日本.jpg")},
	{what: "blanks and quotes in the query", faults: "spelling=query", want: whole},
	{what: "control characters around it", faults: "spelling=ends", want: whole},
	{what: "line breaks and tabs in it", faults: "spelling=breaks", want: whole},
	{what: "backslashes", faults: "spelling=backslash", want: whole},
	{what: "an upper-case scheme", faults: "spelling=upper", want: whole},
	{what: "one slash before the host", faults: "spelling=slash", want: whole},
	{what: "no scheme", faults: "spelling=scheme", want: whole},
	{what: "a fragment", faults: "spelling=fragment", want: whole},
	{what: "a bare %, in redirects, too", faults: "spelling=percent storage-redirect=3", want: whole.leaves("100% natural 50%2.jpg")},
	{what: "characters that no URL holds, in redirects, too", faults: "spelling=symbols storage-redirect=3", want: whole.leaves("a_b^c`d{e}f_g_h_i.jpg")},
	{what: "blanks and quotes in the query, in redirects to a path, too", faults: "spelling=query storage-redirect=relative", want: whole},
	{what: "backslashes, in redirects to a path, too", faults: "spelling=backslash storage-redirect=relative", want: whole},
	{what: "tabs, in redirects, too", faults: "spelling=breaks storage-redirect=host", want: whole},
}

var machineRows = []row{
	{what: "the program is killed in the middle (SIGKILL)", faults: "stall=64K", play: killed,
		want: outcome{status: string(codeKilled), fetched: "0.4", folder: aPartial}.nextCosts("1.0")},
	{what: "Ctrl-C in the middle", faults: "stall=64K", play: interrupted, want: refused.failed("interrupted").costs("0.4").leaves(aPartial)},
	{what: "Ctrl-C while waiting before another try", faults: "storage-503=600", play: interruptedAtRetry, want: refused.failed("interrupted")},
	{what: "two processes get the file at once", faults: "slow=512K", play: twoProcesses, want: whole.costs("2.0")},
	{what: "two processes, and the first is killed", faults: "stall=64K,times=1", play: waiterTakesOver, want: whole},
	{what: "Ctrl-C while waiting for another process that gets the file", play: interruptedInQueue,
		want: outcome{status: "failed: interrupted", fetched: "1.0", folder: theFile, next: "unchanged, 1.0 in all"}},
	{what: "what an earlier run left has wrong bytes in it", play: continuing("", overwritten), want: whole.costs("2.0")},
	{what: "what an earlier run left is longer than the file", play: continuing("", lengthened), want: whole.costs("1.4")},
	{what: "the file has been replaced since an earlier run left a part of it", play: continuing("changed=1", nil), content: replaced, want: whole.costs("1.4")},
	{what: "the disk has too little space for the file", asset: sandbox.PartsAsset, play: tinyDisk, mend: growDisk, want: refused.failed("disk_full")},
	{what: "the same, and no length is sent", faults: "no-length", asset: sandbox.PartsAsset, play: tinyDisk, mend: growDisk,
		want: refused.failed("disk_full").costs("0.5").nextCosts("1.5")},
	{what: "another program fills the disk in the middle", asset: sandbox.PartsAsset, play: diskFills, mend: emptyDisk,
		want: refused.failed("disk_full").costs("0.5").leaves("came-in-parts.mp4.….part, other")},
	{what: "the file is in place already", play: again(""), want: outcome{status: "unchanged", fetched: "0.0", folder: theFile}},
	{what: "another file has its name", play: policy(sink.Fail), mend: removeInTheWay, want: refused.failed("exists").leaves(theFile)},
	{what: "another file has its name, --if-exists overwrite", play: policy(sink.Overwrite), want: whole},
	{what: "another file has its name, --if-exists rename", play: policy(sink.Rename), want: whole.leaves("Twitter-" + sandbox.DocumentedAsset + ".jpg, Twitter.jpg")},
	{what: "the file has been replaced on the portal since the last run", play: again("changed=1"), mend: removeInTheWay,
		want: refused.failed("exists").leaves(theFile)},
	{what: "another program makes a file of that name in the middle", play: appears, mend: removeInTheWay,
		want: refused.failed("exists").costs("1.0").leaves(theFile).nextCosts("2.0")},
	{what: "another program removes the partial in the middle", play: sweptAway, want: refused.failed("local").costs("1.0").nextCosts("2.0")},
	{what: "a folder is where the file goes", play: folderInTheWay, mend: removeInTheWay,
		want: refused.failed("local").costs("1.0").leaves(theFile).nextCosts("2.0")},
}

var stdoutRows = []row{
	{what: "the connection closes once", faults: "cut=64K,times=1", play: toStdout, want: whole.leaves(nothing)},
	{what: "ranges are ignored, and the connection closes once", faults: "no-ranges cut=64K,times=1", play: toStdout, want: whole.costs("1.4").leaves(nothing)},
	{what: "the location expires in the middle", faults: "expire-mid=64K,times=1", play: toStdout, want: whole.leaves(nothing)},
	{what: "the file is replaced in the middle", faults: "swap=64K", play: toStdout, want: outcome{status: "failed: storage", fetched: "0.4", folder: nothing}},
	{what: "no length is sent, and the connection closes once", faults: "no-length cut=64K,times=1", play: toStdout, want: outcome{status: "failed: network", fetched: "0.4", folder: nothing}},
	{what: "neither ETag nor Last-Modified, and the connection closes once", faults: "no-etag no-last-modified cut=64K,times=1", play: toStdout,
		want: outcome{status: "failed: network", fetched: "0.4", folder: nothing}},
	{what: "a bit is wrong", faults: "flip=100000,times=1", play: toStdout, want: outcome{status: "failed: integrity", fetched: "1.0", folder: nothing}},
}

var nameRows = []row{
	{what: "a path upwards", faults: "hostile-name=traversal", want: whole.leaves("outside.txt")},
	{what: "an absolute path", faults: "hostile-name=absolute", want: whole.leaves("outside.txt")},
	{what: "a path upwards, as Windows writes it", faults: "hostile-name=backslash", want: whole.leaves("outside.txt")},
	{what: "a drive and a stream of Windows", faults: "hostile-name=drive", want: whole.leaves("C_outside.txt_stream")},
	{what: "control characters", faults: "hostile-name=control", want: whole.leaves("bell__[2Jescape_.txt")},
	{what: "line breaks", faults: "hostile-name=newline", want: whole.leaves("two__lines.txt")},
	{what: "an extension that is written backwards", faults: "hostile-name=bidi", want: whole.leaves("invoicetxt.exe")},
	{what: "a device of Windows", faults: "hostile-name=reserved", want: whole.leaves("_CON.txt")},
	{what: "the folder above", faults: "hostile-name=dots", want: whole.leaves("_")},
	{what: "300 characters", faults: "hostile-name=long", want: whole.leaves(strings.Repeat("ä", 106) + ".jpg")},
	{what: "nothing", faults: "hostile-name=empty", want: whole.leaves("_")},
	{what: "a NUL", faults: "hostile-name=nul", want: whole.leaves("before_after.txt")},
	{what: "that of a partial", faults: "hostile-name=part", want: whole.leaves("film.mov_part")},
	{what: "an option", faults: "hostile-name=dash", want: whole.leaves("_rf.txt")},
	{what: "a hidden file", faults: "hostile-name=hidden", want: whole.leaves("_bashrc")},
	{what: "bytes that are not text", faults: "hostile-name=invalid", want: whole.leaves("__ broken.txt")},
	{what: "a path upwards, percent-encoded", faults: "hostile-name=encoded", want: whole.leaves("outside file.txt")},
	{what: "joiners of letters and of emoji, and a stray one", faults: "hostile-name=joiners", want: whole.leaves("می\u200cخواهم क्\u200dष 👩🏽\u200d⚕\ufe0f.txt")},
	{what: "no name is sent", faults: "no-disposition", want: whole},
	{what: "that of a page for browsers", faults: "disposition=login.html", want: whole.leaves("login.html")},
	{what: "control characters, as no HTTP allows them", faults: "control=disposition", want: whole.leaves("con_trol__.jpg")},
	{what: "the same in the ETag", faults: "control=etag", want: sized},
	{what: "the same in another header", faults: "control=meta", want: whole},
	{what: "the same, and the connection closes once", faults: "control=meta cut=64K,times=1", want: whole},
	{what: "a NUL in a header", faults: "control=nul", want: whole},
}
