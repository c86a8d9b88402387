package retry

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

func TestAwaitReturnsWhatTheCallReturns(t *testing.T) {
	n, err := Await(t.Context(), func() (int, error) { return 7, io.ErrShortWrite })
	if n != 7 || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("Await = %d, %v; want 7, %v", n, err, io.ErrShortWrite)
	}
}

// A call that never returns does not hold up the end, and what it returns too late is dropped; its goroutine
// ends then, which synctest checks.
func TestAwaitLeavesACallBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := errors.New("ended")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(ended) })
		start, release := time.Now(), make(chan struct{})
		n, err := Await(ctx, func() (int, error) { <-release; return 7, nil })
		if took := time.Since(start); n != 0 || !errors.Is(err, ended) || took != time.Second {
			t.Errorf("Await = %d, %v after %v; want 0, %v after 1s", n, err, took, ended)
		}
		close(release)
	})
}

func TestAwaitMakesNoCallAfterTheEnd(t *testing.T) {
	ended := errors.New("ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ended)
	_, err := Await(ctx, func() (int, error) { t.Error("called"); return 0, nil })
	if !errors.Is(err, ended) {
		t.Errorf("error %v, want %v", err, ended)
	}
}
