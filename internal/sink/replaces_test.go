package sink

import (
	"crypto/md5"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// old is the content of the file that replacing may replace.
const old = "an older file!"

// replacing returns a target a.jpg that may replace a file with the content old.
func replacing() download.Target {
	t := original("a.jpg", "A")
	sum := md5.Sum([]byte(old))
	t.Replaces = &download.Replaceable{Size: int64(len(old)), MD5: hex.EncodeToString(sum[:])}
	return t
}

// everyPolicy runs a test under each of --if-exists.
func everyPolicy(t *testing.T, test func(t *testing.T, folder string, d *Dir)) {
	for _, policy := range []IfExists{Fail, Skip, Overwrite, Rename} {
		t.Run(policy.String(), func(t *testing.T) {
			folder := t.TempDir()
			test(t, folder, newDir(t, folder, DirOptions{IfExists: policy, ExistsHint: "look at it"}))
		})
	}
}

func TestReplacesThatFileAlone(t *testing.T) {
	for _, c := range []struct {
		what, content string
		want          string // "replaced", "unchanged" or "exists"
	}{
		{"the file", old, "replaced"},
		{"no file any more", "", "replaced"},
		{"another file of its size", "AN OLDER FILE!", "exists"},
		{"a file of another size", old + "!", "exists"},
		{"the object itself", whole, "unchanged"},
	} {
		t.Run(c.what, func(t *testing.T) {
			everyPolicy(t, func(t *testing.T, folder string, d *Dir) {
				left := map[string]string{"a.jpg": c.content}
				if c.content == "" {
					left = map[string]string{}
				} else {
					writeFile(t, filepath.Join(folder, "a.jpg"), c.content)
				}
				at, preview := d.Preview(t.Context(), replacing(), object(whole))
				switch c.want {
				case "replaced":
					if preview != nil || at.Path != "a.jpg" || (at.Replaces != nil) != (c.content != "") {
						t.Errorf("Preview = %+v, %v", at, preview)
					}
					p := begin(t, d, replacing(), object(whole))
					write(t, p, whole)
					publish(t, p)
					left = map[string]string{"a.jpg": whole}
				case "unchanged":
					wantPresent(t, preview, download.Unchanged, "a.jpg")
					wantPresent(t, beginErr(t.Context(), t, d, replacing(), object(whole)), download.Unchanged, "a.jpg")
				default:
					wantCode(t, preview, download.CodeExists)
					err := beginErr(t.Context(), t, d, replacing(), object(whole))
					if hint := wantCode(t, err, download.CodeExists); hint != "look at it" {
						t.Errorf("the hint is %q", hint)
					}
				}
				wantFiles(t, folder, left)
			})
		})
	}
}

// A file may change, come or go while another one is received that is to replace it.
func TestReplacesNothingThatChangedMeanwhile(t *testing.T) {
	for _, c := range []struct {
		what      string
		meanwhile func(t *testing.T, path string)
		want      string // what the path has in the end; whole if it was published
	}{
		{"nothing", func(*testing.T, string) {}, whole},
		{"it is gone", func(t *testing.T, path string) { removeFile(t, path) }, whole},
		{"it is edited", func(t *testing.T, path string) { writeFile(t, path, "my own file!!") }, "my own file!!"},
		{"it is edited and keeps its size and time", func(t *testing.T, path string) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, path, strings.ToUpper(old))
			if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}, strings.ToUpper(old)},
		{"it is replaced by a link", func(t *testing.T, path string) {
			removeFile(t, path)
			writeFile(t, filepath.Join(filepath.Dir(path), "elsewhere"), old)
			if err := os.Symlink("elsewhere", path); err != nil {
				t.Skip(err)
			}
		}, old},
	} {
		t.Run(c.what, func(t *testing.T) {
			everyPolicy(t, func(t *testing.T, folder string, d *Dir) {
				path := filepath.Join(folder, "a.jpg")
				writeFile(t, path, old)
				p := begin(t, d, replacing(), object(whole))
				write(t, p, whole)
				c.meanwhile(t, path)
				_, err := p.Publish(t.Context())
				if c.want == whole {
					if err != nil {
						t.Fatal(err)
					}
				} else {
					wantCode(t, err, download.CodeExists)
				}
				if content, err := os.ReadFile(path); err != nil || string(content) != c.want {
					t.Errorf("the file has %q, %v, want %q", content, err, c.want)
				}
				for name := range files(t, folder) {
					if strings.HasSuffix(name, partialSuffix) {
						t.Errorf("%s is left", name)
					}
				}
			})
		})
	}
}

// The last moment is after the last look, while the intent is recorded.
func TestReplacesNothingThatChangesInTheLastMoment(t *testing.T) {
	for _, c := range changes {
		t.Run(c.what, func(t *testing.T) {
			everyPolicy(t, func(t *testing.T, folder string, d *Dir) {
				path := filepath.Join(folder, "a.jpg")
				writeFile(t, path, old)
				to := replacing()
				to.Intend = func(string) error { c.change(t, path); return nil }
				p := begin(t, d, to, object(whole))
				write(t, p, whole)
				want := c.left
				name, err := p.Publish(t.Context())
				if want == "new" {
					if want = whole; err != nil || name != "a.jpg" {
						t.Errorf("Publish = %q, %v", name, err)
					}
				} else if hint := wantCode(t, err, download.CodeExists); hint != "look at it" {
					t.Errorf("the hint is %q", hint)
				}
				if got := contentOf(t, path); got != want {
					t.Errorf("the file has %q, want %q", got, want)
				}
				if left, _ := filepath.Glob(filepath.Join(folder, "*"+partialSuffix)); len(left) > 0 {
					t.Errorf("%q are left", left)
				}
			})
		})
	}
}

func TestASuspectFileReplacesNothing(t *testing.T) {
	everyPolicy(t, func(t *testing.T, folder string, d *Dir) {
		writeFile(t, filepath.Join(folder, "a.jpg"), old)
		to := replacing()
		to.Suspect = func() string { return "a page" }
		wantCode(t, beginErr(t.Context(), t, d, to, object(whole)), download.CodeExists)
		wantFiles(t, folder, map[string]string{"a.jpg": old})
	})
}

func removeFile(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
