package sandbox

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// answer is the ResponseWriter under http.ServeContent: it counts, writes in
// large pieces, answers errors as S3 does, and breaks the body where faults
// want that.
type answer struct {
	http.ResponseWriter
	s       *Sandbox
	r       *http.Request
	active  activeFaults
	failed  bool  // S3's error has been written in place of ServeContent's
	decided bool  // the status is written
	sent    int64 // bytes of the body
	offset  int64 // in the file, of the body's first byte
	end     activeFault
	breaks  bool // at end.Value bytes by the fault end.Name
	pace    int64
	began   time.Time
	count   func(int64) // counts bytes that are sent
}

func (s *Sandbox) newAnswer(w http.ResponseWriter, r *http.Request, active activeFaults) *answer {
	a := &answer{ResponseWriter: w, s: s, r: r, active: active, count: s.counters.storageBytes}
	for _, f := range active {
		switch f.Name {
		case "cut", "reset", "stall", "expire-mid":
			a.end, a.breaks = f, true
		case "swap":
			if f.nth == 1 {
				a.end, a.breaks = f, true
			}
		case "slow":
			a.pace, a.began = f.Value, time.Now()
		}
	}
	return a
}

// WriteHeader turns what ServeContent decided into what S3 says.
func (a *answer) WriteHeader(status int) {
	if a.decided {
		return
	}
	a.decided = true
	h := a.Header()
	switch status {
	case http.StatusPreconditionFailed:
		a.failed = true
		preconditionFailed().write(a.ResponseWriter, a.r)
		return
	case http.StatusRequestedRangeNotSatisfiable:
		a.failed = true
		(&s3Error{
			Status: status, Code: "InvalidRange", Message: "The requested range is not satisfiable",
		}).write(a.ResponseWriter, a.r)
		return
	case http.StatusPartialContent:
		spec, _ := strings.CutPrefix(h.Get("Content-Range"), "bytes ")
		a.offset, _ = rangeStart(spec)
		partialDigest(h)
	}
	if f, ok := a.active.get("short"); ok {
		if n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64); err == nil {
			h.Set("Content-Length", strconv.FormatInt(n+f.Value, 10))
		}
	}
	if a.active.has("no-length") {
		h.Del("Content-Length")
	}
	a.ResponseWriter.WriteHeader(status)
	if a.active.has("no-length") {
		a.flush() // else net/http sends the length of a short body
	}
	if a.breaks && a.end.Value == 0 && a.r.Method == http.MethodGet {
		a.interrupt()
	}
}

// Write sends a piece of the body. It does not return where a fault ends the body
// in it.
func (a *answer) Write(p []byte) (int, error) {
	if !a.decided {
		a.WriteHeader(http.StatusOK)
	}
	if a.failed {
		return len(p), nil // S3's error stands in its place
	}
	whole := len(p)
	if a.breaks {
		p = p[:min(int64(len(p)), a.end.Value-a.sent)]
	}
	a.flip(p)
	if err := a.send(p); err != nil {
		return 0, err
	}
	if a.breaks && a.sent >= a.end.Value {
		a.interrupt()
	}
	return whole, nil
}

func (a *answer) send(p []byte) error {
	for len(p) > 0 {
		n := len(p)
		if a.pace > 0 { // twenty pieces a second, or what fits in one packet
			n = min(n, max(int(a.pace/20), 1024))
		}
		// Counted beforehand: a client that has read the last byte may ask for the count at once.
		a.count(int64(n))
		k, err := a.ResponseWriter.Write(p[:n])
		a.sent += int64(k)
		a.count(int64(k - n))
		if err != nil {
			return err
		}
		p = p[n:]
		if a.pace > 0 {
			a.flush()
			due := a.began.Add(time.Duration(float64(a.sent) / float64(a.pace) * float64(time.Second)))
			if err := wait(a.r.Context(), time.Until(due)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *answer) flip(p []byte) {
	f, ok := a.active.get("flip")
	if at := f.Value - a.offset - a.sent; ok && at >= 0 && at < int64(len(p)) {
		p[at] ^= 0x10
	}
}

// interrupt ends the answer in the middle, as the fault says.
func (a *answer) interrupt() {
	a.flush()
	switch a.end.Name {
	case "reset":
		resetConnection(a.ResponseWriter)
	case "stall":
		<-a.r.Context().Done()
	case "expire-mid":
		a.s.faults.expire(signatureOf(a.r.URL.Query()))
	}
	panic(http.ErrAbortHandler) // the server closes the connection
}

// finish ends an answer that was not interrupted. One that promised more bytes
// than it sent is closed by the server.
func (a *answer) finish() {
	if a.active.has("short") {
		a.flush()
	}
}

func (a *answer) flush() { _ = http.NewResponseController(a.ResponseWriter).Flush() }

// resetConnection closes with RST where the connection is TCP, else plainly.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

var pieces = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// ReadFrom implements io.ReaderFrom, which io.CopyN inside ServeContent looks for.
func (a *answer) ReadFrom(src io.Reader) (int64, error) {
	piece := pieces.Get().(*[256 << 10]byte)
	defer pieces.Put(piece)
	var total int64
	for {
		n, err := src.Read(piece[:])
		if n > 0 {
			k, werr := a.Write(piece[:n])
			total += int64(k)
			if werr != nil {
				return total, werr
			}
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}
