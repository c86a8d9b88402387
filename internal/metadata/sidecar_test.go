package metadata

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
)

func asset(t *testing.T, raw string) *bynder.Asset {
	t.Helper()
	a, err := bynder.ParseAsset([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPath(t *testing.T) {
	long, longer := strings.Repeat("a", 241), strings.Repeat("é", 125)+"abcde" // 255 bytes
	for path, want := range map[string]string{
		"a.jpg": "a.jpg.metadata.json", filepath.Join("d", "a"): filepath.Join("d", "a.metadata.json"),
		long: long + ".metadata.json", "d.metadata.json": "d.metadata.json.metadata.json",
	} {
		if got := Path(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
	seen := map[string]bool{}
	for _, name := range []string{long + "a", long + "b", longer, longer + "f", long + strings.Repeat("x", 300)} {
		got := filepath.Base(Path(filepath.Join("d", name)))
		if len(got) > 255 || len(got) < 253 || !strings.HasSuffix(got, ".metadata.json") || strings.ContainsRune(got, '\ufffd') || seen[got] {
			t.Errorf("%q: %q, %d bytes", name, got, len(got))
		}
		seen[got] = true
	}
}

func TestContent(t *testing.T) {
	const signed = "?X-Amz-Signature=abc"
	from := `{"property_Z":"one","name":"a\u202e<b>\u001b\n","id":"A","original":"https://s3/o.jpg` + signed + `","archive":"1","limited":null,` +
		`"thumbnails":{"web":"https://h/w.jpg` + signed + `","mini":"https://h/m.png?v=3"},"videoPreviewURLs":["https://h/v.mp4` + signed + `"],` +
		`"new":{"deep":["https://h/x` + signed + `"]},"property_A":["x","y"],"mediaItems":[{"id":"I"}],"saveAs":"x","tags":null}`
	want := `{"archive":true,"id":"A","limited":null,"name":"a\u202e<b>\u001b\n","new":{"deep":[null]},"original":null,` +
		`"property_A":["x","y"],"property_Z":["one"],"tags":null,"thumbnails":{"mini":"https://h/m.png?v=3"},"videoPreviewURLs":[]}` + "\n"
	a := asset(t, from)
	got, err := Content(a)
	if err != nil || string(got) != want {
		t.Errorf("got  %s%v\nwant %s", got, err, want)
	}
	listed, err := a.JSON(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	withURLs, err := a.JSON(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{string(listed), string(withURLs), want} {
		if again, err := Content(asset(t, raw)); err != nil || string(again) != want {
			t.Errorf("from %s\ngot  %s%v\nwant %s", raw, again, err, want)
		}
	}
}

func openRoot(t *testing.T) (*os.Root, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root, dir
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestWrite(t *testing.T) {
	const content, other = `{"id":"A","name":"new"}` + "\n", `{"id":"A","name":"old"}` + "\n"
	isOwn := func(own string) func(*os.Root) (string, error) {
		return func(root *os.Root) (string, error) { return Write(root, "a.jpg", []byte(content), own) }
	}
	ofAsset := func(root *os.Root) (string, error) { return WriteOverAsset(root, "a.jpg", []byte(content)) }
	for name, c := range map[string]struct {
		write         func(*os.Root) (string, error)
		before, after string
		fails         bool
	}{
		"new":                                  {isOwn(""), "", content, false},
		"recorded, and not there":              {isOwn(md5Of([]byte(other))), "", content, false},
		"the same":                             {isOwn(""), content, content, false},
		"the same, and another one recorded":   {isOwn(md5Of([]byte(other))), content, content, false},
		"recorded":                             {isOwn(md5Of([]byte("anything"))), "anything", content, false},
		"recorded, changed since":              {isOwn(md5Of([]byte("anything"))), other, other, true},
		"not recorded, of the asset":           {isOwn(""), other, other, true},
		"not recorded, an empty file":          {isOwn(""), " ", " ", true},
		"any, new":                             {ofAsset, "", content, false},
		"any, the same":                        {ofAsset, content, content, false},
		"any, of the asset":                    {ofAsset, other, content, false},
		"any, of the asset, in lower case":     {ofAsset, `{"id":"a"}`, content, false},
		"any, of another asset":                {ofAsset, `{"id":"B"}`, `{"id":"B"}`, true},
		"any, without JSON":                    {ofAsset, `id: A`, `id: A`, true},
		"any, two objects":                     {ofAsset, other + other, other + other, true},
		"any, a list":                          {ofAsset, `[{"id":"A"}]`, `[{"id":"A"}]`, true},
		"any, an object without an id":         {ofAsset, `{"mediaId":"A"}`, `{"mediaId":"A"}`, true},
		"any, with an id that is not a string": {ofAsset, `{"id":{"A":1}}`, `{"id":{"A":1}}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			root, dir := openRoot(t)
			file := filepath.Join(dir, "a.jpg.metadata.json")
			long := time.Now().Add(-time.Hour).Truncate(time.Second)
			if c.before != "" {
				if err := errors.Join(os.WriteFile(file, []byte(c.before), 0o666), os.Chtimes(file, long, long)); err != nil {
					t.Fatal(err)
				}
			}
			sum, err := c.write(root)
			if failed, ok := errors.AsType[*download.Error](err); c.fails != ok || ok && (failed.Code != download.CodeExists || failed.Hint() == "") || !c.fails && err != nil {
				t.Fatal(err)
			}
			if !c.fails && sum != md5Of([]byte(content)) {
				t.Errorf("the MD5 is %q", sum)
			}
			if got, err := os.ReadFile(file); string(got) != c.after || err != nil {
				t.Errorf("%q, %v; want %q", got, err, c.after)
			}
			if info, err := os.Stat(file); err != nil || c.before == c.after != info.ModTime().Equal(long) {
				t.Errorf("modified %v, %v", info.ModTime(), err)
			}
			if got := names(t, dir); got != "a.jpg.metadata.json" {
				t.Errorf("the folder has %s", got)
			}
		})
	}
}

// Only a regular file is replaced, and a link is not followed.
func TestWriteReplacesFilesAlone(t *testing.T) {
	root, dir := openRoot(t)
	file := filepath.Join(dir, "a.metadata.json")
	if err := os.Mkdir(file, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(root, "a", []byte(`{"id":"A"}`), ""); err == nil {
		t.Error("a folder was replaced")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target", file); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "target"), []byte(`{"id":"A","n":1}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(root, "a", []byte(`{"id":"A"}`), ""); err == nil {
		t.Error("a link was replaced")
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "target")); string(got) != `{"id":"A","n":1}` {
		t.Errorf("the file behind a link has %s", got)
	}
	if _, err := Write(root, filepath.Join("..", "a"), []byte(`{"id":"A"}`), ""); err == nil {
		t.Error("it was written outside of the folder")
	}
}

func TestWriteThatFailsLeavesNothing(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("a folder cannot be closed")
	}
	root, dir := openRoot(t)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o777)
	if _, err := Write(root, "a", []byte(`{"id":"A"}`), ""); err == nil || names(t, dir) != "" {
		t.Errorf("%v; the folder has %s", err, names(t, dir))
	}
}

// What a killed process has left is removed; what another one is writing is left alone.
func TestWriteBesideTemporaryFiles(t *testing.T) {
	root, dir := openRoot(t)
	left := filepath.Join(dir, temporaryPath("a.metadata.json"))
	if err := os.WriteFile(left, []byte(`{"id`), 0o666); err != nil {
		t.Fatal(err)
	}
	other, err := os.Open(left)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := filelock.Try(other); errors.Is(err, filelock.ErrUnsupported) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	if _, err := Write(root, "a", []byte(`{"id":"A"}`), ""); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(left); string(got) != `{"id` {
		t.Errorf("another process's file has %q", got)
	}
	other.Close()
	if err := os.WriteFile(asidePath(left), []byte(`{"id":"B"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(root, "a", []byte(`{"id":"A"}`), ""); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != "a.metadata.json" {
		t.Errorf("the folder has %s", got)
	}
	if err := Sync(root, "a"); err != nil {
		t.Error(err)
	}
}

func TestWriteAtOnce(t *testing.T) {
	root, dir := openRoot(t)
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			content := `{"id":"A","name":"` + strings.Repeat(string(rune('a'+i)), 10_000) + `"}`
			if _, err := WriteOverAsset(root, "a", []byte(content)); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	got, err := os.ReadFile(filepath.Join(dir, "a.metadata.json"))
	if err != nil || len(got) != len(`{"id":"A","name":""}`)+10_000 || names(t, dir) != "a.metadata.json" {
		t.Errorf("%d bytes, %v; the folder has %s", len(got), err, names(t, dir))
	}
}

// Another program may save the file after it was read and before it is replaced.
func TestWriteReplacesWhatItHasRead(t *testing.T) {
	for what, c := range map[string]struct {
		change func(path string) error
		want   string // the content in the end, and the error exists unless it is "new"
	}{
		"nothing":        {func(string) error { return nil }, "new"},
		"removed":        {os.Remove, "new"},
		"saved in place": {func(path string) error { return os.WriteFile(path, []byte("edited"), 0o666) }, "edited"},
		"saved by a rename": {func(path string) error {
			return errors.Join(os.WriteFile(path+"~", []byte("OLD"), 0o666), os.Rename(path+"~", path))
		}, "OLD"},
	} {
		t.Run(what, func(t *testing.T) {
			root, dir := openRoot(t)
			path := filepath.Join(dir, Path("a"))
			if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := writeOver(root, "a", []byte("new"), func(old []byte) bool {
				if string(old) != "old" {
					return false
				}
				if err := c.change(path); err != nil {
					t.Error(err)
				}
				return true
			})
			failed, exists := errors.AsType[*download.Error](err)
			if exists = exists && failed.Code == download.CodeExists; exists != (c.want != "new") || !exists && err != nil {
				t.Errorf("the error is %v", err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != c.want {
				t.Errorf("the file has %q, %v, want %q", got, err, c.want)
			}
			if got := names(t, dir); got != Path("a") {
				t.Errorf("the folder has %s", got)
			}
		})
	}
}
