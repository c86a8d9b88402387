// Package sinktest has the conformance suite of download.Sink, for the tests of its implementations.
package sinktest

import (
	"context"
	"crypto/md5" //nolint:gosec // storage computes it
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// Name is the path of the file that the suite writes.
const Name = "photo.jpg"

// Subject is a Sink under test and a look at what it has delivered.
type Subject struct {
	Sink download.Sink
	// Delivered returns what a user has: the final file, "" if there is none, or all that came out of a stream.
	Delivered func() string
}

// Run holds a Sink to what download.Sink promises. It makes a new one for each promise.
func Run(t *testing.T, make func(*testing.T) Subject) {
	for _, c := range conformance {
		t.Run(c.promise, func(t *testing.T) {
			c.check(t, make(t), download.Target{
				Name: Name, Identity: download.FileID{Portal: "portal.example", MediaID: "A", Selector: "original"}, Key: "A",
			})
		})
	}
}

const whole, other = "the whole file", "another file!!"

var conformance = []struct {
	promise string
	check   func(t *testing.T, s Subject, to download.Target)
}{
	{"a file that is written is delivered", func(t *testing.T, s Subject, to download.Target) {
		p := begin(t, s.Sink, to, object(whole))
		if p.Held() != 0 {
			t.Fatalf("a new file holds %d bytes", p.Held())
		}
		write(t, p, whole[:5])
		write(t, p, whole[5:])
		publish(t, p)
		wantDelivered(t, s, whole)
	}},
	{"an empty file is delivered", func(t *testing.T, s Subject, to download.Target) {
		publish(t, begin(t, s.Sink, to, object("")))
		wantDelivered(t, s, "")
	}},
	{"an object of unknown length is delivered", func(t *testing.T, s Subject, to download.Target) {
		obj := object(whole)
		obj.Size = -1
		p := begin(t, s.Sink, to, obj)
		write(t, p, whole)
		publish(t, p)
		wantDelivered(t, s, whole)
	}},
	{"what is kept is continued", func(t *testing.T, s Subject, to download.Target) {
		keep(t, s.Sink, to, object(whole), whole[:5])
		p := begin(t, s.Sink, to, object(whole))
		if p.Held() != 5 {
			t.Fatalf("held is %d, want 5", p.Held())
		}
		if r, err := p.Prefix(); s.Sink.CanRestart() {
			wantRead(t, r, err, whole[:5])
			write(t, p, whole[5:])
			wantRead(t, r, err, whole[5:]) // the same reader finds what is new
		} else {
			if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("what was delivered can be read again: %v", err)
			}
			write(t, p, whole[5:])
		}
		publish(t, p)
		wantDelivered(t, s, whole)
	}},
	{"a whole file that is kept is published without another byte", func(t *testing.T, s Subject, to download.Target) {
		keep(t, s.Sink, to, object(whole), whole)
		p := begin(t, s.Sink, to, object(whole))
		if p.Held() != int64(len(whole)) {
			t.Fatalf("held is %d", p.Held())
		}
		publish(t, p)
		wantDelivered(t, s, whole)
	}},
	{"what is discarded is gone, where it can be taken back", func(t *testing.T, s Subject, to download.Target) {
		p := begin(t, s.Sink, to, object(whole))
		write(t, p, other[:3])
		if err := p.Discard(); err != nil {
			t.Fatal(err)
		}
		p = begin(t, s.Sink, to, object(whole))
		defer func() { _ = p.Discard() }()
		if s.Sink.CanRestart() != (p.Held() == 0) {
			t.Errorf("CanRestart is %v, and held after Discard %d", s.Sink.CanRestart(), p.Held())
		}
	}},
	{"bytes of one version are never joined with those of another", func(t *testing.T, s Subject, to download.Target) {
		keep(t, s.Sink, to, object(whole), whole[:5])
		p, err := s.Sink.Begin(t.Context(), to, object(other))
		if !s.Sink.CanRestart() {
			wantCode(t, err, download.CodeIntegrity)
			return
		}
		if err != nil || p.Held() != 0 {
			t.Fatalf("Begin of another version: held %d, %v", p.Held(), err)
		}
		write(t, p, other)
		publish(t, p)
		wantDelivered(t, s, other)
	}},
	{"what storage names no version of is never continued", func(t *testing.T, s Subject, to download.Target) {
		obj := object(whole)
		obj.ETag, obj.LastModified = `W/"1"`, time.Time{}
		keep(t, s.Sink, to, obj, whole[:5])
		p, err := s.Sink.Begin(t.Context(), to, obj)
		if !s.Sink.CanRestart() {
			wantCode(t, err, download.CodeIntegrity)
			return
		}
		if err != nil || p.Held() != 0 {
			t.Fatalf("held %d, %v", p.Held(), err)
		}
		_ = p.Discard()
	}},
	{"a file that is too short is not published", func(t *testing.T, s Subject, to download.Target) {
		p := begin(t, s.Sink, to, object(whole))
		write(t, p, whole[:5])
		_, err := p.Publish(t.Context())
		wantCode(t, err, download.CodeIntegrity)
		if s.Sink.CanRestart() {
			wantDelivered(t, s, "")
		}
	}},
	{"a file that is too long is not published", func(t *testing.T, s Subject, to download.Target) {
		p := begin(t, s.Sink, to, object(whole))
		write(t, p, whole+"!")
		_, err := p.Publish(t.Context())
		wantCode(t, err, download.CodeIntegrity)
		if s.Sink.CanRestart() {
			wantDelivered(t, s, "")
		}
	}},
	{"nothing of an unfinished file has the final name", func(t *testing.T, s Subject, to download.Target) {
		keep(t, s.Sink, to, object(whole), whole[:5])
		if s.Sink.CanRestart() {
			wantDelivered(t, s, "")
		}
	}},
	{"a partial ends once", func(t *testing.T, s Subject, to download.Target) {
		p := begin(t, s.Sink, to, object(whole))
		write(t, p, whole)
		publish(t, p)
		if n, err := p.Write([]byte("more")); n != 0 || err == nil {
			t.Errorf("Write after Publish = %d, %v", n, err)
		}
		if _, err := p.Publish(t.Context()); err == nil {
			t.Error("a second Publish succeeded")
		}
		if err := errors.Join(p.Keep(), p.Discard()); err != nil {
			t.Errorf("Keep and Discard after Publish: %v", err)
		}
		wantDelivered(t, s, whole)
	}},
	{"a preview changes nothing", func(t *testing.T, s Subject, to download.Target) {
		at, err := s.Sink.Preview(t.Context(), to, object(whole))
		if err != nil || at.Same || at.Replaces != nil || s.Sink.CanRestart() && at.Path != to.Name {
			t.Fatalf("Preview = %+v, %v", at, err)
		}
		wantDelivered(t, s, "")
		put(t, s.Sink, to, whole)
		if _, err = s.Sink.Preview(t.Context(), to, object(whole)); s.Sink.CanRestart() {
			wantPresent(t, err, download.Unchanged, to.Name)
		}
		wantDelivered(t, s, whole)
	}},
	{"the first file of a run gets its place when it begins, and when it is previewed", func(t *testing.T, s Subject, to download.Target) {
		paths := download.NewPaths(s.Sink, nil)
		for number := int64(1); number <= 2; number++ {
			to.Claim = paths.Claim(download.Job{Number: number}, func() {})
			var err error
			if number == 1 {
				_, err = s.Sink.Preview(t.Context(), to, object(whole))
			} else {
				_ = begin(t, s.Sink, to, object(whole)).Discard()
			}
			to.Claim.End(false) // for the next one
			if _, decided, refused := to.Claim.Got(); err != nil || !decided || refused != nil {
				t.Errorf("file %d: decided %t, %v, %v", number, decided, err, refused)
			}
		}
	}},
	{"nothing begins when the run has ended", func(t *testing.T, s Subject, to download.Target) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantCode(t, beginErr(ctx, t, s.Sink, to, object(whole)), download.CodeInterrupted)
	}},
}

