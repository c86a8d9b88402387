package sink

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
)

// subject is a Sink under test and a look at what has been delivered.
type subject struct {
	sink download.Sink
	// delivered is what a user has: the final file, "" where there is none, or all
	// that came out of a stream.
	delivered func() string
}

// TestConformance holds every Sink to what download.Sink promises.
func TestConformance(t *testing.T) {
	const name = "photo.jpg"
	dir := func(opts DirOptions) func(*testing.T) subject {
		return func(t *testing.T) subject {
			folder := t.TempDir()
			return subject{newDir(t, folder, opts), func() string {
				content, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				return string(content)
			}}
		}
	}
	sinks := map[string]func(*testing.T) subject{
		"dir, fail":      dir(DirOptions{}),
		"dir, skip":      dir(DirOptions{IfExists: Skip}),
		"dir, overwrite": dir(DirOptions{IfExists: Overwrite}),
		"dir, rename":    dir(DirOptions{IfExists: Rename}),
		"dir, fsync":     dir(DirOptions{Fsync: true}),
		"file":           outputFile(name),
		"stream": func(*testing.T) subject {
			var out bytes.Buffer
			return subject{NewStream(&out, ""), out.String}
		},
	}
	for kind, make := range sinks {
		t.Run(kind, func(t *testing.T) {
			for _, c := range conformance {
				t.Run(c.promise, func(t *testing.T) { c.check(t, make(t), original(name, "A")) })
			}
		})
	}
}

// outputFile is the sink of --output FILE.
func outputFile(name string) func(*testing.T) subject {
	return func(t *testing.T) subject {
		path := filepath.Join(t.TempDir(), name)
		out, err := ForOutput(t.Context(), ".", path, DirOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = out.Close() })
		if out.Name != name {
			t.Fatalf("the name is %q", out.Name)
		}
		return subject{out.Sink, func() string {
			content, _ := os.ReadFile(path)
			return string(content)
		}}
	}
}

const whole, other = "the whole file", "another file!!"

