package sink

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

func TestParseIfExists(t *testing.T) {
	for _, p := range []IfExists{Fail, Skip, Overwrite, Rename} {
		if got, err := ParseIfExists(p.String()); got != p || err != nil {
			t.Errorf("ParseIfExists(%q) = %v, %v", p.String(), got, err)
		}
	}
	for _, s := range []string{"", "Fail", "replace"} {
		if got, err := ParseIfExists(s); err == nil {
			t.Errorf("ParseIfExists(%q) = %v", s, got)
		}
	}
}

func TestIdentical(t *testing.T) {
	const mib = 1 << 20
	large := strings.Repeat("0123456789abcdef", 6*mib/16) // two parts of 5 MiB
	sums := md5.Sum([]byte(large[:5*mib]))
	rest := md5.Sum([]byte(large[5*mib:]))
	parts := object(large)
	parts.ETag = fmt.Sprintf(`"%x-2"`, md5.Sum(append(sums[:], rest[:]...)))
	otherParts := parts
	otherParts.ETag = fmt.Sprintf(`"%x-2"`, sums)
	with := func(obj transfer.Object, change func(*transfer.Object)) transfer.Object {
		change(&obj)
		return obj
	}
	coded := func(codedSize int64, etag string) transfer.Object {
		return transfer.Object{Size: -1, CodedSize: codedSize, Coding: "gzip", ETag: etag, LastModified: lastModified}
	}
	never := func(o *transfer.Object) { o.LastModified = time.Time{} }
	summed := func(o *transfer.Object) {
		sum := sha256.Sum256([]byte(whole))
		o.Checksums = []transfer.Checksum{{By: transfer.BySHA256, Sum: string(sum[:])}}
	}
	keyed := func(o *transfer.Object) { o.ETag, o.KeyedEncryption = object(other).ETag, true }
	for _, c := range []struct {
		what    string
		content string
		apart   time.Duration // mtime after Last-Modified
		obj     transfer.Object
		same    bool
	}{
		{"the MD5 is right, the time is not", whole, time.Hour, object(whole), true},
		{"the MD5 is wrong, the time is right", other, 0, object(whole), false},
		{"another size", whole + "!", 0, object(whole), false},
		{"an empty file", "", 0, object(""), true},
		{"no size, and so unknown", whole, 0, with(object(whole), func(o *transfer.Object) { o.Size = -1 }), false},
		{"parts of a usual size", large, time.Hour, parts, true},
		{"parts of no usual size, the same time", large, 0, otherParts, true},
		{"parts of no usual size, three seconds later", large, 3 * time.Second, otherParts, false},
		{"parts of no usual size and no time", large, 0, with(otherParts, never), false},
		{"parts of a usual size, with a key", large, 0, with(parts, func(o *transfer.Object) { o.KeyedEncryption = true }), true},
		{"no digest, the same time", whole, 0, opaque(whole), true},
		{"no digest, two seconds later", whole, 2 * time.Second, opaque(whole), true},
		{"no digest, two seconds earlier", whole, -2 * time.Second, opaque(whole), true},
		{"no digest, three seconds later", whole, 3 * time.Second, opaque(whole), false},
		{"a weak ETag, the same time", whole, 0, with(object(whole), func(o *transfer.Object) { o.ETag = "W/" + o.ETag }), true},
		{"neither digest nor time", whole, 0, with(opaque(whole), never), false},
		{"a SHA-256, and an ETag that a key keeps from being a digest", whole, time.Hour, with(with(object(whole), keyed), summed), true},
		{"a SHA-256, and an ETag of parts", whole, time.Hour, with(with(object(whole), func(o *transfer.Object) { o.ETag = otherParts.ETag }), summed), true},
		{"a SHA-256, and a weak ETag", whole, time.Hour, with(with(object(whole), func(o *transfer.Object) { o.ETag = "W/" + o.ETag }), summed), true},
		{"coded, the same time", whole, 0, coded(5, object(other).ETag), true},
		{"coded, a second later", whole, time.Second, coded(-1, ""), true},
		{"coded, three seconds later", whole, 3 * time.Second, coded(5, object(other).ETag), false},
		{"coded, another time, and an ETag of the file", whole, time.Hour, coded(-1, object(whole).ETag), true},
		{"coded, another time, and no ETag", whole, time.Hour, coded(5, ""), false},
		{"the coded bytes, the same time", whole, 0, coded(int64(len(whole)), object(whole).ETag), false},
		{"coded, and no time", whole, 0, with(coded(5, ""), never), false},
		{"a digest and no time", whole, 0, with(object(whole), never), true},
	} {
		for _, policy := range []IfExists{Fail, Skip, Overwrite, Rename} {
			t.Run(c.what+", "+policy.String(), func(t *testing.T) {
				folder := t.TempDir()
				path := filepath.Join(folder, "a.jpg")
				writeFile(t, path, c.content)
				at := lastModified.Add(c.apart)
				if err := os.Chtimes(path, at, at); err != nil {
					t.Fatal(err)
				}
				p, err := newDir(t, folder, DirOptions{IfExists: policy, MD5: true}).Begin(t.Context(), original("a.jpg", "A"), c.obj)
				if err == nil {
					_ = p.Discard()
				}
				var present *download.Present
				got := errors.As(err, &present) && present.Status == download.Unchanged
				if got != c.same {
					t.Errorf("unchanged is %v (%v), want %v", got, err, c.same)
				}
				if got && (present.Bytes == nil || *present.Bytes != int64(len(c.content)) || present.MD5 != fmt.Sprintf("%x", md5.Sum([]byte(c.content)))) {
					t.Errorf("unchanged with %+v", *present)
				}
				if len(files(t, folder)) != 1 {
					t.Errorf("the folder has %q", files(t, folder))
				}
			})
		}
	}
}

