package sink

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// tinyDisk mounts a file system of 64 KiB, or skips the test.
func tinyDisk(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := unix.Mount("none", folder, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no file system can be mounted: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
	return folder
}

func TestDiskFull(t *testing.T) {
	folder := tinyDisk(t)
	content := strings.Repeat("0123456789abcdef", 8<<10) // 128 KiB
	d := newDir(t, folder, DirOptions{})
	p := begin(t, d, original("a.jpg", "A"), object(content))
	n, err := p.Write([]byte(content))
	if hint := wantCode(t, err, download.CodeDiskFull); !strings.Contains(hint, "space") {
		t.Errorf("the hint is %q", hint)
	}
	if n <= 0 || n >= len(content) {
		t.Errorf("%d bytes were written", n)
	}
	if err := p.Keep(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", folder, "tmpfs", unix.MS_REMOUNT, "size=1m"); err != nil {
		t.Fatal(err)
	}
	p = begin(t, d, original("a.jpg", "A"), object(content))
	if p.Held() != int64(n) {
		t.Errorf("held is %d, want %d", p.Held(), n)
	}
	write(t, p, content[p.Held():])
	name := publish(t, p)
	if got, err := os.ReadFile(d.Show(name)); err != nil || !bytes.Equal(got, []byte(content)) {
		t.Errorf("the file has %d bytes, %v", len(got), err)
	}
}

// A real file system is asked for its free space before anything is written.
func TestDiskThatIsTooSmall(t *testing.T) {
	folder := tinyDisk(t)
	_, err := newDir(t, folder, DirOptions{}).Begin(t.Context(), original("a.jpg", "A"), transfer.Object{Size: smallFile, ETag: `"a"`})
	if wantCode(t, err, download.CodeDiskFull); !strings.Contains(err.Error(), "16777216 bytes are needed") {
		t.Errorf("error %v", err)
	}
	if got := files(t, folder); len(got) != 0 {
		t.Errorf("the folder has %q", got)
	}
}

func TestReadOnlyDisk(t *testing.T) {
	folder := tinyDisk(t)
	put(t, newDir(t, folder, DirOptions{}), original("there.jpg", "A"), whole)
	if err := unix.Mount("none", folder, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skip(err)
	}
	d := newDir(t, folder, DirOptions{})
	err := beginErr(t.Context(), t, d, original("a.jpg", "A"), object(whole))
	if hint := wantCode(t, err, download.CodeLocal); !strings.Contains(hint, "read-only") {
		t.Errorf("the hint is %q", hint)
	}
	// What is there already needs no writing.
	err = beginErr(t.Context(), t, d, original("there.jpg", "A"), object(whole))
	wantPresent(t, err, download.Unchanged, "there.jpg")
}

func TestTooManyOpenFiles(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{})
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	few := was
	few.Cur = 3 // the root's own is beyond
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Skip(err)
	}
	_, err := d.Begin(t.Context(), original("a.jpg", "A"), object(whole))
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if hint := wantCode(t, err, download.CodeLocal); !strings.Contains(hint, "--jobs") {
		t.Errorf("the hint is %q", hint)
	}
	put(t, d, original("a.jpg", "A"), whole)
}

// A file that is being received costs one open file, and one that is there none.
func TestOneOpenFileEach(t *testing.T) {
	d := newDir(t, t.TempDir(), DirOptions{Fsync: true})
	count := func() int {
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(open)
	}
	before := count()
	var partials []download.Partial
	for _, id := range []string{"A", "B", "C"} {
		p := begin(t, d, original("sub/"+id, id), object(whole))
		write(t, p, whole)
		partials = append(partials, p)
	}
	if got := count() - before; got != 3 {
		t.Errorf("3 files being received cost %d open files", got)
	}
	publish(t, partials[0])
	_ = partials[1].Keep()
	_ = partials[2].Discard()
	if got := count() - before; got != 0 {
		t.Errorf("%d files stayed open", got)
	}
}
