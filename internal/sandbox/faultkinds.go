package sandbox

import "slices"

// Side is the part of the sandbox that a fault affects.
type Side string

// The sides.
const (
	OnAPI      Side = "api"      // any call to the portal, after it was authorized
	OnLocation Side = "location" // what the download endpoints answer
	OnAccount  Side = "account"  // what metaproperties/, brands/, tags/ and account/derivatives/ answer
	OnList     Side = "list"     // what media/ answers
	OnStorage  Side = "storage"  // any request for a file
	OnClock    Side = "clock"    // the time by which portal, storage and bucket answer
	OnBucket   Side = "bucket"   // any request to the S3 server
)

// FaultKind describes a fault.
type FaultKind struct {
	Name string
	Side Side
	Doc  string
	// Default is the value if none is given. Doc has its unit.
	Default int64
	// Texts are the variants, the default first; AnyText allows others too.
	Texts   []string
	AnyText bool

	counts bool // needs the number of the request
	// operations returns those of the bucket that a variant affects if the key on does not name one; nil: all.
	operations func(text string) []string
}

// FaultKinds lists all faults. N is the value, TEXT the variant.
func FaultKinds() []FaultKind { return slices.Concat(faultKinds, bucketFaultKinds) }

func faultKind(name string) (FaultKind, bool) {
	for _, kinds := range [][]FaultKind{faultKinds, bucketFaultKinds} {
		for _, k := range kinds {
			if k.Name == name {
				return k, true
			}
		}
	}
	return FaultKind{}, false
}

