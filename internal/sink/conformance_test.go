package sink

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bynder-cli/bynder/internal/sink/sinktest"
)

// TestConformance holds every Sink to what download.Sink promises.
func TestConformance(t *testing.T) {
	const name = sinktest.Name
	dir := func(opts DirOptions) func(*testing.T) sinktest.Subject {
		return func(t *testing.T) sinktest.Subject {
			folder := t.TempDir()
			return sinktest.Subject{Sink: newDir(t, folder, opts), Delivered: func() string {
				content, err := os.ReadFile(filepath.Join(folder, name))
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				return string(content)
			}}
		}
	}
	sinks := map[string]func(*testing.T) sinktest.Subject{
		"dir, fail":      dir(DirOptions{}),
		"dir, skip":      dir(DirOptions{IfExists: Skip}),
		"dir, overwrite": dir(DirOptions{IfExists: Overwrite}),
		"dir, rename":    dir(DirOptions{IfExists: Rename}),
		"dir, fsync":     dir(DirOptions{Fsync: true}),
		"file":           outputFile(name),
		"stream": func(*testing.T) sinktest.Subject {
			var out bytes.Buffer
			return sinktest.Subject{Sink: NewStream(&out, ""), Delivered: out.String}
		},
	}
	for kind, make := range sinks {
		t.Run(kind, func(t *testing.T) { sinktest.Run(t, make) })
	}
}

// outputFile is the sink of --output FILE.
func outputFile(name string) func(*testing.T) sinktest.Subject {
	return func(t *testing.T) sinktest.Subject {
		path := filepath.Join(t.TempDir(), name)
		out, err := ForOutput(t.Context(), ".", path, DirOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = out.Close() })
		if out.Name != name {
			t.Fatalf("the name is %q", out.Name)
		}
		return sinktest.Subject{Sink: out.Sink, Delivered: func() string {
			content, _ := os.ReadFile(path)
			return string(content)
		}}
	}
}
