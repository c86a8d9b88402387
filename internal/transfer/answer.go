package transfer

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/bynder-cli/bynder/internal/coding"
	"github.com/bynder-cli/bynder/internal/location"
	"github.com/bynder-cli/bynder/internal/retry"
)

const (
	// gatherBytes is how many bytes are gathered for a write. More do not make it faster.
	gatherBytes = 256 << 10
	// recordBytes is the most that a TLS record takes (RFC 8446, section 5.2; RFC 5246, section
	// 6.2.3), so that to read one does not wait where as many have arrived.
	recordBytes = 5 + 16<<10 + 2<<10
	// maxUnsized is how much is read at once where no length was told: net/http waits until a
	// buffer is full, or a chunk at its end.
	maxUnsized = 16 << 10
)

// An answer that is not wanted is read to its end, to keep its connection, if at most maxDrained bytes are to come, and
// they come in maxDraining.
const (
	maxDrained  = 256 << 10
	maxDraining = time.Second
)

// leastProgress is how many new bytes of a file count as progress, for a large one: what brings less, again and
// again, would go on for ever. A connection has to bring as many in Options.Idle (in the usual 30 s, 34 bytes a
// second), and the counts of tries and of locations begin anew only after them.
const leastProgress = 1 << 10

// least returns leastProgress for a file of size bytes, -1 for an unknown size: fewer bytes for a
// small file, which ends soon anyway.
func least(size int64) int64 {
	if size < 0 {
		return leastProgress
	}
	return min(leastProgress, max(size/64, 1))
}

// answer is one response of storage: some or all bytes of one object.
type answer struct {
	object Object
	// from and until bound the bytes that it holds: until is the offset after the last one, or math.MaxInt64 where
	// the end will tell. from is -1 where a 206 does not say properly what it holds.
	from, until int64
	partial     bool // it is a 206
	unmodified  bool // it is a 304: storage has the object that span.unless names

	body  io.ReadCloser
	sized bool // body's length was told, so that it is nothing but bytes of the file
	// arrivals counts what has arrived, nil if that is not known. If that is enough, a read does not wait.
	arrivals arrivals
	enough   int
	cancel   context.CancelFunc // of the request

	first   int64          // where it began
	decoded *coding.Reader // body, if that is decoded
}

// arrivals is a connection that knows how many bytes have arrived and were not read yet.
type arrivals interface{ Waiting() int }

// span is the bytes from offset from on: until that of the first byte after them, or to the end of the file for zero.
// unless, where not "", is the ETag of an object of which no byte is wanted. keep is Options.KeepCoded for this request.
type span struct {
	from, until     int64
	unless          string
	keep, tentative bool // refusals of a tentative one say nothing of storage
}

// request returns the request for what s says of the file at u (Range: RFC 9110, section 14.2); see ask.
func (s span) request(ctx context.Context, u *url.URL, ifMatch string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity")
	switch {
	case s.until > 0:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", s.from, s.until-1))
	case s.from > 0:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", s.from))
	}
	if ifMatch != "" && req.Header["Range"] != nil {
		req.Header.Set("If-Match", ifMatch)
	}
	if s.unless != "" {
		req.Header.Set("If-None-Match", s.unless)
	}
	return req, nil
}

// ask makes one request for what s says of the file at u. ifMatch, where not "", is the ETag that the object must still have.
func ask(ctx context.Context, o *Options, u *url.URL, s span, ifMatch string) (*answer, error) {
	reqCtx, cancel := context.WithCancel(ctx)
	watch := retry.NewWatch(reqCtx, o.Idle, 0)
	watch.Progress = maxErrorBody // what storage says of a failure has to come as a whole
	var conn net.Conn             // the last one, after redirects
	var sent time.Time
	traced := httptrace.WithClientTrace(watch.Context(), &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) { conn, sent = got.Conn, time.Now() },
	})
	req, err := s.request(traced, u, ifMatch)
	if err != nil {
		cancel()
		return nil, failure(u, Protocol, nothing, "%w", location.WithoutURL(err))
	}
	resp, err := watch.Answered(o.Client.Do(req)) //nolint:bodyclose // answer.close does
	if err != nil {
		cancel()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, unanswered(u, resp, err)
	}
	if o.Answered != nil && (s.from == 0 || s.until == 0) && (resp.StatusCode < 400 || !s.tentative) { // not for more connections of a file
		o.Answered(resp.StatusCode, time.Since(sent))
	}
	a := &answer{body: resp.Body, sized: resp.ContentLength >= 0, cancel: cancel, until: math.MaxInt64}
	if a.sized {
		a.arrivals, a.enough = arrivalsOf(conn)
	}
	a.unmodified = resp.StatusCode == http.StatusNotModified && s.unless != "" && etag(resp.Header) == s.unless
	switch {
	case a.unmodified:
		a.object = describe(u, resp.Header, -1)
	case resp.StatusCode == http.StatusOK:
		a.object = describe(u, resp.Header, resp.ContentLength)
		a.object.Checksums = checksums(resp.Header)
		if resp.ContentLength >= 0 {
			a.until = resp.ContentLength
		}
		watch.Progress = least(a.object.Size)
		err = a.decode(u, s.keep)
	case resp.StatusCode == http.StatusPartialContent:
		a.partial = true
		a.object, a.from = describe(u, resp.Header, -1), -1
		if first, last, total, ok := parseContentRange(resp.Header.Get("Content-Range")); ok {
			a.object.Size, a.from, a.until, a.first = total, first, last+1, first
		}
		watch.Progress = least(a.object.Size)
	default:
		err = refused(u, req, resp)
	}
	if err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