func TestComparingEndsWithTheRun(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "a.jpg"), whole)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := newDir(t, folder, DirOptions{}).occupant(ctx, "a.jpg", object(whole))
	wantCode(t, err, download.CodeInterrupted)
}

func TestIfExistsDifferent(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.jpg")
	at := func(policy IfExists) *Dir { return newDir(t, folder, DirOptions{IfExists: policy}) }
	writeFile(t, path, "an older file")

	err := beginErr(t.Context(), t, at(Fail), original("a.jpg", "A"), object(whole))
	if hint := wantCode(t, err, download.CodeExists); !strings.Contains(hint, `--name '{id}/{filename}'`) {
		t.Errorf("the hint is %q", hint)
	}
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v is not fs.ErrExist", err)
	}
	wantPresent(t, beginErr(t.Context(), t, at(Skip), original("a.jpg", "A"), object(whole)), download.Skipped, "a.jpg")
	wantFiles(t, folder, map[string]string{"a.jpg": "an older file"})

	if got, want := put(t, at(Rename), original("a.jpg", "A"), whole), "a-A.jpg"; got != want {
		t.Errorf("renamed to %s, want %s", got, want)
	}
	err = beginErr(t.Context(), t, at(Rename), original("a.jpg", "A"), object(whole))
	wantPresent(t, err, download.Unchanged, "a-A.jpg")
	wantCode(t, beginErr(t.Context(), t, at(Rename), original("a.jpg", "A"), object(other)), download.CodeExists)
	wantFiles(t, folder, map[string]string{"a.jpg": "an older file", "a-A.jpg": whole})

	put(t, at(Overwrite), original("a.jpg", "A"), whole)
	wantFiles(t, folder, map[string]string{"a.jpg": whole, "a-A.jpg": whole})
}

func TestHintForItems(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "a.jpg"), "an older file")
	for itemID, want := range map[string]string{"": "'{id}/{filename}'", "B": "'{id}/{itemId}-{filename}'"} {
		to := original("a.jpg", "A")
		to.ItemID = itemID
		err := beginErr(t.Context(), t, newDir(t, folder, DirOptions{}), to, object(whole))
		if hint := wantCode(t, err, download.CodeExists); !strings.Contains(hint, "--name "+want) {
			t.Errorf("item %q: the hint is %q", itemID, hint)
		}
	}
}

// Another program makes a file of the name while ours is received.
func TestFileThatAppearsMeanwhileStays(t *testing.T) {
	for _, policy := range []IfExists{Fail, Skip, Rename} {
		t.Run(policy.String(), func(t *testing.T) {
			folder := t.TempDir()
			p := begin(t, newDir(t, folder, DirOptions{IfExists: policy}), original("a.jpg", "A"), object(whole))
			write(t, p, whole)
			writeFile(t, filepath.Join(folder, "a.jpg"), "theirs")
			writeFile(t, filepath.Join(folder, "a-A.jpg"), "theirs too")
			_, err := p.Publish(t.Context())
			wantCode(t, err, download.CodeExists)
			wantFiles(t, folder, map[string]string{"a.jpg": "theirs", "a-A.jpg": "theirs too"})
		})
	}
}

