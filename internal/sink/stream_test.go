package sink

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

func TestStreamTakesOneFile(t *testing.T) {
	var out bytes.Buffer
	s := NewStream(&out, "/dev/fd/3")
	p := begin(t, s, original("a.jpg", "A"), object(whole))
	wantCode(t, beginErr(t.Context(), t, s, original("b.jpg", "B"), object(other)), download.CodeUsage)
	write(t, p, whole)
	if got := publish(t, p); got != "/dev/fd/3" {
		t.Errorf("it is shown as %q", got)
	}
	wantCode(t, beginErr(t.Context(), t, s, original("b.jpg", "B"), object(other)), download.CodeUsage)
	if out.String() != whole {
		t.Errorf("delivered is %q", out.String())
	}
}

func TestStandardOutputIsNotShown(t *testing.T) {
	p := begin(t, NewStream(io.Discard, ""), original("a.jpg", "A"), object(whole))
	write(t, p, whole)
	if got := publish(t, p); got != "" {
		t.Errorf("it is shown as %q", got)
	}
}

// A writer that keeps the first limit bytes and then fails.
type failingWriter struct {
	limit int
	err   error
}

func (w *failingWriter) Write(b []byte) (int, error) {
	n := min(len(b), w.limit)
	w.limit -= n
	if n < len(b) {
		return n, w.err
	}
	return n, nil
}

func TestStreamErrors(t *testing.T) {
	for what, c := range map[string]struct {
		err  error
		code download.Code
		gone bool
	}{
		"the reader is gone":     {readerGone[0], download.CodeLocal, true},
		"a full disk":            {diskFull[0], download.CodeDiskFull, false},
		"anything else":          {errors.New("odd"), download.CodeLocal, false},
		"a writer that is short": {nil, download.CodeLocal, false},
	} {
		t.Run(what, func(t *testing.T) {
			p := begin(t, NewStream(&failingWriter{5, c.err}, ""), original("a.jpg", "A"), object(whole))
			n, err := io.WriteString(p, whole)
			if n != 5 {
				t.Errorf("%d bytes were written", n)
			}
			wantCode(t, err, c.code)
			if errors.Is(err, ErrReaderGone) != c.gone {
				t.Errorf("%v is ErrReaderGone: %v", err, !c.gone)
			}
			if _, again := io.WriteString(p, "x"); !errors.Is(again, err) {
				t.Errorf("the next write: %v", again)
			}
			if _, published := p.Publish(t.Context()); !errors.Is(published, err) {
				t.Errorf("Publish: %v", published)
			}
		})
	}
}

// A reader that has stopped reading does not hold up the end of the run.
func TestBlockedStreamEndsWithTheRun(t *testing.T) {
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	p, err := NewStream(w, "").Begin(ctx, original("a.jpg", "A"), object(whole))
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan struct{})
	go func() {
		var first [1]byte
		_, _ = r.Read(first[:])
		close(began)
	}()
	go func() { <-began; cancel() }()
	buf := []byte(whole)
	_, err = p.Write(buf)
	wantCode(t, err, download.CodeInterrupted)
	clear(buf) // the caller may use it again
	if err := p.Keep(); err != nil {
		t.Error(err)
	}
	rest := make([]byte, len(whole)-1)
	if _, err := io.ReadFull(r, rest); err != nil || string(rest) != whole[1:] {
		t.Errorf("the rest is %q, %v", rest, err)
	}
}