var conformance = []struct {
	promise string
	check   func(t *testing.T, s subject, to download.Target)
}{
	{"a file that is written is delivered", func(t *testing.T, s subject, to download.Target) {
		p := begin(t, s.sink, to, object(whole))
		if p.Held() != 0 {
			t.Fatalf("a new file holds %d bytes", p.Held())
		}
		write(t, p, whole[:5])
		write(t, p, whole[5:])
		publish(t, p)
		wantDelivered(t, s, whole)
	}},
	{"an empty file is delivered", func(t *testing.T, s subject, to download.Target) {
		publish(t, begin(t, s.sink, to, object("")))
		wantDelivered(t, s, "")
	}},
	{"an object of unknown length is delivered", func(t *testing.T, s subject, to download.Target) {
		obj := object(whole)
		obj.Size = -1
		p := begin(t, s.sink, to, obj)
		write(t, p, whole)
		publish(t, p)
		wantDelivered(t, s, whole)
	}},
	{"what is kept is continued", func(t *testing.T, s subject, to download.Target) {
		keep(t, s.sink, to, object(whole), whole[:5])
		p := begin(t, s.sink, to, object(whole))
		if p.Held() != 5 {
			t.Fatalf("held is %d, want 5", p.Held())
		}
		if r, err := p.Prefix(); s.sink.CanRestart() {
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
	{"a whole file that is kept is published without another byte", func(t *testing.T, s subject, to download.Target) {
		keep(t, s.sink, to, object(whole), whole)
		p := begin(t, s.sink, to, object(whole))
		if p.Held() != int64(len(whole)) {
			t.Fatalf("held is %d", p.Held())
		}
		publish(t, p)
		wantDelivered(t, s, whole)
	}},
	{"what is discarded is gone, where it can be taken back", func(t *testing.T, s subject, to download.Target) {
		p := begin(t, s.sink, to, object(whole))
		write(t, p, other[:3])
		if err := p.Discard(); err != nil {
			t.Fatal(err)
		}
		p = begin(t, s.sink, to, object(whole))
		defer func() { _ = p.Discard() }()
		if s.sink.CanRestart() != (p.Held() == 0) {
			t.Errorf("CanRestart is %v, and held after Discard %d", s.sink.CanRestart(), p.Held())
		}
	}},
	{"bytes of one version are never joined with those of another", func(t *testing.T, s subject, to download.Target) {
		keep(t, s.sink, to, object(whole), whole[:5])
		p, err := s.sink.Begin(t.Context(), to, object(other))
		if !s.sink.CanRestart() {
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
	{"what storage names no version of is never continued", func(t *testing.T, s subject, to download.Target) {
		obj := object(whole)
		obj.ETag, obj.LastModified = `W/"1"`, time.Time{}
		keep(t, s.sink, to, obj, whole[:5])
		p, err := s.sink.Begin(t.Context(), to, obj)
		if !s.sink.CanRestart() {
			wantCode(t, err, download.CodeIntegrity)
			return
		}
		if err != nil || p.Held() != 0 {
			t.Fatalf("held %d, %v", p.Held(), err)
		}
		_ = p.Discard()
	}},
	{"a file that is too short is not published", func(t *testing.T, s subject, to download.Target) {
		p := begin(t, s.sink, to, object(whole))
		write(t, p, whole[:5])
		_, err := p.Publish(t.Context())
		wantCode(t, err, download.CodeIntegrity)
		if s.sink.CanRestart() {
			wantDelivered(t, s, "")
		}
	}},
	{"a file that is too long is not published", func(t *testing.T, s subject, to download.Target) {
		p := begin(t, s.sink, to, object(whole))
		write(t, p, whole+"!")
		_, err := p.Publish(t.Context())
		wantCode(t, err, download.CodeIntegrity)
		if s.sink.CanRestart() {
			wantDelivered(t, s, "")
		}
	}},
	{"nothing of an unfinished file has the final name", func(t *testing.T, s subject, to download.Target) {
		keep(t, s.sink, to, object(whole), whole[:5])
		if s.sink.CanRestart() {
			wantDelivered(t, s, "")
		}
	}},
	{"a partial ends once", func(t *testing.T, s subject, to download.Target) {
		p := begin(t, s.sink, to, object(whole))
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
	{"a preview changes nothing", func(t *testing.T, s subject, to download.Target) {
		at, err := s.sink.Preview(t.Context(), to, object(whole))
		if err != nil || at.Same || at.Replaces != nil || s.sink.CanRestart() && at.Path != to.Name {
			t.Fatalf("Preview = %+v, %v", at, err)
		}
		wantDelivered(t, s, "")
		put(t, s.sink, to, whole)
		if _, err = s.sink.Preview(t.Context(), to, object(whole)); s.sink.CanRestart() {
			wantPresent(t, err, download.Unchanged, to.Name)
		}
		wantDelivered(t, s, whole)
	}},
	{"the first file of a run gets its place when it begins, and when it is previewed", func(t *testing.T, s subject, to download.Target) {
		paths := download.NewPaths(s.sink, nil)
		for number := int64(1); number <= 2; number++ {
			to.Claim = paths.Claim(download.Job{Number: number}, func() {})
			var err error
			if number == 1 {
				_, err = s.sink.Preview(t.Context(), to, object(whole))
			} else {
				_ = begin(t, s.sink, to, object(whole)).Discard()
			}
			to.Claim.End(false) // for the next one
			if _, decided, refused := to.Claim.Got(); err != nil || !decided || refused != nil {
				t.Errorf("file %d: decided %t, %v, %v", number, decided, err, refused)
			}
		}
	}},
	{"nothing begins when the run has ended", func(t *testing.T, s subject, to download.Target) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantCode(t, beginErr(ctx, t, s.sink, to, object(whole)), download.CodeInterrupted)
	}},
}

func wantDelivered(t *testing.T, s subject, want string) {
	t.Helper()
	if got := s.delivered(); got != want {
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
