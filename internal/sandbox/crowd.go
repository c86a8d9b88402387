package sandbox

import (
	"context"
	"net/http"
	"time"
)

// crowd is what the answers with one file have in common.
type crowd struct {
	answers int64     // being sent
	sent    int64     // bytes, by all answers so far
	free    time.Time // when the line that they share has sent those
}

// serveTogether answers with the file as faults let that depend on the other answers with it.
func (s *Sandbox) serveTogether(w http.ResponseWriter, r *http.Request, o Object, active activeFaults) {
	if active.has("storage-stall") {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	if f, ok := active.get("at-once"); ok {
		c, answers := s.faults.enter(o.Key)
		defer s.faults.leave(c)
		if answers > f.Value {
			(&s3Error{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."}).write(w, r)
			return
		}
	}
	if f, ok := active.get("shared-line"); ok {
		w = &sharedLine{w, func(n int) error { return s.faults.share(r.Context(), o, n, f.Value) }}
	}
	s.serveObject(w, r, o, active)
}

// enter counts an answer with the file at key that is about to be sent, and returns the count with it.
func (s *faultSet) enter(key string) (*crowd, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.crowd(key)
	c.answers++
	return c, c.answers
}

// leave counts one less. The faults for which c was made may be off by now.
func (s *faultSet) leave(c *crowd) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.answers--
}

func (s *faultSet) crowd(key string) *crowd {
	if s.crowds[key] == nil {
		s.crowds[key] = &crowd{}
	}
	return s.crowds[key]
}

// share waits until the line has sent n bytes more of a file: rate a second, and an eighth of that once half of the
// file has been sent.
func (s *faultSet) share(ctx context.Context, o Object, n int, rate int64) error {
	s.mu.Lock()
	c, now := s.crowd(o.Key), time.Now()
	if c.sent += int64(n); c.sent > o.Size/2 {
		rate = max(rate/8, 1)
	}
	if c.free.Before(now) {
		c.free = now
	}
	c.free = c.free.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
	due := c.free
	s.mu.Unlock()
	return wait(ctx, time.Until(due))
}

// sharedLine is a ResponseWriter whose bytes wait for those of other answers.
type sharedLine struct {
	http.ResponseWriter
	share func(n int) error
}

// Unwrap returns what http.ResponseController flushes.
func (l *sharedLine) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// Write sends what fits in a few packets at a time.
func (l *sharedLine) Write(p []byte) (written int, err error) {
	for len(p) > 0 && err == nil {
		piece := p[:min(len(p), 8<<10)]
		if err := l.share(len(piece)); err != nil {
			return written, err
		}
		var n int
		n, err = l.ResponseWriter.Write(piece)
		_ = http.NewResponseController(l.ResponseWriter).Flush()
		written, p = written+n, p[n:]
	}
	return written, err
}
