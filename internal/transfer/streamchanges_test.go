package transfer

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestStreamOfAFileThatChanges(t *testing.T) {
	const size = 100_000
	first := randomFile(100_000, 1)
	second := randomFile(100_005, 2)
	sameSize := randomFile(100_000, 3)
	untagged := first.with(func(f *file) { f.etag = "" })
	anonymous := first.with(func(f *file) { f.etag, f.modified = "", time.Time{} })
	dropETag := func(h http.Header) { h.Del("ETag") }
	repeat := func(n int, s step) []step { return slices.Repeat([]step{s}, n) }
	testStreams(t, []streamTest{
		// Files that change, and servers that do not care.
		{
			name:     "a changed file is started over",
			file:     first,
			script:   []step{cut(50_000), becomes(second, well)},
			want:     second,
			requests: []string{"GET", `GET 50000- if "v1"`, "GET 50000-", "GET"},
			wasted:   50_000,
		},
		{
			name:     "a changed file is started over once",
			file:     first,
			script:   []step{cut(50_000), becomes(second, unconditional), cut(10), becomes(first, unconditional)},
			requests: []string{"GET", `GET 50000- if "v1"`, "GET", `GET 10- if "v2"`},
			kind:     Storage,
			text:     "the file changed while it was transferred: from 100005 to 100000 bytes",
		},
		{
			name:     "a changed file cannot be started over on standard output",
			file:     first,
			script:   []step{cut(50_000), becomes(sameSize, unconditional)},
			stdout:   true,
			requests: []string{"GET", `GET 50000- if "v1"`},
			kind:     Storage,
			text:     "the file changed while it was transferred",
		},
		{
			name:     "a file that changed before its first byte came is started over",
			file:     first,
			script:   []step{cut(0), becomes(second, well)},
			want:     second,
			requests: []string{"GET", "GET", "GET"},
		},
		{
			name:     "a condition that is ignored",
			file:     first,
			script:   []step{cut(50_000), becomes(sameSize, unconditional)},
			want:     sameSize,
			requests: []string{"GET", `GET 50000- if "v1"`, "GET"},
			wasted:   50_000,
		},
		{
			name:     "a change that only its time tells",
			file:     untagged,
			script:   []step{cut(50_000), becomes(sameSize.with(func(f *file) { f.etag, f.modified = "", lastYear.Add(time.Hour) }), well)},
			want:     sameSize,
			requests: []string{"GET", "GET 50000-", "GET"},
			wasted:   50_000,
		},
		{
			name: "frontends that do not agree on the time, but on the ETag",
			file: first,
			script: []step{cut(50_000), becomes(first.with(func(f *file) { f.modified = lastYear.Add(time.Hour) }),
				well)},
			requests: []string{"GET", `GET 50000- if "v1"`},
		},
		{
			name:     "412 although nothing changed",
			file:     first,
			script:   []step{cut(50_000), unmatched, unmatched},
			requests: []string{"GET", `GET 50000- if "v1"`, "GET 50000-"},
		},
		{
			name:     "412 without a condition",
			file:     first,
			script:   []step{status(412, "")},
			requests: []string{"GET", "GET"},
		},
		{
			name:     "412 whatever is asked",
			file:     first,
			script:   repeat(9, status(412, "")),
			requests: []string{"GET", "GET"},
			kind:     Storage,
			status:   412,
		},
		{
			name:     "416: the partial is dropped",
			file:     first,
			held:     500,
			script:   []step{well, status(416, "")},
			requests: []string{"GET", `GET 500- if "v1"`, "GET"},
			wasted:   500,
		},
		{
			name:     "416 again and again turns ranges off",
			file:     first,
			script:   []step{cut(10), status(416, ""), cut(10), status(416, ""), cut(10)},
			requests: []string{"GET", `GET 10- if "v1"`, "GET", `GET 10- if "v1"`, "GET", "GET"},
			wasted:   30, // two starts, and ten bytes read past
		},
		{
			name:     "416 on standard output",
			file:     first,
			script:   []step{cut(10), status(416, "")},
			stdout:   true,
			requests: []string{"GET", `GET 10- if "v1"`},
			kind:     Storage,
			status:   416,
		},
		{
			name:     "the whole of the same file instead of a range is read past what is there",
			file:     first,
			script:   []step{cut(50_000), whole(-1)},
			stdout:   true,
			requests: []string{"GET", `GET 50000- if "v1"`},
			wasted:   50_000,
		},
		{
			name:     "the second time that a range brings the whole turns ranges off",
			file:     first,
			script:   []step{cut(50_000), whole(60_000), whole(70_000), whole(80_000), whole(-1)},
			requests: []string{"GET", `GET 50000- if "v1"`, `GET 60000- if "v1"`, "GET", "GET"},
			wasted:   50_000 + 60_000 + 70_000 + 80_000,
		},
		{
			name:     "bytes that are read past are no progress",
			file:     first,
			script:   slices.Concat([]step{cut(50_000)}, repeat(9, whole(50_000))),
			requests: []string{"GET", `GET 50000- if "v1"`, `GET 50000- if "v1"`, "GET"},
			kind:     Network,
		},
		{
			name:     "the whole of another file instead of a range",
			file:     first,
			script:   []step{cut(50_000), becomes(sameSize, whole(-1))},
			want:     sameSize,
			requests: []string{"GET", `GET 50000- if "v1"`, "GET"},
			wasted:   50_000,
		},
		{
			name:     "another part than the one asked for, then the right one",
			file:     first,
			script:   []step{cut(100), fragment("bytes 50-99999/100000", 50, size)},
			requests: []string{"GET", `GET 100- if "v1"`, `GET 100- if "v1"`},
		},
		{
			name:     "always another part turns ranges off",
			file:     first,
			script:   []step{cut(100), fragment("bytes 50-99999/100000", 50, size), fragment("pages 1-2/3", 50, size)},
			requests: []string{"GET", `GET 100- if "v1"`, `GET 100- if "v1"`, "GET"},
			wasted:   100,
		},
		{
			name:     "a part that tells another length than the whole did",
			file:     first,
			script:   []step{cut(100), fragment("bytes 100-99999/100001", 100, size), well},
			requests: []string{"GET", `GET 100- if "v1"`, "GET"},
			wasted:   100,
		},
		{
			name:     "parts that always tell another length than the whole did",
			file:     first,
			script:   slices.Repeat([]step{cut(2000), fragment("bytes 2000-99999/100001", 2000, size)}, 4),
			requests: slices.Repeat([]string{"GET", `GET 2000- if "v1"`}, 4),
			kind:     Integrity,
			text:     "storage told a length of 100000 and then of 100001 bytes",
		},
		{
			name:     "parts that tell no ETag prove nothing",
			file:     first,
			script:   []step{cut(100), fragment("bytes 100-99999/100000", 100, size, dropETag), fragment("bytes 100-99999/100000", 100, size, dropETag)},
			requests: []string{"GET", `GET 100- if "v1"`, `GET 100- if "v1"`, "GET"},
			wasted:   100,
		},

		// Files of which little is known.
		{
			name:     "no length",
			file:     first,
			script:   []step{chunked(-1)},
			requests: []string{"GET"},
		},
		{
			name:     "no length, and it breaks: there is no telling what is missing",
			file:     first,
			script:   []step{chunked(50_000), chunked(-1)},
			requests: []string{"GET", "GET"},
			wasted:   50_000,
		},
		{
			name:     "no length, and it keeps breaking",
			file:     first,
			script:   repeat(9, chunked(50_000)),
			requests: times("GET", 4),
			kind:     Network,
		},
		{
			name:     "no length, broken, on standard output",
			file:     first,
			script:   []step{chunked(50_000)},
			stdout:   true,
			requests: []string{"GET"},
			kind:     Network,
		},
		{
			name:     "no length, broken before the first byte",
			file:     first,
			script:   []step{chunked(0), chunked(-1)},
			stdout:   true,
			requests: []string{"GET", "GET"},
		},
		{
			name:     "no length, broken before the first byte, and then a length",
			file:     first,
			script:   []step{chunked(0)},
			stdout:   true,
			requests: []string{"GET", "GET"},
		},
		{
			name:     "nothing to know the file by: what breaks is started over",
			file:     anonymous,
			script:   []step{cut(50_000)},
			requests: []string{"GET", "GET"},
			wasted:   50_000,
		},
		{
			name:     "nothing to know the file by, but nothing delivered either",
			file:     anonymous,
			script:   []step{cut(0)},
			stdout:   true,
			requests: []string{"GET", "GET"},
		},
		{
			name:     "a partial of a file that nothing is known of",
			file:     anonymous,
			held:     100,
			requests: []string{"GET", "GET"},
			wasted:   100,
		},
	})
}
