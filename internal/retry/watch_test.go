package retry

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pausing is a body whose reads bring a byte after a pause each, or end with the request's context.
type pausing struct {
	ctx    context.Context
	pauses []time.Duration
}

func (p *pausing) Read(b []byte) (int, error) {
	if len(p.pauses) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(p.pauses[0]):
		p.pauses = p.pauses[1:]
		b[0] = '.'
		return 1, nil
	case <-p.ctx.Done():
		return 0, p.ctx.Err()
	}
}

func (*pausing) Close() error { return nil }

func TestWatch(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		name     string
		whole    time.Duration // idle is a minute
		progress int64
		header   time.Duration // until it comes
		pauses   []time.Duration
		reader   time.Duration // what the consumer takes between reads
		want     string
		err      string // "" for io.EOF
		after    time.Duration
	}{
		{name: "steady", pauses: []time.Duration{59 * s, 59 * s, 59 * s}, want: "...", after: 177 * s},
		{name: "a slow reader", pauses: []time.Duration{0, 0}, reader: time.Hour, want: "..", after: 3 * time.Hour},
		{name: "a slow reader of an answer with a limit", whole: 5 * time.Minute, pauses: []time.Duration{0, 0}, reader: time.Hour, want: "..", after: 3 * time.Hour},
		{name: "stops", pauses: []time.Duration{0, time.Hour}, want: ".", err: "received nothing in 1m0s", after: 60 * s},
		{name: "stops, with a limit", whole: 5 * time.Minute, pauses: []time.Duration{0, time.Hour}, want: ".", err: "received nothing in 1m0s", after: 60 * s},
		{name: "trickles", whole: 5 * time.Minute, pauses: slices.Repeat([]time.Duration{59 * s}, 9), want: ".....", err: "the answer took longer than 5m0s", after: 300 * s},
		{name: "trickles without a limit", pauses: slices.Repeat([]time.Duration{59 * s}, 9), want: ".........", after: 531 * s},
		{name: "brings too little", progress: 3, pauses: slices.Repeat([]time.Duration{25 * s}, 9), want: "..", err: "received less than 3 bytes in 1m0s", after: 60 * s},
		{name: "brings less than a KiB", progress: 1024, pauses: slices.Repeat([]time.Duration{25 * s}, 9), want: "..", err: "received less than 1 KiB in 1m0s", after: 60 * s},
		{name: "brings enough, then nothing", progress: 2, pauses: []time.Duration{s, s, time.Hour}, want: "..", err: "received nothing in 1m0s", after: 62 * s},
		{name: "brings enough", progress: 3, pauses: slices.Repeat([]time.Duration{19 * s}, 9), want: ".........", after: 171 * s},
		{name: "no header", header: time.Hour, err: "received nothing in 1m0s", after: 60 * s},
		{name: "a late header", whole: 5 * time.Minute, header: 250 * s, pauses: []time.Duration{51 * s}, err: "the answer took longer than 5m0s", after: 300 * s},
		{name: "no header, with a limit", whole: 5 * time.Minute, header: time.Hour, err: "the answer took longer than 5m0s", after: 300 * s},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				w := NewWatch(t.Context(), time.Minute, tt.whole)
				w.Progress = tt.progress
				var resp *http.Response
				err := Sleep(w.Context(), tt.header)
				if err == nil {
					resp = &http.Response{Body: &pausing{w.Context(), tt.pauses}}
				}
				var got strings.Builder
				resp, err = w.Answered(resp, err)
				for b := make([]byte, 8); err == nil; <-time.After(tt.reader) {
					var n int
					n, err = resp.Body.Read(b)
					got.Write(b[:n])
				}
				if resp != nil {
					resp.Body.Close()
				}
				if got.String() != tt.want {
					t.Errorf("read %q, want %q", got.String(), tt.want)
				}
				if took := time.Since(start); took != tt.after {
					t.Errorf("ended after %v, want %v", took, tt.after)
				}
				if w.Context().Err() == nil {
					t.Error("the request's context has not ended")
				}
				if tt.err == "" {
					if !errors.Is(err, io.EOF) {
						t.Errorf("ended with %v, want EOF", err)
					}
					return
				}
				if timeout, ok := errors.AsType[net.Error](err); err.Error() != tt.err || !ok || !timeout.Timeout() || !Temporary(err) {
					t.Errorf("ended with %v (%[1]T), want the time-out %q", err, tt.err)
				}
			})
		})
	}
}

// A request that the caller ends is not a time-out.
func TestWatchOfARequestThatTheCallerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := NewWatch(ctx, time.Minute, 0)
		resp, err := w.Answered(&http.Response{Body: &pausing{w.Context(), []time.Duration{time.Hour}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		time.AfterFunc(time.Second, cancel)
		if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
			t.Errorf("Read: %v, want %v", err, context.Canceled)
		}
	})
}

// A body may take as long as it takes, if the receiver takes some of it in each minute.
func TestWatchOfABodyThatIsSent(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		name   string
		pauses []time.Duration // between reads of the body
		header time.Duration   // until it comes after the body
		err    bool
		after  time.Duration
	}{
		{name: "slow", pauses: []time.Duration{59 * s, 59 * s, 59 * s}, header: 59 * s, after: 236 * s},
		{name: "stops", pauses: []time.Duration{59 * s, time.Hour}, err: true, after: 119 * s},
		{name: "no header", pauses: []time.Duration{59 * s}, header: time.Hour, err: true, after: 119 * s},
		{name: "no read", pauses: []time.Duration{time.Hour}, err: true, after: 60 * s},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				w := NewWatch(t.Context(), time.Minute, 0)
				body := w.Sent(io.NopCloser(strings.NewReader("a body")))
				var err error
				for _, pause := range tt.pauses {
					if err = Sleep(w.Context(), pause); err != nil {
						break
					}
					_, _ = body.Read(make([]byte, 1))
				}
				if err == nil {
					err = Sleep(w.Context(), tt.header)
				}
				resp, err := w.Answered(&http.Response{Body: http.NoBody}, err)
				if took := time.Since(start); took != tt.after || (err != nil) != tt.err {
					t.Errorf("ended after %v with %v, want after %v", took, err, tt.after)
				}
				if err != nil {
					if want := "nothing could be sent, and nothing was received, in 1m0s"; err.Error() != want || !Temporary(err) {
						t.Errorf("ended with %q, want %q", err, want)
					}
					return
				}
				_, _ = body.Read(make([]byte, 1)) // net/http may still do so
				_ = Sleep(t.Context(), time.Hour)
				if w.Context().Err() != nil {
					t.Error("the body ended the answer")
				}
				resp.Body.Close()
			})
		})
	}
}
