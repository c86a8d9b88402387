package sink

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// childMode makes the test binary play another process; see child.
const childMode = "SINK_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childMode); mode != "" {
		if err := child(mode, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

const whole, other = "the whole file", "another file!!"

var lastModified = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// object is what storage says of content that was put in one piece.
func object(content string) transfer.Object {
	return transfer.Object{
		Size:         int64(len(content)),
		ETag:         fmt.Sprintf(`"%x"`, md5.Sum([]byte(content))),
		LastModified: lastModified,
	}
}

// opaque is what storage says of content whose ETag is no digest.
func opaque(content string) transfer.Object {
	obj := object(content)
	obj.KeyedEncryption = true
	return obj
}

// fileID identifies the original of an asset.
func fileID(id string) download.FileID {
	return download.FileID{Portal: "portal.example", MediaID: id, Selector: "original"}
}

// original is a target for the original of an asset.
func original(name, id string) download.Target {
	return download.Target{Name: name, Identity: fileID(id), Key: id}
}

func newDir(t *testing.T, path string, opts DirOptions) *Dir {
	t.Helper()
	d, err := NewDir(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
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

// kill leaves a partial as SIGKILL does: the system closes the file, and nothing
// else happens.
func kill(p download.Partial) {
	f := p.(*filePartial)
	_ = f.file.Close()
	f.release()
	f.release = nil
}

// files lists what is below folder, with contents; of a partial the name ends
// where its hashes begin.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		if e.Type()&fs.ModeSymlink != 0 {
			found[name] = "a link"
			return nil
		}
		content, err := os.ReadFile(path)
		if match := sharedPartial().FindStringSubmatch(name); match != nil {
			name = match[1][:len(match[1])-17] + ".part"
		}
		found[name] += string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func wantFiles(t *testing.T, folder string, want map[string]string) {
	t.Helper()
	native := map[string]string{}
	for name, content := range want {
		native[filepath.FromSlash(name)] = content
	}
	if got, want := files(t, folder), native; !maps.Equal(got, want) {
		t.Errorf("the folder has %q, want %q", got, want)
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

// wantCode checks an error's code and returns its hint.
func wantCode(t *testing.T, err error, code download.Code) string {
	t.Helper()
	var e *download.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v, want one with code %s", err, code)
	}
	if e.Code != code {
		t.Errorf("the code of %q is %s, want %s", e, e.Code, code)
	}
	return e.Hint()
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// beginErr is the error of a Begin that must not succeed.
func beginErr(ctx context.Context, t *testing.T, s download.Sink, to download.Target, obj transfer.Object) error {
	t.Helper()
	p, err := s.Begin(ctx, to, obj)
	if err == nil {
		_ = p.Discard()
		t.Fatalf("Begin(%s) succeeded", to.Name)
	}
	return err
}
