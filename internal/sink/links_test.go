//go:build unix

package sink

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

const treasure = "what must not be touched"

// symlink makes a link at path below folder, or skips the test.
func symlink(t *testing.T, target, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err)
	}
}

func TestFolderMayBeALink(t *testing.T) {
	folder, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	symlink(t, folder, link)
	put(t, newDir(t, link, DirOptions{}), original("b/a.jpg", "A"), whole)
	wantFiles(t, folder, map[string]string{"b/a.jpg": whole})
}

func TestLinkToAFolderInsideIsFollowed(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "real"), 0o777); err != nil {
		t.Fatal(err)
	}
	symlink(t, "real", filepath.Join(folder, "link"))
	put(t, newDir(t, folder, DirOptions{}), original("link/a.jpg", "A"), whole)
	wantFiles(t, folder, map[string]string{"link": "a link", "real/a.jpg": whole})
}

func TestFolderIsALinkThatLeadsNowhere(t *testing.T) {
	for _, policy := range []IfExists{Fail, Skip, Overwrite, Rename} {
		folder := t.TempDir()
		symlink(t, "nowhere", filepath.Join(folder, "link"))
		d := newDir(t, folder, DirOptions{IfExists: policy})
		for _, name := range []string{"link/a.jpg", "link/new/a.jpg"} {
			err := beginErr(t.Context(), t, d, original(name, "A"), object(whole))
			if hint := wantCode(t, err, download.CodeLocal); !strings.Contains(err.Error(), "is a link that leads nowhere: link") || !strings.HasPrefix(hint, "move it away") {
				t.Errorf("%v, hint %q", err, hint)
			}
		}
		wantFiles(t, folder, map[string]string{"link": "a link"})
	}
}

func TestLinkThatLeadsOutIsRefused(t *testing.T) {
	for _, policy := range []IfExists{Fail, Skip, Overwrite, Rename} {
		for _, absolute := range []bool{true, false} {
			parent := t.TempDir()
			folder, outside := filepath.Join(parent, "dir"), filepath.Join(parent, "outside")
			writeFile(t, filepath.Join(outside, "a.jpg"), treasure)
			target := filepath.Join("..", "outside")
			if absolute {
				target = outside
			}
			symlink(t, target, filepath.Join(folder, "sub"))
			d := newDir(t, folder, DirOptions{IfExists: policy})
			for _, name := range []string{"sub/a.jpg", "sub/new.jpg", "sub/new/new.jpg"} {
				err := beginErr(t.Context(), t, d, original(name, "A"), object(whole))
				if hint := wantCode(t, err, download.CodeLocal); !strings.Contains(hint, "symbolic link") {
					t.Errorf("%v: the hint is %q", err, hint)
				}
			}
			wantFiles(t, outside, map[string]string{"a.jpg": treasure})
		}
	}
}

func TestFinalNameIsALink(t *testing.T) {
	for _, target := range []string{"../outside", "/nowhere/at/all", "inside"} {
		for _, policy := range []IfExists{Fail, Skip, Overwrite, Rename} {
			t.Run(target+", "+policy.String(), func(t *testing.T) {
				parent := t.TempDir()
				folder := filepath.Join(parent, "dir")
				writeFile(t, filepath.Join(parent, "outside"), treasure)
				writeFile(t, filepath.Join(folder, "inside"), treasure)
				symlink(t, target, filepath.Join(folder, "a.jpg"))
				want := map[string]string{"inside": treasure, "a.jpg": "a link"}
				d := newDir(t, folder, DirOptions{IfExists: policy})
				switch policy {
				case Fail:
					wantCode(t, beginErr(t.Context(), t, d, original("a.jpg", "A"), object(whole)), download.CodeExists)
				case Skip:
					wantPresent(t, beginErr(t.Context(), t, d, original("a.jpg", "A"), object(whole)),
						download.Skipped, "a.jpg")
				case Overwrite: // takes the link's place
					put(t, d, original("a.jpg", "A"), whole)
					want["a.jpg"] = whole
				case Rename:
					put(t, d, original("a.jpg", "A"), whole)
					want["a-A.jpg"] = whole
				}
				wantFiles(t, folder, want)
				wantFiles(t, parent, prefixed(want, "outside", treasure))
			})
		}
	}
}

// prefixed is want as it looks from the folder above, with one more file.
func prefixed(want map[string]string, name, content string) map[string]string {
	above := map[string]string{name: content}
	for n, c := range want {
		above[filepath.Join("dir", n)] = c
	}
	return above
}

