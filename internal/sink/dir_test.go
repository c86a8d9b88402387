package sink

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/transfer"
)

func TestPathsAreShownAsTheUserWroteTheFolder(t *testing.T) {
	abs := t.TempDir()
	t.Chdir(t.TempDir())
	sep := string(filepath.Separator)
	for _, c := range []struct{ dir, name, want string }{
		{"", "a.jpg", "a.jpg"},
		{".", "a.jpg", "a.jpg"},
		{"." + sep, "b/a.jpg", filepath.Join("b", "a.jpg")},
		{"." + sep + "out", "a.jpg", "." + sep + "out" + sep + "a.jpg"},
		{"out" + sep, "a.jpg", "out" + sep + "a.jpg"},
		{abs, "a.jpg", abs + sep + "a.jpg"},
	} {
		d := newDir(t, c.dir, DirOptions{})
		name := put(t, d, original(c.name, c.dir), "content of "+c.dir)
		if name != filepath.FromSlash(c.name) {
			t.Errorf("in %q the file %s has the name %q", c.dir, c.name, name)
		}
		if got := d.Show(name); got != c.want {
			t.Errorf("in %q the file %s is shown as %q, want %q", c.dir, c.name, got, c.want)
		}
		if err := os.Remove(c.want); err != nil {
			t.Errorf("what is shown is not where the file is: %v", err)
		}
	}
}

func TestFileHasTimeAndMode(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "usual"), "")
	usual, err := os.Stat(filepath.Join(folder, "usual"))
	if err != nil {
		t.Fatal(err)
	}
	d := newDir(t, folder, DirOptions{})
	info, err := os.Stat(d.Show(put(t, d, original("a.jpg", "A"), whole)))
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(lastModified) {
		t.Errorf("mtime is %v, want %v", info.ModTime(), lastModified)
	}
	if info.Mode() != usual.Mode() {
		t.Errorf("mode is %v, where a file usually has %v", info.Mode(), usual.Mode())
	}
}

func TestFoldersAreMade(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "folder")
	put(t, newDir(t, folder, DirOptions{Fsync: true}), original("a/b/c.jpg", "A"), whole)
	wantFiles(t, folder, map[string]string{filepath.Join("a", "b", "c.jpg"): whole})
}

func TestNamesThatAreNoPathBelowAFolder(t *testing.T) {
	d := newDir(t, t.TempDir(), DirOptions{})
	for _, name := range []string{"", ".", "..", "../a", "/a", "a/../../b", "a//b", "a/", "./a"} {
		wantCode(t, beginErr(t.Context(), t, d, original(name, "A"), object(whole)), download.CodeLocal)
	}
}

func TestPartialNameLeavesRoom(t *testing.T) {
	for _, name := range []string{"a.jpg", strings.Repeat("n", naming.MaxName), strings.Repeat("é", 127) + ".jpg"} {
		path := partialName("folder/"+name, fileID("A"), object(whole))
		base := filepath.Base(path)
		if len(base) > 255 || !strings.HasSuffix(base, ".part") || filepath.Dir(path) != "folder" {
			t.Errorf("the partial of a name of %d bytes is %s of %d bytes", len(name), path, len(base))
		}
		if private := filepath.Base(privateName(name, fileID("A"))); len(private) > 255 || sharedPartial().MatchString(private) {
			t.Errorf("the private partial is %s", private)
		}
	}
}

func TestPartialNameIsTheIdentity(t *testing.T) {
	base := partialName("a.jpg", fileID("A"), object(whole))
	same := object(whole)
	same.LastModified = same.LastModified.Add(time.Hour)
	if got := partialName("a.jpg", fileID("A"), same); got != base {
		t.Error("the time counts although there is a strong ETag")
	}
	longer, weak, weakLater := object(whole), object(whole), object(whole)
	longer.Size++
	weak.ETag = "W/" + weak.ETag
	weakLater.ETag, weakLater.LastModified = weak.ETag, weak.LastModified.Add(time.Second)
	seen := map[string]string{base: "the file"}
	for what, name := range map[string]string{
		"another identity": partialName("a.jpg", fileID("B"), object(whole)),
		"another name":     partialName("b.jpg", fileID("A"), object(whole)),
		"another ETag":     partialName("a.jpg", fileID("A"), object(other)),
		"another size":     partialName("a.jpg", fileID("A"), longer),
		"a weak ETag":      partialName("a.jpg", fileID("A"), weak),
		"another time":     partialName("a.jpg", fileID("A"), weakLater),
	} {
		if twin, ok := seen[name]; ok {
			t.Errorf("%s has the partial of %s", what, twin)
		}
		seen[name] = what
	}
}

