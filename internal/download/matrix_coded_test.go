package download_test

import "github.com/bynder-cli/bynder/internal/sandbox"

// codedRows are those of files with a content coding (gzip or deflate) that storage or a proxy has applied. The bytes of
// the sandbox's files are random, so that they have nearly the same size in a coding.
var codedRows = []row{
	{what: "the file is stored as gzip", faults: "encoding=gzip", want: whole},
	{what: "the file is stored as deflate", faults: "encoding=deflate", want: whole},
	{what: "the file is stored as deflate, without the header of zlib", faults: "encoding=raw", want: whole},
	{what: "a proxy packs it as gzip on the way, and keeps the ETag", faults: "encoding=proxy", want: whole},
	{what: "a proxy packs it as gzip on the way, and there is no ETag", faults: "encoding=proxy no-etag", want: whole.checked("none")},
	{what: "a proxy packs it as gzip from the second answer on", faults: "cut=64K,times=1 encoding=proxy,after=1", want: whole},
	{what: "stored as gzip, with another digest", faults: "encoding=gzip digest=sha256 kms", want: whole.checked("sha256")},
	{what: "stored as gzip, and the ETag is not a digest (SSE-KMS)", faults: "encoding=gzip kms", want: sized},
	{what: "stored as gzip, and no length is sent", faults: "encoding=gzip no-length", want: whole},
	{what: "stored as gzip, and the connection closes once: it starts over", faults: "encoding=gzip cut=64K,times=1", want: whole.costs("1.3")},
	{what: "stored as gzip, and every connection closes", faults: "encoding=gzip cut=64K", want: refused.failed("network").costs("1.4").nextCosts("2.4")},
	{what: "stored as gzip, and the location expires in the middle", faults: "encoding=gzip expire-mid=64K,times=1", want: whole.costs("1.3")},
	{what: "stored as gzip, and a bit is wrong once", faults: "encoding=gzip flip=100000,times=1", want: whole.costs("2.0")},
	{what: "the same with SSE-KMS: the coding has a checksum of its own", faults: "encoding=gzip kms flip=100000,times=1", want: sized.costs("2.0")},
	{what: "stored as gzip, and a bit is always wrong", faults: "encoding=gzip flip=100000", want: refused.failed("integrity").costs("3.9").nextCosts("4.9")},
	{what: "stored as gzip that lacks its last bytes", faults: "encoding=gzip truncated=9 kms", want: refused.failed("integrity").costs("3.9").nextCosts("4.9")},
	{what: "a proxy packs it as gzip, and it is replaced in the middle", faults: "encoding=proxy swap=64K", content: replaced, want: whole.costs("1.3")},
	{what: "said to be gzip, and is not", faults: "encoding=lie", want: whole},
	{what: "the same, and the connection closes once", faults: "encoding=lie cut=64K,times=1", want: whole},
	{what: "said to be gzip from the second answer on, and is not", faults: "cut=64K,times=1 encoding=lie,after=1", want: whole.costs("1.4")},
	{what: "a coding that is not known", faults: "encoding=br", want: refused.failed("protocol")},
	{what: "zeros that unpack to a thousand times their size", faults: "encoding=bomb", most: 1.2, want: refused.failed("integrity").costs("≤ 1.2").nextCosts("≤ 1.2")},
	{what: "the file is in place already, and stored as gzip", play: again("encoding=gzip"), want: outcome{status: "unchanged", fetched: "0.0", folder: theFile}},
	{what: "an earlier run left a part, and it is stored as gzip since", play: continuing("encoding=gzip", nil), want: whole.costs("1.3")},
	{what: "to standard output, stored as gzip", faults: "encoding=gzip", play: toStdout, want: whole.leaves(nothing)},
	{what: "to standard output, stored as gzip, and the connection closes once", faults: "encoding=gzip cut=64K,times=1", play: toStdout,
		want: outcome{status: "failed: network", fetched: "0.4", folder: nothing}},
	{what: "a large file came to storage in parts, as gzip", faults: "encoding=gzip", asset: sandbox.PartsAsset,
		want: outcome{status: "downloaded", verified: "multipart", fetched: "0.9", folder: "came-in-parts.mp4"}},
}
