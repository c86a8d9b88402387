//go:build unix

package sink

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/bynder-cli/bynder/internal/download"
)

// deliver sends a file to what --output means, and returns the path shown.
func deliver(t *testing.T, dir, file string) string {
	t.Helper()
	out, err := ForOutput(t.Context(), dir, file, DirOptions{})
	if err != nil {
		t.Fatal(err)
	}
	shown := put(t, out.Sink, original(out.Name, "A"), whole)
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if out.Show != nil {
		return out.Show(shown)
	}
	return shown
}

func TestOutputIsAFile(t *testing.T) {
	abs := t.TempDir()
	t.Chdir(t.TempDir())
	for _, c := range []struct{ dir, file, want string }{
		{".", "a.jpg", "a.jpg"},
		{".", "./b.jpg", "b.jpg"},
		{".", "sub/a.jpg", "sub/a.jpg"},
		{"out", "a.jpg", "out/a.jpg"},
		{"out/", "sub/a.jpg", "out/sub/a.jpg"},
		{"out", filepath.Join(abs, "a.jpg"), filepath.Join(abs, "a.jpg")},
	} {
		if got := deliver(t, c.dir, c.file); got != c.want {
			t.Errorf("%s in %s is shown as %s, want %s", c.file, c.dir, got, c.want)
		}
		if content, err := os.ReadFile(c.want); err != nil || string(content) != whole {
			t.Errorf("%s in %s is %q, %v", c.file, c.dir, content, err)
		}
	}
}

func TestOutputIsAFolder(t *testing.T) {
	folder := t.TempDir()
	for _, file := range []string{"", ".", "..", folder, folder + "/", "new/", "/"} {
		if _, err := ForOutput(t.Context(), folder, file, DirOptions{}); err == nil {
			t.Errorf("%q is a file", file)
		} else if wantCode(t, err, download.CodeUsage) == "" {
			t.Errorf("%v has no hint", err)
		}
	}
}

func TestOutputIsADevice(t *testing.T) {
	before, err := os.Stat(os.DevNull)
	if err != nil {
		t.Skip(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	symlink(t, os.DevNull, link)
	for _, file := range []string{os.DevNull, link} {
		if got := deliver(t, ".", file); got != file {
			t.Errorf("it is shown as %s", got)
		}
	}
	if after, err := os.Stat(os.DevNull); err != nil || !os.SameFile(before, after) || after.Mode() != before.Mode() {
		t.Fatalf("%s was replaced: %v", os.DevNull, err)
	}
}

func TestOutputIsAFullDevice(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	out, err := ForOutput(t.Context(), ".", "/dev/full", DirOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	_, err = io.WriteString(begin(t, out.Sink, original(out.Name, "A"), object(whole)), whole)
	wantCode(t, err, download.CodeDiskFull)
}

func TestOutputIsAFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		t.Skip(err)
	}
	read := make(chan string)
	go func() {
		content, err := os.ReadFile(path)
		if err != nil {
			content = []byte(err.Error())
		}
		read <- string(content)
	}()
	deliver(t, ".", path)
	if got := <-read; got != whole {
		t.Errorf("read was %q", got)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the FIFO was replaced: %v", err)
	}
}

func TestFIFOWithoutAReaderEndsWithTheRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		t.Skip(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		outcome := make(chan error)
		go func() {
			_, err := ForOutput(ctx, ".", path, DirOptions{})
			outcome <- err
		}()
		synctest.Wait()
		cancel()
		wantCode(t, <-outcome, download.CodeInterrupted)
	})
}

func TestOutputIsADescriptor(t *testing.T) {
	// A regular file is streamed to as well, from where the descriptor is.
	path := filepath.Join(t.TempDir(), "log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write := func(s string) {
		if _, err := f.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	name := fmt.Sprintf("/dev/fd/%d", f.Fd())
	write("before ")
	if got := deliver(t, ".", name); got != name {
		t.Errorf("it is shown as %s", got)
	}
	write(" after")
	if content, err := os.ReadFile(path); err != nil || string(content) != "before "+whole+" after" {
		t.Errorf("the file is %q, %v", content, err)
	}
}

func TestReaderOfADescriptorIsGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	_ = r.Close()
	out, err := ForOutput(t.Context(), ".", fmt.Sprintf("/dev/fd/%d", w.Fd()), DirOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	_, err = io.WriteString(begin(t, out.Sink, original(out.Name, "A"), object(whole)), whole)
	wantCode(t, err, download.CodeLocal)
	if err == nil || !strings.Contains(err.Error(), ErrReaderGone.Error()) {
		t.Errorf("the error is %v", err)
	}
}

func TestDescriptorThatCannotBeWritten(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	folder, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	for _, fd := range []uintptr{f.Fd(), folder.Fd(), 1 << 20} {
		_, err := ForOutput(t.Context(), ".", fmt.Sprintf("/dev/fd/%d", fd), DirOptions{})
		if err == nil {
			t.Fatalf("descriptor %d was opened", fd)
		}
		wantCode(t, err, download.CodeLocal)
	}
}

func TestDescriptorNumber(t *testing.T) {
	for path, want := range map[string]int{
		"/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/63": 63, "/proc/self/fd/5": 5,
		"/dev/fd/": -1, "/dev/fd/x": -1, "/dev/fd/-1": -1, "/dev/fd/3/x": -1, "/dev/fd/99999999999": -1,
		"/dev/fdx": -1, "dev/fd/3": -1, "3": -1,
	} {
		got, ok := descriptorNumber(path)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("descriptorNumber(%q) = %d, %v", path, got, ok)
		}
	}
}