// The name is the first 16 digits of sha256("file\0portal.example\nA\noriginal") and of
// sha256("etag\0ETAG\05"), as every version of this program has made them.
func TestPartialOfAnEarlierVersionIsContinued(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "a.txt.c1cbf7c6c540912f-1e0bb993c6d94e9b.part"), "hel")
	obj := transfer.Object{Size: 5, ETag: `"5d41402abc4b2a76b9719d911017c592"`, LastModified: lastModified}
	p := begin(t, newDir(t, folder, DirOptions{}), original("a.txt", "A"), obj)
	if p.Held() != 3 {
		t.Errorf("held is %d, want 3", p.Held())
	}
	write(t, p, "lo")
	publish(t, p)
	wantFiles(t, folder, map[string]string{"a.txt": "hello"})
}

func TestOtherVersionsAreCleanedUp(t *testing.T) {
	folder := t.TempDir()
	keep(t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), object(whole), whole[:5])
	keep(t, newDir(t, folder, DirOptions{}), original("a.jpg", "B"), object(whole), whole[:6])
	keep(t, newDir(t, folder, DirOptions{}), original("b.jpg", "A"), object(whole), whole[:7])
	writeFile(t, filepath.Join(folder, "foreign.part"), "not ours")
	put(t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), other)
	wantFiles(t, folder, map[string]string{
		"a.jpg":        other,
		"a.jpg.part":   whole[:6], // another identity
		"b.jpg.part":   whole[:7], // another name
		"foreign.part": "not ours",
	})
}

func TestOtherVersionInUseIsLeftAlone(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{})
	busy := begin(t, d, original("a.jpg", "A"), object(whole))
	write(t, busy, whole[:5])
	for _, same := range []*Dir{d, newDir(t, folder, DirOptions{})} {
		p := begin(t, same, original("a.jpg", "A"), object(other))
		if err := p.Discard(); err != nil {
			t.Fatal(err)
		}
	}
	write(t, busy, whole[5:])
	publish(t, busy)
	wantFiles(t, folder, map[string]string{"a.jpg": whole})
}

func TestVersionKeptInThisRunIsCleanedUpInThisRun(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{})
	put(t, d, original("first.jpg", "F"), whole) // the folder has been read
	keep(t, d, original("a.jpg", "A"), object(whole), whole[:5])
	put(t, d, original("a.jpg", "A"), other)
	wantFiles(t, folder, map[string]string{"a.jpg": other, "first.jpg": whole})
}

func TestUnchangedFileLosesItsPartials(t *testing.T) {
	// As after a kill between the two steps of publishing.
	folder := t.TempDir()
	keep(t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), object(whole), whole)
	part := filepath.Join(folder, partialName("a.jpg", original("", "A").Identity, object(whole)))
	if err := os.Link(part, filepath.Join(folder, "a.jpg")); err != nil {
		t.Skip(err)
	}
	err := beginErr(t.Context(), t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), object(whole))
	wantPresent(t, err, download.Unchanged, "a.jpg")
	wantFiles(t, folder, map[string]string{"a.jpg": whole})
}

func TestWhatIsNotContinued(t *testing.T) {
	before := func() (time.Time, bool) { return time.Now().Add(-time.Hour), true }
	after := func() (time.Time, bool) { return time.Now().Add(time.Hour), true }
	unknown := func() (time.Time, bool) { return time.Time{}, false }
	multipart := object(whole)
	multipart.ETag = strings.TrimSuffix(multipart.ETag, `"`) + `-1"`
	for _, c := range []struct {
		what   string
		obj    func(string) transfer.Object
		opts   DirOptions
		booted func() (time.Time, bool)
		held   int64
	}{
		{"digest, same boot", object, DirOptions{}, before, 5},
		{"digest, earlier boot", object, DirOptions{}, after, 5},
		{"digest that nobody checks, same boot", object, DirOptions{NoVerify: true}, before, 5},
		{"digest that nobody checks, earlier boot", object, DirOptions{NoVerify: true}, after, 0},
		{"no digest, same boot", opaque, DirOptions{}, before, 5},
		{"no digest, earlier boot", opaque, DirOptions{}, after, 0},
		{"no digest, earlier boot, fsync", opaque, DirOptions{Fsync: true}, after, 0},
		{"no digest, unknown boot", opaque, DirOptions{}, unknown, 0},
		{"multipart, earlier boot", func(string) transfer.Object { return multipart }, DirOptions{}, after, 0},
		{"--no-resume", object, DirOptions{NoResume: true}, before, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			folder := t.TempDir()
			keep(t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), c.obj(whole), whole[:5])
			d := newDir(t, folder, c.opts)
			d.booted = c.booted
			p := begin(t, d, original("a.jpg", "A"), c.obj(whole))
			if p.Held() != c.held {
				t.Errorf("held is %d, want %d", p.Held(), c.held)
			}
			write(t, p, whole[p.Held():])
			publish(t, p)
			wantFiles(t, folder, map[string]string{"a.jpg": whole})
		})
	}
}

