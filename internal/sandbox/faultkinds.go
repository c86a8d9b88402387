package sandbox

// Side is where a fault strikes.
type Side string

// The sides.
const (
	OnAPI      Side = "api"      // any call to the portal, after it was authorised
	OnLocation Side = "location" // what the download endpoints answer
	OnAccount  Side = "account"  // what metaproperties/, brands/ and tags/ answer
	OnList     Side = "list"     // what media/ answers
	OnStorage  Side = "storage"  // any request for a file
	OnClock    Side = "clock"    // the time by which portal and storage answer
)

// FaultKind is a way to break.
type FaultKind struct {
	Name string
	Side Side
	Doc  string
	// Default is the value where none is given; what it counts is in Doc.
	Default int64
	// Texts are the variants, the default first; AnyText allows others too.
	Texts   []string
	AnyText bool

	counts bool // needs the number of the request
}

// FaultKinds lists all faults. N is the value, TEXT the variant.
func FaultKinds() []FaultKind { return faultKinds }

func faultKind(name string) (FaultKind, bool) {
	for _, k := range faultKinds {
		if k.Name == name {
			return k, true
		}
	}
	return FaultKind{}, false
}

var faultKinds = []FaultKind{
	// The body of a file breaks. Bytes are counted in the answer, not the file.
	{Name: "cut", Side: OnStorage, Default: 64 << 10, Doc: "the connection closes after N bytes of the body"},
	{Name: "reset", Side: OnStorage, Default: 64 << 10, Doc: "the connection is reset (RST) after N bytes"},
	{Name: "stall", Side: OnStorage, Default: 64 << 10, Doc: "nothing more comes after N bytes"},
	{Name: "slow", Side: OnStorage, Default: 256 << 10, Doc: "N bytes a second"},
	{
		Name: "shared-line", Side: OnStorage, Default: 16 << 20,
		Doc: "N bytes a second for all answers with a file together, an eighth of that once half of the file was sent",
	},
	{Name: "short", Side: OnStorage, Default: 1, Doc: "Content-Length promises N bytes more than come"},
	{Name: "truncated", Side: OnStorage, Default: 1, Doc: "a complete answer that lacks the file's last N bytes"},
	{Name: "stub", Side: OnStorage, Default: 1000, Doc: "storage has only the file's first N bytes, and an ETag of those"},
	{
		Name: "page", Side: OnStorage, Texts: []string{"html", "xhtml", "json", "problem", "xml", "untyped"},
		Doc: "storage has a small page in place of the file; untyped: with the file's Content-Type",
	},
	{Name: "no-length", Side: OnStorage, Doc: "no Content-Length: the body is chunked"},
	{Name: "flip", Side: OnStorage, Doc: "one bit of the byte at offset N of the file is wrong"},
	{Name: "changed", Side: OnStorage, Default: 2, counts: true, Doc: "from the Nth request on the file is another one"},
	{
		Name: "swap", Side: OnStorage, Default: 64 << 10, counts: true,
		Doc: "the first answer is cut after N bytes, from then on the file is another one",
	},

	{
		Name: "xmp", Side: OnStorage,
		Doc: "the portal embeds metadata: each location has another file, of other bytes, size and ETag",
	},

	// Validators and ranges.
	{Name: "no-conditions", Side: OnStorage, Doc: "If-Match, If-Range and the others are ignored"},
	{Name: "no-ranges", Side: OnStorage, Doc: "Range is ignored: 200 with the whole file"},
	{Name: "wrong-range", Side: OnStorage, Default: 1, Doc: "a range starts N bytes early, and Content-Range says so"},
	{Name: "short-range", Side: OnStorage, Default: 1, Doc: "a range holds N bytes, however many were asked for"},
	{Name: "if-match-412", Side: OnStorage, Doc: "every If-Match is answered 412, as by nginx with etag off"},
	{Name: "part-size", Side: OnStorage, Default: 7_000_000, Doc: "the ETag is that of an upload in parts of N bytes"},
	{Name: "kms", Side: OnStorage, Doc: "the ETag is no digest: encrypted with SSE-KMS"},
	{Name: "no-etag", Side: OnStorage, Doc: "no ETag"},
	{Name: "weak-etag", Side: OnStorage, Doc: "the ETag is weak"},
	{Name: "wrong-etag", Side: OnStorage, Doc: "the ETag is another file's MD5"},
	{Name: "no-last-modified", Side: OnStorage, Doc: "no Last-Modified"},
	{
		Name: "control", Side: OnStorage, Texts: []string{"disposition", "etag", "meta", "nul"},
		Doc: "control characters in Content-Disposition, ETag or another header; nul: a NUL",
	},
	{Name: "no-disposition", Side: OnStorage, Doc: "no Content-Disposition"},
	{
		Name: "digest", Side: OnStorage, Texts: digestTexts,
		Doc: "a digest in a header of its own (TEXT), right; malformed: Content-MD5s that are none; composite: of parts, on S3",
	},
	{
		Name: "wrong-digest", Side: OnStorage, Texts: digestTexts,
		Doc: "the same, of other bytes",
	},
	{Name: "headers", Side: OnStorage, Default: 1 << 20, Doc: "N bytes of very short header fields"},
	{Name: "hints", Side: OnStorage, Default: 100_000, Doc: "N times 103 Early Hints before the answer"},

	// Storage refuses. N is the seconds of Retry-After, left out for 0.
	{Name: "storage-403", Side: OnStorage, Doc: "403 AccessDenied"},
	{
		Name: "storage-403-for", Side: OnStorage, Default: 1000,
		Doc: "403 AccessDenied for N milliseconds from the first request for the file on that meets this",
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
		Doc: "the first link to a file that is followed is gone for ever (status N); links that are given out later are good",
	},
	{Name: "at-once", Side: OnStorage, Default: 1, Doc: "503 SlowDown while N answers with the file are being sent"},
	{Name: "storage-stall", Side: OnStorage, Doc: "no answer ever"},
	{Name: "storage-expired", Side: OnStorage, Doc: "the location has expired, whatever it says"},
	{
		Name: "expire-mid", Side: OnStorage, Default: 64 << 10,
		Doc: "the connection closes after N bytes, and from then on that location has expired",
	},
	{
		Name: "storage-redirect", Side: OnStorage, Default: 1, Texts: []string{"host", "loop", "userinfo", "api", "relative"},
		Doc: "N redirects to another host name; loop: for ever; userinfo: with a user in the URL; api: to the portal; " +
			"relative: by the path alone",
	},

	// The portal's answer breaks.
	{Name: "api-401", Side: OnAPI, Doc: "401"},
	{Name: "api-202", Side: OnAPI, Doc: "202: not ready, Retry-After: N (left out for 0)"},
	{Name: "api-403", Side: OnAPI, Doc: "403, a role is missing; Retry-After: N (left out for 0)"},
	{Name: "api-404", Side: OnAPI, Doc: "404 Media not found, Retry-After: N (left out for 0)"},
	{Name: "api-429", Side: OnAPI, Doc: "429 and the block with its penalty, Retry-After: N"},
	{Name: "api-500", Side: OnAPI, Doc: "500"},
	{Name: "api-502", Side: OnAPI, Doc: "502"},
	{Name: "api-503", Side: OnAPI, Doc: "503, Retry-After: N"},
	{Name: "api-504", Side: OnAPI, Doc: "504"},
	{Name: "api-52x", Side: OnAPI, Default: 520, Doc: "status N with a page, as a CDN has them from 520 to 530"},
	{Name: "api-html", Side: OnAPI, Default: 503, Doc: "status N with an HTML page"},
	{Name: "said", Side: OnAPI, Default: 404, Doc: "200 with a message and the statuscode N in place of the answer"},
	{
		Name: "said-as", Side: OnAPI,
		Texts: []string{"message", "number", "strange", "empty", "error", "errors", "description", "url"},
		Doc:   "200 with words in place of the answer; message: without a statuscode; number, empty: with 404",
	},
	{Name: "api-control", Side: OnAPI, Doc: "the right answer with control characters in a header"},
	{Name: "api-empty", Side: OnAPI, Doc: "200 with an empty body"},
	{Name: "api-garbage", Side: OnAPI, Doc: "200 with JSON that breaks off into other bytes"},
	{Name: "api-huge", Side: OnAPI, Default: 1 << 30, Doc: "200 with valid JSON of N bytes"},
	{Name: "api-cut", Side: OnAPI, Default: 20, Doc: "the connection closes after N bytes of the right answer"},
	{Name: "api-reset", Side: OnAPI, Doc: "the connection is reset (RST) without an answer"},
	{Name: "api-stall", Side: OnAPI, Doc: "no answer ever"},
	{Name: "api-headers", Side: OnAPI, Default: 1 << 20, Doc: "the right answer with N bytes of very short header fields"},
	{
		Name: "api-redirect", Side: OnAPI, Texts: []string{"host", "port", "path", "loop", "userinfo"}, AnyText: true,
		Doc: "307 to another host name, port or path, to itself, with a user in the URL, or to the scheme://host given",
	},

	{
		Name: "account-shape", Side: OnAccount, Texts: accountShapes,
		Doc: "metaproperties, brands and tags have another shape; array, numbered: one that can be understood",
	},
	{Name: "many-options", Side: OnAccount, Default: 20_000, Doc: "each metaproperty with options has N more"},

	{Name: "clock", Side: OnClock, Default: 3600, Doc: "the clock of portal and storage is N seconds ahead, or with -N behind"},

	// Locations.
	{Name: "expired", Side: OnLocation, Doc: "the location has expired when it is given out"},
	{
		Name: "location", Side: OnLocation,
		Texts: []string{"file", "ftp", "relative", "empty", "null", "missing", "number", "userinfo", "garbage", "url"},
		Doc:   "a location that is none: another scheme and so on; url: a good one under the key url",
	},
	{
		Name: "spelling", Side: OnLocation,
		Texts: []string{
			"percent", "blank", "symbols", "unicode", "query", "ends", "breaks", "backslash", "upper", "slash", "scheme", "fragment",
		},
		Doc: "locations, thumbnails and redirects of storage are written as browsers understand them and RFC 3986 does not",
	},
	{
		Name: "hostile-name", Side: OnLocation,
		Texts: []string{
			"traversal", "absolute", "backslash", "drive", "control", "newline", "bidi", "reserved", "dots", "long",
			"empty", "nul", "part", "dash", "hidden", "invalid", "encoded", "joiners",
		},
		Doc: "the file's name is an attack (also in the asset's name and fileName)",
	},

	// Lists.
	{Name: "hidden", Side: OnList, Doc: "the asset is missing from lists, though it exists"},
	{Name: "malformed", Side: OnList, Doc: "the asset's fields have types that nobody documented"},
	{Name: "overlap", Side: OnList, Default: 1, Doc: "each page but the first begins N assets early, with or without cursor"},
	{
		Name: "page-cap", Side: OnList, Default: 100, Texts: []string{"stride", "asked"},
		Doc: "at most N elements a page, whatever limit says; asked: the page number counts by limit all the same",
	},
	{Name: "short-page", Side: OnList, Default: 2, Doc: "page N lacks three of its elements"},
	{Name: "cursor-echo", Side: OnList, Doc: "each page has a cursor; the empty page at the end returns the one it was asked with"},
	{
		Name: "list-shape", Side: OnList,
		Texts: []string{"array", "total-number", "total-text", "total-last", "limited", "numbered-media", "numbered"},
		Doc:   "the first page has another shape than was asked for; numbered: an object with numeric keys in place of a list",
	},
	{
		Name: "no-derivative", Side: OnList, Texts: []string{"webimage"}, AnyText: true,
		Doc: "the asset lacks the derivative TEXT",
	},
	{Name: "no-transform", Side: OnList, Doc: "the asset has no transformBaseUrl"},
	{
		Name: "wrong-shape", Side: OnList, Texts: wrongShapes,
		Doc: "one field of the asset or of its items has another shape, also in the asset's own answer",
	},
	{
		Name: "endless", Side: OnList, Texts: []string{"empty", "malformed"},
		Doc: "ever new cursors, with empty pages, or with one malformed asset each",
	},
	{
		Name: "many-items", Side: OnList, Default: 1000, Texts: []string{"ids", "empty"},
		Doc: "an asset has N media items with nothing but an id, or nothing at all",
	},
}