// decode makes a whole answer that has a content coding one of decoded bytes, whose number is not known, unless the coding is
// kept. Its first bytes show if the label is right.
func (a *answer) decode(u *url.URL, keep bool) error {
	o := &a.object
	if o.Coding == "" {
		return nil
	}
	r, labelled, err := coding.NewReader(a.body, o.Coding, o.Size)
	switch {
	case err != nil:
		return interrupted(u, err)
	case labelled && o.setCoding(keep):
		r.Keep()
	case labelled:
		a.until, a.sized, a.arrivals, a.decoded = math.MaxInt64, false, nil, r
	default:
		o.Coding = ""
	}
	a.body = r
	return nil
}

// arrivalsOf returns what counts the bytes that have arrived at conn, and how many are enough for a read not to wait.
func arrivalsOf(conn net.Conn) (known arrivals, enough int) {
	enough = 1
	if c, ok := conn.(*tls.Conn); ok {
		conn, enough = c.NetConn(), recordBytes
	}
	known, _ = conn.(arrivals)
	return known, enough
}

// read reads from the connection and gives it up where nothing comes for too long. One read may yield only what came
// with the header, or one record of TLS; so what has arrived already is gathered for one write.
func (a *answer) read(p []byte) (int, error) {
	if !a.sized {
		p = p[:min(len(p), maxUnsized)]
	}
	n, err := a.body.Read(p)
	for arrived := 0; a.arrivals != nil && err == nil && n < min(len(p), gatherBytes); {
		if arrived < a.enough {
			arrived = a.arrivals.Waiting()
		}
		if arrived < a.enough {
			break
		}
		var more int
		more, err = a.body.Read(p[n:])
		n += more
		arrived -= max(more, a.enough)
	}
	return n, err
}

// tooShort returns the Error of an answer from u that ended as it said, but holds less than was asked for and
// next to nothing; nil for any other.
func (a *answer) tooShort(u *url.URL) *Error {
	if !a.partial || a.until-a.first >= least(a.object.Size) {
		return nil
	}
	return failure(u, Network, wait, "storage answered with %d bytes of those that were asked for", a.until-a.first)
}

// drain reads the rest of an answer, if that is little, so that its connection is kept.
func (a *answer) drain(limit *rate.Limiter) {
	if n := a.until - a.from; a.from >= 0 && n <= int64(min(maxDrained, limit.Burst())) {
		defer time.AfterFunc(maxDraining, a.cancel).Stop()
		_, _ = io.CopyN(io.Discard, a.body, n)
		limit.ReserveN(time.Now(), int(n))
	}
}

// close ends the answer. The connection is kept for another request only where the body has been read to its end.
func (a *answer) close() {
	a.body.Close()
	a.cancel()
}

// contentRange matches the Content-Range of a 206. It takes no more digits than sums of two offsets leave room for.
var contentRange = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?i:bytes) +(\d{1,18})-(\d{1,18})/(\d{1,18}|\*) *$`)
})

// parseContentRange reads a Content-Range (RFC 9110, section 14.4): the offsets of the first and the last byte, and the
// size of the whole, -1 where it is "*".
func parseContentRange(header string) (first, last, total int64, ok bool) {
	m := contentRange().FindStringSubmatch(header)
	if m == nil {
		return 0, 0, 0, false
	}
	first, _ = strconv.ParseInt(m[1], 10, 64)
	last, _ = strconv.ParseInt(m[2], 10, 64)
	if total, _ = strconv.ParseInt(m[3], 10, 64); m[3] == "*" {
		total = -1
	}
	return first, last, total, first <= last && (total < 0 || last < total)
}