func TestKilledPartialOfNoVersionIsStartedOver(t *testing.T) {
	folder := t.TempDir()
	sizeless, nameless := object(whole), object(whole)
	sizeless.Size = -1
	nameless.ETag, nameless.LastModified = "", time.Time{}
	for name, obj := range map[string]transfer.Object{"a.jpg": sizeless, "b.jpg": nameless} {
		p := begin(t, newDir(t, folder, DirOptions{}), original(name, "A"), obj)
		write(t, p, other[:5])
		kill(p)
		p = begin(t, newDir(t, folder, DirOptions{}), original(name, "A"), obj)
		write(t, p, whole)
		publish(t, p)
	}
	wantFiles(t, folder, map[string]string{"a.jpg": whole, "b.jpg": whole})
}

// Another process publishes the file between our look at the folder and our lock.
func TestFileThatWasPublishedBeforeTheLock(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{})
	writeFile(t, filepath.Join(folder, "a.jpg"), whole)
	if _, err := d.receive(t.Context(), candidate{Place: download.Place{Path: "a.jpg"}}, original("a.jpg", "A"), object(whole)); !errors.Is(err, errLookAgain) {
		t.Fatalf("receive: %v", err)
	}
	wantFiles(t, folder, map[string]string{"a.jpg": whole})
}

func TestPartialLongerThanTheFileIsStartedOver(t *testing.T) {
	folder := t.TempDir()
	path := partialName("a.jpg", original("", "A").Identity, object(whole))
	writeFile(t, filepath.Join(folder, path), whole+" and more")
	p := begin(t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), object(whole))
	if p.Held() != 0 {
		t.Errorf("held is %d", p.Held())
	}
	write(t, p, whole)
	publish(t, p)
	wantFiles(t, folder, map[string]string{"a.jpg": whole})
}

func TestEmptyPartialIsNotKept(t *testing.T) {
	folder := t.TempDir()
	keep(t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), object(whole), "")
	wantFiles(t, folder, map[string]string{})
}

func TestBootTimeIsInThePast(t *testing.T) {
	booted, ok := bootTime()
	if !ok {
		t.Skip("unknown on this system")
	}
	if age := time.Since(booted); age <= 0 || age > 20*365*24*time.Hour {
		t.Errorf("this system was started at %v", booted)
	}
}

func TestWithoutLocks(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{})
	d.tryLock = func(*os.File) error { return filelock.ErrUnsupported }
	p := begin(t, d, original("a.jpg", "A"), object(whole))
	write(t, p, whole[:5])
	for name := range files(t, folder) {
		if !strings.Contains(name, fmt.Sprintf("-p%x-", os.Getpid())) {
			t.Errorf("the folder has %q", name)
		}
	}
	if err := p.Keep(); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, folder, map[string]string{}) // nobody could find it again

	put(t, d, original("a.jpg", "A"), whole)
	wantFiles(t, folder, map[string]string{"a.jpg": whole})

	p = begin(t, d, original("b.jpg", "A"), object(whole))
	write(t, p, whole)
	writeFile(t, filepath.Join(folder, "b.jpg"), whole) // by another process
	publish(t, p)
	wantFiles(t, folder, map[string]string{"a.jpg": whole, "b.jpg": whole})

	p = begin(t, d, original("c.jpg", "A"), object(whole))
	write(t, p, whole)
	if err := os.Mkdir(filepath.Join(folder, "c.jpg"), 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := p.Publish(t.Context())
	wantCode(t, err, download.CodeLocal)
	wantFiles(t, folder, map[string]string{"a.jpg": whole, "b.jpg": whole})
}

func TestLostPartialIsNotPublished(t *testing.T) {
	for what, meddle := range map[string]func(path string) error{
		"removed":  os.Remove,
		"replaced": func(path string) error { _ = os.Remove(path); return os.WriteFile(path, []byte(other), 0o666) },
		"extended": func(path string) error { return os.WriteFile(path, []byte(whole+" and more"), 0o666) },
	} {
		t.Run(what, func(t *testing.T) {
			folder := t.TempDir()
			p := begin(t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), object(whole))
			write(t, p, whole)
			if err := meddle(filepath.Join(folder, p.(*filePartial).path)); err != nil {
				t.Skip(err)
			}
			_, err := p.Publish(t.Context())
			wantCode(t, err, download.CodeLocal)
			if _, ok := files(t, folder)["a.jpg"]; ok {
				t.Error("it was published")
			}
		})
	}
}