func TestFolderInTheWay(t *testing.T) {
	for _, policy := range []IfExists{Fail, Skip, Overwrite, Rename} {
		t.Run(policy.String(), func(t *testing.T) {
			folder := t.TempDir()
			writeFile(t, filepath.Join(folder, "a.jpg", "inside"), "theirs")
			writeFile(t, filepath.Join(folder, "file"), "theirs")
			d := newDir(t, folder, DirOptions{IfExists: policy})
			for _, name := range []string{"a.jpg", "file/a.jpg", "file/b/a.jpg"} {
				if policy == Rename && name == "a.jpg" {
					if path := put(t, d, original(name, "A"), whole); path != "a-A.jpg" {
						t.Errorf("the file is %s", path)
					}
					continue
				}
				err := beginErr(t.Context(), t, d, original(name, "A"), object(whole))
				if wantCode(t, err, download.CodeLocal) == "" {
					t.Errorf("%v has no hint", err)
				}
			}
			p := begin(t, d, original("b.jpg", "A"), object(whole))
			write(t, p, whole)
			if err := os.Mkdir(filepath.Join(folder, "b.jpg"), 0o777); err != nil {
				t.Fatal(err)
			}
			if path, err := p.Publish(t.Context()); policy == Rename && path == "b-A.jpg" {
			} else if err == nil {
				t.Error("a folder was replaced")
			} else {
				wantCode(t, err, download.CodeLocal)
			}
		})
	}
}

// A suspect file says what speaks against it, and not that --if-exists overwrite would help.
func TestSuspectFilesReplaceNothing(t *testing.T) {
	for _, policy := range []IfExists{Fail, Overwrite} {
		folder := t.TempDir()
		writeFile(t, filepath.Join(folder, "a.jpg"), whole)
		to := original("a.jpg", "A")
		to.Suspect = func() string { return "it is HTML" }
		err := beginErr(t.Context(), t, newDir(t, folder, DirOptions{IfExists: policy}), to, object(other))
		wantCode(t, err, download.CodeExists)
		var e *download.Error
		if !errors.As(err, &e) || !strings.Contains(e.Error(), "it is HTML") || strings.Contains(e.Hint(), "overwrite") {
			t.Errorf("%s: %v, hint %q", policy, err, e.Hint())
		}
		wantFiles(t, folder, map[string]string{"a.jpg": whole})
	}
}

// A file that does not get to its place leaves nothing that no run would ever continue.
func TestPartialsOfWhatIsInTheWayGo(t *testing.T) {
	for _, policy := range []IfExists{Fail, Skip, Rename} {
		t.Run(policy.String(), func(t *testing.T) {
			folder := t.TempDir()
			to := original("a.jpg", "A")
			keep(t, newDir(t, folder, DirOptions{}), to, object(whole), whole[:5])
			writeFile(t, filepath.Join(folder, "a.jpg"), other)
			d := newDir(t, folder, DirOptions{IfExists: policy})
			want := map[string]string{"a.jpg": other}
			if policy == Rename {
				put(t, d, to, whole)
				want["a-A.jpg"] = whole
			} else if err := beginErr(t.Context(), t, d, to, object(whole)); err == nil {
				t.Error("nothing is in the way")
			}
			wantFiles(t, folder, want)
		})
	}
}

func TestExisting(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{})
	if err := os.MkdirAll(filepath.Join(folder, "a", "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "a", "file")
	if err := errors.Join(os.WriteFile(file, []byte(whole), 0o666), os.Chtimes(file, lastModified, lastModified)); err != nil {
		t.Fatal(err)
	}
	undated, longer, older := object(whole), object(whole+"!"), object(whole)
	undated.LastModified, older.LastModified = time.Time{}, lastModified.Add(-3*time.Second)
	for _, tt := range []struct {
		what, name    string
		obj           transfer.Object
		exists, alike bool
	}{
		{"the same size and time", "a/file", object(whole), true, true},
		{"another size", "a/file", longer, true, false},
		{"another time", "a/file", older, true, false},
		{"no time", "a/file", undated, true, false},
		{"nothing", "a/other", object(whole), false, false},
		{"a folder", "a/folder", object(whole), false, false},
		{"a path outside", "../file", object(whole), false, false},
	} {
		t.Run(tt.what, func(t *testing.T) {
			if exists, alike := d.Existing(tt.name, tt.obj); exists != tt.exists || alike != tt.alike {
				t.Errorf("got %t, %t", exists, alike)
			}
		})
	}
	preview, err := NewPreview(filepath.Join(folder, "missing"), DirOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if exists, alike := preview.Existing("a", object(whole)); exists || alike {
		t.Error("a file exists in a missing folder")
	}
}
