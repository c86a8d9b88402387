package transfer

import (
	"net/http"
	"slices"
	"testing"
)

func TestStreamFromStorageThatRefuses(t *testing.T) {
	first := randomFile(100_000, 1)
	repeat := func(n int, s step) []step { return slices.Repeat([]step{s}, n) }
	expired := status(403, s3("AccessDenied", "Request has expired"))
	testStreams(t, []streamTest{
		// Errors of storage.
		{
			name:     "an overloaded server",
			file:     first,
			script:   []step{status(503, s3("SlowDown", "Please reduce your request rate.")), status(500, ""), cut(2000), status(429, "")},
			requests: []string{"GET", "GET", "GET", `GET 2000- if "v1"`, `GET 2000- if "v1"`},
		},
		{
			name:     "a server that stays overloaded",
			file:     first,
			script:   repeat(9, status(503, s3("SlowDown", "Please reduce\n your \x1b[31mrate.\u202e"))),
			requests: times("GET", 4),
			kind:     Storage,
			status:   503,
			text:     "storage answered 503 Service Unavailable",
		},
		{
			name:     "what storage says is quoted",
			file:     first,
			script:   []step{status(404, s3("NoSuchKey", "The specified key\n\t does not exist.\u202e https://a/b?X-Amz-Signature="+secret))},
			requests: []string{"GET"},
			kind:     Storage,
			status:   404,
			text:     "storage answered 404 Not Found: NoSuchKey: The specified key does not exist. https://a/b",
		},
		{
			name:     "an answer that is no file",
			file:     first,
			script:   []step{status(204, "")},
			requests: []string{"GET"},
			kind:     Storage,
			status:   204,
		},
		{
			name:     "a part where the whole was asked for",
			file:     first,
			script:   []step{fragment("bytes 0-9/100000", 0, 10)},
			requests: []string{"GET"},
			kind:     Protocol,
		},
		{
			name: "a redirect is followed",
			file: first,
			script: []step{func(_ *file, w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere?X-Amz-Signature="+secret, http.StatusFound)
			}},
			requests: []string{"GET", "GET"},
		},
		{
			name: "redirects in a circle",
			file: first,
			script: repeat(20, func(_ *file, w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere?X-Amz-Signature="+secret, http.StatusFound)
			}),
			requests: times("GET", 10),
			kind:     Storage,
			status:   302,
		},
		{
			name:     "a redirect that is no URL",
			file:     first,
			script:   []step{status(302, "", "Location", "http://[?X-Amz-Signature="+secret)},
			requests: []string{"GET"},
			kind:     Storage,
			text:     "failed to parse Location header",
		},

		// Locations that expire.
		{
			name:      "expired before the first byte",
			file:      first,
			script:    []step{expired},
			requests:  []string{"GET", "GET"},
			locations: 2,
		},
		{
			name:      "expired in the middle",
			file:      first,
			script:    []step{cut(50_000), expired, cut(10), status(401, "")},
			requests:  []string{"GET", `GET 50000- if "v1"`, `GET 50000- if "v1"`, `GET 50010- if "v1"`, `GET 50010- if "v1"`},
			locations: 3,
		},
		{
			name:      "S3 says with 400 that its own credentials expired",
			file:      first,
			script:    []step{status(400, s3("ExpiredToken", "The provided token has expired."))},
			requests:  []string{"GET", "GET"},
			locations: 2,
		},
		{
			name:     "another 400 is final",
			file:     first,
			script:   []step{status(400, s3("InvalidArgument", "Only one auth mechanism allowed"))},
			requests: []string{"GET"},
			kind:     Storage,
			status:   400,
			text:     "InvalidArgument: Only one auth mechanism allowed",
		},
		{
			name:      "three new locations in a row without a byte",
			file:      first,
			script:    repeat(9, expired),
			requests:  times("GET", 4),
			locations: 4,
			kind:      Storage,
			status:    403,
			text:      "AccessDenied: Request has expired, after 4 download URLs",
		},
		{
			name:      "three new locations in a row without progress, in the middle",
			file:      first,
			script:    slices.Concat([]step{cut(2000)}, repeat(9, expired)),
			requests:  slices.Concat([]string{"GET"}, times(`GET 2000- if "v1"`, 4)),
			locations: 4,
			kind:      Storage,
			status:    403,
		},
		{
			name:      "a location is not used again after the expiry that it tells",
			file:      first,
			script:    []step{stall(10)},
			location:  "&X-Amz-Date=20000101T000000Z&X-Amz-Expires=30",
			requests:  []string{"GET", `GET 10- if "v1"`},
			locations: 2,
		},
		{
			name:     "a location that seems to have expired when it is fresh is tried, and again",
			file:     first,
			script:   []step{stall(10), cut(10)},
			location: "&Expires=1",
			requests: []string{"GET", `GET 10- if "v1"`, `GET 20- if "v1"`},
		},
	})
}