func wantDelivered(t *testing.T, s Subject, want string) {
	t.Helper()
	if got := s.Delivered(); got != want {
		t.Errorf("delivered is %q, want %q", got, want)
	}
}

func wantRead(t *testing.T, r io.Reader, err error, want string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != want {
		t.Errorf("the prefix is %q, %v, want %q", got, err, want)
	}
}

var lastModified = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// object returns what storage says of content that was put in one piece.
func object(content string) transfer.Object {
	return transfer.Object{
		Size:         int64(len(content)),
		ETag:         fmt.Sprintf(`"%x"`, md5.Sum([]byte(content))),
		LastModified: lastModified,
	}
}

func begin(t *testing.T, s download.Sink, to download.Target, obj transfer.Object) download.Partial {
	t.Helper()
	p, err := s.Begin(t.Context(), to, obj)
	if err != nil {
		t.Fatalf("Begin(%s): %v", to.Name, err)
	}
	return p
}

func write(t *testing.T, p download.Partial, content string) {
	t.Helper()
	if n, err := io.WriteString(p, content); err != nil || n != len(content) {
		t.Fatalf("Write = %d, %v", n, err)
	}
}

func publish(t *testing.T, p download.Partial) string {
	t.Helper()
	path, err := p.Publish(t.Context())
	if err != nil {
		t.Fatalf("Publish: %v", err)
	}
	return path
}

// put receives content at to, whole.
func put(t *testing.T, s download.Sink, to download.Target, content string) string {
	t.Helper()
	p := begin(t, s, to, object(content))
	write(t, p, content[p.Held():])
	return publish(t, p)
}

// keep receives the first n bytes of an object and leaves them.
func keep(t *testing.T, s download.Sink, to download.Target, obj transfer.Object, content string) {
	t.Helper()
	p := begin(t, s, to, obj)
	write(t, p, content)
	if err := p.Keep(); err != nil {
		t.Fatal(err)
	}
}

// wantPresent checks that Begin said that nothing needs to be done.
func wantPresent(t *testing.T, err error, status download.Status, path string) {
	t.Helper()
	var p *download.Present
	if !errors.As(err, &p) {
		t.Fatalf("the error is %v, want %s", err, status)
	}
	if p.Status != status || p.Path != path {
		t.Errorf("present is %s at %s, want %s at %s", p.Status, p.Path, status, path)
	}
}

// wantCode checks an error's code.
func wantCode(t *testing.T, err error, code download.Code) {
	t.Helper()
	var e *download.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v, want one with code %s", err, code)
	}
	if e.Code != code {
		t.Errorf("the code of %q is %s, want %s", e, e.Code, code)
	}
}

// beginErr returns the error of a Begin that must not succeed.
func beginErr(ctx context.Context, t *testing.T, s download.Sink, to download.Target, obj transfer.Object) error {
	t.Helper()
	p, err := s.Begin(ctx, to, obj)
	if err == nil {
		_ = p.Discard()
		t.Fatalf("Begin(%s) succeeded", to.Name)
	}
	return err
}