// Somebody put something else where the partial is going to be.
func TestPartialIsALink(t *testing.T) {
	path := partialName("a.jpg", original("", "A").Identity, object(whole))
	for what, lay := range map[string]func(victim, part string) error{
		"absolute link": os.Symlink,
		"relative link": func(_, part string) error { return os.Symlink("../outside", part) },
		"link inside":   func(_, part string) error { return os.Symlink("inside", part) },
		"hard link":     os.Link,
		"FIFO":          func(_, part string) error { return syscall.Mkfifo(part, 0o666) },
	} {
		t.Run(what, func(t *testing.T) {
			parent := t.TempDir()
			folder, victim := filepath.Join(parent, "dir"), filepath.Join(parent, "outside")
			writeFile(t, victim, whole[:5])
			writeFile(t, filepath.Join(folder, "inside"), whole[:5])
			if err := lay(victim, filepath.Join(folder, path)); err != nil {
				t.Skip(err)
			}
			put(t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), whole)
			wantFiles(t, parent, map[string]string{"outside": whole[:5], "dir/inside": whole[:5], "dir/a.jpg": whole})
		})
	}
}

func TestFIFOInTheWay(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(folder, "a.jpg"), 0o666); err != nil {
		t.Skip(err)
	}
	for _, policy := range []IfExists{Fail, Skip, Overwrite, Rename} {
		d := newDir(t, folder, DirOptions{IfExists: policy})
		wantCode(t, beginErr(t.Context(), t, d, original("a.jpg", "A"), object(whole)), download.CodeLocal)
	}
}

func TestFIFOThatAppearsMeanwhileStays(t *testing.T) {
	for _, policy := range []IfExists{Fail, Overwrite} {
		folder := t.TempDir()
		p := begin(t, newDir(t, folder, DirOptions{IfExists: policy}), original("a.jpg", "A"), object(whole))
		write(t, p, whole)
		fifo := filepath.Join(folder, "a.jpg")
		if err := syscall.Mkfifo(fifo, 0o666); err != nil {
			t.Skip(err)
		}
		_, err := p.Publish(t.Context())
		wantCode(t, err, download.CodeLocal)
		if info, err := os.Lstat(fifo); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
			t.Errorf("%s: the FIFO was replaced: %v", policy, err)
		}
	}
}

// Where NFS asks its server for a link twice, the second answer is that the name
// is taken: by our own file.
func TestFinalNameIsOurFileAlready(t *testing.T) {
	folder := t.TempDir()
	obj := object(whole)
	obj.ETag, obj.Size = "", -1
	p := begin(t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), obj)
	write(t, p, whole)
	if err := os.Link(filepath.Join(folder, p.(*filePartial).path), filepath.Join(folder, "a.jpg")); err != nil {
		t.Skip(err)
	}
	publish(t, p)
	wantFiles(t, folder, map[string]string{"a.jpg": whole})
}

func TestNameTooLong(t *testing.T) {
	d := newDir(t, t.TempDir(), DirOptions{})
	err := beginErr(t.Context(), t, d, original(strings.Repeat("n", 256), "A"), object(whole))
	if hint := wantCode(t, err, download.CodeLocal); !strings.Contains(hint, "--name") {
		t.Errorf("the hint is %q", hint)
	}
	// As long as a file's name can be, and so too long for the partial's.
	put(t, d, original(strings.Repeat("n", 255), "A"), whole)
}

func TestFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, treasure)
	for _, path := range []string{file, filepath.Join(file, "below")} {
		_, err := NewDir(path, DirOptions{})
		if err == nil {
			t.Fatalf("%s is a folder", path)
		}
		wantCode(t, err, download.CodeLocal)
	}
}

// A partial of another user's, who was killed, is left to that one.
func TestForbiddenPartial(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("nothing is forbidden to root")
	}
	folder := t.TempDir()
	to := original("a.jpg", "A")
	keep(t, newDir(t, folder, DirOptions{}), to, object(whole), whole[:5])
	partials, _ := filepath.Glob(filepath.Join(folder, "*.part"))
	if len(partials) != 1 {
		t.Fatalf("partials %q", partials)
	}
	if err := os.Chmod(partials[0], 0); err != nil {
		t.Fatal(err)
	}
	put(t, newDir(t, folder, DirOptions{}), to, whole)
	if err := os.Chmod(partials[0], 0o600); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, folder, map[string]string{"a.jpg": whole, "a.jpg.part": whole[:5]})
}

func TestForbiddenFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("nothing is forbidden to root")
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	err := beginErr(t.Context(), t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), object(whole))
	if hint := wantCode(t, err, download.CodeLocal); !strings.Contains(hint, "another folder") || !errors.Is(err, os.ErrPermission) {
		t.Errorf("%v: the hint is %q", err, hint)
	}
}