var faultKinds = []FaultKind{
	// The body of a file breaks. Bytes are counted in the answer, not the file.
	{Name: "cut", Side: OnStorage, Default: 64 << 10, Doc: "the connection closes after N bytes of the body"},
	{Name: "reset", Side: OnStorage, Default: 64 << 10, Doc: "the connection is reset (RST) after N bytes"},
	{Name: "stall", Side: OnStorage, Default: 64 << 10, Doc: "the connection stays open without data after N bytes"},
	{Name: "slow", Side: OnStorage, Default: 256 << 10, Doc: "N bytes per second"},
	{
		Name: "shared-line", Side: OnStorage, Default: 16 << 20,
		Doc: "N bytes per second for all answers with a file together, an eighth of that once half of the file was sent",
	},
	{Name: "short", Side: OnStorage, Default: 1, Doc: "Content-Length is N bytes larger than the body"},
	{Name: "truncated", Side: OnStorage, Default: 1, Doc: "a complete answer without the file's last N bytes"},
	{Name: "stub", Side: OnStorage, Default: 1000, Doc: "storage has only the file's first N bytes, with their ETag"},
	{
		Name: "page", Side: OnStorage, Texts: []string{"html", "xhtml", "json", "problem", "xml", "untyped"},
		Doc: "storage has a small page in place of the file; untyped: with the file's Content-Type",
	},
	{
		Name: "image", Side: OnStorage, Texts: []string{
			"jpeg", "gif", "webp", "bomb", "gif-bomb", "webp-bomb", "jpeg-bomb", "scans", "half", "svg", "large",
		},
		Doc: "storage has an image in place of the file; bombs: of very many pixels; scans: takes minutes to decode; " +
			"half: cut off; large: 64 MiB",
	},
	{Name: "no-length", Side: OnStorage, Doc: "no Content-Length: the body is chunked"},
	{Name: "flip", Side: OnStorage, Doc: "one bit of the byte at offset N of the file is wrong"},
	{
		Name: "encoding", Side: OnStorage, Texts: encodings,
		Doc: "a file of up to 32 MiB has a Content-Encoding; raw: deflate without the header of zlib; proxy: gzip by a proxy that keeps " +
			"the ETag; lie: the bytes are not gzip; br: a coding that clients do not know; bomb: 20 MiB of zeros",
	},
	{Name: "changed", Side: OnStorage, Default: 2, counts: true, Doc: "from the Nth request on, a different file is served"},
	{
		Name: "swap", Side: OnStorage, Default: 64 << 10, counts: true,
		Doc: "the first answer is cut after N bytes; from then on, a different file is served",
	},

	{
		Name: "xmp", Side: OnStorage,
		Doc: "the portal embeds metadata: bytes, size and ETag differ at each location",
	},

	// Validators and ranges.
	{Name: "no-conditions", Side: OnStorage, Doc: "conditions such as If-Match and If-Range are ignored"},
	{Name: "no-ranges", Side: OnStorage, Doc: "Range is ignored: 200 with the whole file"},
	{Name: "wrong-range", Side: OnStorage, Default: 1, Doc: "a range starts N bytes early, and Content-Range says so"},
	{Name: "short-range", Side: OnStorage, Default: 1, Doc: "each range has N bytes, even if more were requested"},
	{Name: "if-match-412", Side: OnStorage, Doc: "every If-Match is answered 412, as by nginx with etag off"},
	{
		Name: "not-modified", Side: OnStorage, Texts: []string{"other", "weak", "bare", "refused", "always"},
		Doc: "an If-None-Match that names the file is answered 304 with another ETag; weak: with the ETag, weak; bare: without one; " +
			"refused: 412; always: 304 to every request",
	},
	{Name: "part-size", Side: OnStorage, Default: 7_000_000, Doc: "the ETag of an upload in parts of N bytes"},
	{Name: "kms", Side: OnStorage, Doc: "the ETag is not a digest: encrypted with SSE-KMS"},
	{Name: "no-etag", Side: OnStorage, Doc: "no ETag"},
	{Name: "weak-etag", Side: OnStorage, Doc: "the ETag is weak"},
	{Name: "wrong-etag", Side: OnStorage, Doc: "the ETag is the MD5 of another file"},
	{Name: "no-last-modified", Side: OnStorage, Doc: "no Last-Modified"},
	{
		Name: "control", Side: OnStorage, Texts: []string{"disposition", "etag", "meta", "nul"},
		Doc: "control characters in Content-Disposition, ETag or another header; nul: a NUL",
	},
	{Name: "no-disposition", Side: OnStorage, Doc: "no Content-Disposition"},
	{
		Name: "disposition", Side: OnStorage, Texts: []string{"login.html"}, AnyText: true,
		Doc: "the file has the name TEXT in Content-Disposition",
	},
	{
		Name: "digest", Side: OnStorage, Texts: digestTexts,
		Doc: "a correct digest in the header TEXT; malformed: invalid Content-MD5s; composite: of parts, as on S3",
	},
	{
		Name: "wrong-digest", Side: OnStorage, Texts: digestTexts,
		Doc: "the same headers with the digest of other bytes",
	},
	{Name: "headers", Side: OnStorage, Default: 1 << 20, Doc: "N bytes of very short header fields"},
	{Name: "hints", Side: OnStorage, Default: 100_000, Doc: "N times 103 Early Hints before the answer"},

	// Storage refuses. N is the seconds of Retry-After, left out for 0.
	{Name: "storage-403", Side: OnStorage, Doc: "403 AccessDenied"},
	{
		Name: "storage-403-for", Side: OnStorage, Default: 1000,
		Doc: "403 AccessDenied during the first N milliseconds after the first request for a file that the fault affects",
	},
	{Name: "storage-404", Side: OnStorage, Doc: "404 NoSuchKey"},
	{Name: "storage-202", Side: OnStorage, Doc: "202: the file is not ready, Retry-After: N"},
	{Name: "storage-410", Side: OnStorage, Doc: "410, a page"},
	{Name: "storage-429", Side: OnStorage, Doc: "429, Retry-After: N"},
	{Name: "storage-500", Side: OnStorage, Doc: "500 InternalError"},
	{Name: "storage-503", Side: OnStorage, Doc: "503 SlowDown, Retry-After: N"},
	{Name: "storage-52x", Side: OnStorage, Default: 520, Doc: "status N with a page, as a CDN has them from 520 to 530"},
	{Name: "transform-refused", Side: OnStorage, Default: 400, Doc: "images are not made on demand: status N, a page"},
	{
		Name: "stale-links", Side: OnStorage, Default: 404,
		Doc: "of the URLs of a file, the one requested first always answers with status N; other URLs are valid",
	},
	{Name: "at-once", Side: OnStorage, Default: 1, Doc: "503 SlowDown while N answers with the file are being sent"},
	{Name: "storage-stall", Side: OnStorage, Doc: "storage never answers"},
	{Name: "storage-expired", Side: OnStorage, Doc: "the location has expired, although its URL says otherwise"},
	{
		Name: "expire-mid", Side: OnStorage, Default: 64 << 10,
		Doc: "the connection closes after N bytes, and the location has expired from then on",
	},
	{
		Name: "storage-redirect", Side: OnStorage, Default: 1, Texts: []string{"host", "loop", "userinfo", "api", "relative"},
		Doc: "N redirects to another host name; loop: endless; userinfo: with a user in the URL; api: to the portal; " +
			"relative: with the path alone",
	},

	// The portal's answer breaks.
	{Name: "api-401", Side: OnAPI, Doc: "401"},
	{Name: "api-202", Side: OnAPI, Doc: "202: not ready, Retry-After: N (left out for 0)"},
	{Name: "api-403", Side: OnAPI, Doc: "403: a role is missing; Retry-After: N (left out for 0)"},
	{Name: "api-404", Side: OnAPI, Doc: "404 Media not found, Retry-After: N (left out for 0)"},
	{Name: "api-429", Side: OnAPI, Doc: "429 and the block with its penalty, Retry-After: N"},
	{Name: "api-500", Side: OnAPI, Doc: "500"},
	{Name: "api-502", Side: OnAPI, Doc: "502"},
	{Name: "api-503", Side: OnAPI, Doc: "503, Retry-After: N"},
	{Name: "api-504", Side: OnAPI, Doc: "504"},
	{Name: "api-52x", Side: OnAPI, Default: 520, Doc: "status N with a page, as a CDN has them from 520 to 530"},
	{Name: "api-html", Side: OnAPI, Default: 503, Doc: "status N with an HTML page"},
	{Name: "said", Side: OnAPI, Default: 404, Doc: "200, but the body is an error message with the statuscode N"},
	{
		Name: "said-as", Side: OnAPI,
		Texts: []string{"message", "number", "strange", "empty", "error", "errors", "description", "url"},
		Doc:   "200, but the body is an error in another form; message: without a statuscode; number: with 404 as a number; empty: with 404 and an empty URL",
	},
	{Name: "api-control", Side: OnAPI, Doc: "the right answer with control characters in a header"},
	{Name: "api-empty", Side: OnAPI, Doc: "200 with an empty body"},
	{Name: "api-garbage", Side: OnAPI, Doc: "200 with JSON that ends in other bytes"},
	{Name: "api-huge", Side: OnAPI, Default: 1 << 30, Doc: "200 with valid JSON of N bytes"},
	{Name: "api-cut", Side: OnAPI, Default: 20, Doc: "the connection closes after N bytes of the right answer"},
	{Name: "api-reset", Side: OnAPI, Doc: "the connection is reset (RST) without an answer"},
	{Name: "api-stall", Side: OnAPI, Doc: "never an answer"},
	{Name: "api-headers", Side: OnAPI, Default: 1 << 20, Doc: "the right answer with N bytes of very short header fields"},
	{
		Name: "api-redirect", Side: OnAPI, Texts: []string{"host", "port", "path", "loop", "userinfo"}, AnyText: true,
		Doc: "307 to another host name, port or path, to itself, with a user in the URL, or to the scheme://host given",
	},

	{
		Name: "account-shape", Side: OnAccount, Texts: accountShapes,
		Doc: "the account's lists have another shape; array, numbered: shapes that can be read",
	},
	{
		Name: "account-names", Side: OnAccount, Texts: []string{"shell", "control"},
		Doc: "the account's lists and the options of region have more entries, whose names are commands for a shell, or have control characters",
	},
	{Name: "no-options", Side: OnAccount, Doc: "metaproperties are listed without their options"},
	{Name: "many-options", Side: OnAccount, Default: 20_000, Doc: "each metaproperty with options has N more options"},

	{Name: "clock", Side: OnClock, Default: 3600, Doc: "the clock of portal, storage and bucket is N seconds ahead, or with -N behind"},

	// Locations.
	{Name: "expired", Side: OnLocation, Doc: "the location has already expired when the portal returns it"},
	{
		Name: "location", Side: OnLocation,
		Texts: []string{"file", "ftp", "relative", "empty", "null", "missing", "number", "userinfo", "garbage", "url"},
		Doc:   "an invalid download URL (wrong scheme, ...); url: a valid one under the key \"url\"",
	},
	{
		Name: "spelling", Side: OnLocation,
		Texts: []string{
			"percent", "blank", "symbols", "unicode", "query", "ends", "breaks", "backslash", "upper", "slash", "scheme", "fragment",
		},
		Doc: "URLs of storage are written as browsers accept them, against RFC 3986",
	},
	{
		Name: "hostile-name", Side: OnLocation,
		Texts: []string{
			"traversal", "absolute", "backslash", "drive", "control", "newline", "bidi", "reserved", "dots", "long",
			"empty", "nul", "part", "dash", "hidden", "invalid", "encoded", "joiners",
		},
		Doc: "the file has a hostile name (also in the asset's name and fileName)",
	},

	// Lists.
	{Name: "hidden", Side: OnList, Doc: "the asset is missing from lists, though it exists"},
	{Name: "malformed", Side: OnList, Doc: "the asset's fields have undocumented types"},
	{Name: "overlap", Side: OnList, Default: 1, Doc: "each page but the first begins N assets early, with or without cursor"},
	{
		Name: "page-cap", Side: OnList, Default: 100, Texts: []string{"stride", "asked"},
		Doc: "at most N elements per page, even if limit is higher; asked: page numbers still count by limit",
	},
	{Name: "short-page", Side: OnList, Default: 2, Doc: "page N is missing three elements"},
	{Name: "cursor-echo", Side: OnList, Doc: "each page has a cursor; the empty last page returns the cursor of its request"},
	{
		Name: "list-shape", Side: OnList,
		Texts: []string{"array", "total-number", "total-text", "total-last", "limited", "numbered-media", "numbered"},
		Doc:   "the first page has another shape than requested; numbered: an object with numeric keys in place of a list",
	},
	{
		Name: "no-derivative", Side: OnList, Texts: []string{"webimage"}, AnyText: true,
		Doc: "the asset does not have the derivative TEXT",
	},
	{
		Name: "original", Side: OnList,
		Texts: []string{
			"gone", "forbidden", "page", "nameless", "portal", "closed", "plain", "file", "ftp", "relative", "empty", "null", "number", "userinfo", "garbage",
		},
		Doc: "the URL of a public original answers 404; forbidden: 403; page: a login page, login.html; " +
			"nameless: one without a name; portal: 404 of the portal; closed: nothing; " +
			"plain: the file, with no signature; others: it is invalid",
	},
	{Name: "no-transform", Side: OnList, Doc: "the asset has no transformBaseUrl"},
	{
		Name: "wrong-shape", Side: OnList, Texts: wrongShapes,
		Doc: "one field of the asset or of its items has another shape, in lists and by id",
	},
	{
		Name: "endless", Side: OnList, Texts: []string{"empty", "malformed"},
		Doc: "an endless list: new cursors with empty pages, or with one malformed asset each",
	},
	{
		Name: "many-items", Side: OnList, Default: 1000, Texts: []string{"ids", "empty"},
		Doc: "an asset has N media items with an id alone, or without any field",
	},
}
