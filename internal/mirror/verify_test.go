package mirror

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/bynder-cli/bynder/internal/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// place is a folder with a journal beside it.
type place struct {
	dir, file string
	lines     strings.Builder
}

func newPlace(t *testing.T) *place {
	t.Helper()
	top := t.TempDir()
	p := &place{dir: filepath.Join(top, "files"), file: filepath.Join(top, "done.ndjson")}
	if err := os.Mkdir(p.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return p
}

// record adds a line about the original of an asset that is named after its path; digests are fields of JSON.
func (p *place) record(path string, size int, digests string) {
	fmt.Fprintf(&p.lines, `{"portal":"p","mediaId":%q,"selector":"original","status":"downloaded","path":%q,"bytes":%d%s}`+"\n", path, path, size, digests)
}

// received adds a line about a file of this content, as this version writes it.
func (p *place) received(path, content string) {
	p.record(path, len(content), fmt.Sprintf(`,"md5":"%x"`, md5.Sum([]byte(content))))
}

func (p *place) write(t *testing.T, path, content string) {
	t.Helper()
	path = filepath.Join(p.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// verify returns what is found; see foundBy.
func (p *place) verify(t *testing.T, o Options) []string {
	t.Helper()
	return foundBy(t, func(each func(Finding) error) error { return p.each(t.Context(), t, o, each) })
}

// foundBy returns what a comparison finds, as "status path differs".
func foundBy(t *testing.T, compare func(each func(Finding) error) error) (all []string) {
	t.Helper()
	err := compare(func(f Finding) error {
		text := string(f.Status) + " " + filepath.ToSlash(f.Path())
		if f.Differ != "" {
			text += " " + string(f.Differ)
		}
		if f.Err != nil {
			text += " unreadable"
		}
		all = append(all, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (p *place) each(ctx context.Context, t *testing.T, o Options, each func(Finding) error) error {
	t.Helper()
	if err := os.WriteFile(p.file, []byte(p.lines.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	files, err := journal.OpenFiles(t.Context(), p.file, p.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	folder, err := os.OpenRoot(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	return Verify(ctx, folder, files, o, each)
}

func wantFound(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestVerify(t *testing.T) {
	p := newPlace(t)
	for path, content := range map[string]string{
		"ok": "whole", "sub/ok": "", "flipped": "wHole", "longer": "wholes", "none": "whole", "size": "wholes", "sums": "whole",
		"wrong": "wHole", "upper": "whole", "odd": "whole", "file": "", "under": "12", "a": "lower", "A": "upper",
	} {
		p.write(t, path, content)
	}
	if err := os.Mkdir(filepath.Join(p.dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	p.received("ok", "whole")
	p.received("sub/ok", "")
	p.received("gone", "whole")
	p.received("gone/below", "whole")
	p.received("file/below", "whole")
	p.received(strings.Repeat("long", 100), "whole")
	p.received("flipped", "whole")
	p.received("longer", "whole")
	p.received("folder", "")
	p.record("none", 5, "")
	p.record("size", 5, "")
	p.record("sums", 5, fmt.Sprintf(`,"checksum":"sha256:%x"`, sha256.Sum256([]byte("whole"))))
	p.record("wrong", 5, fmt.Sprintf(`,"checksum":"sha256:%x"`, sha256.Sum256([]byte("whole"))))
	p.record("upper", 5, fmt.Sprintf(`,"md5":"%X"`, md5.Sum([]byte("whole"))))
	p.record("odd", 5, `,"md5":"0123","checksum":"crc32:00"`)
	p.record("under", -2, "")
	p.received("a", "lower")
	p.received("A", "upper")
	fmt.Fprintf(&p.lines, `{"portal":"p","mediaId":"B","selector":"original","status":"downloaded","path":"none","md5":"%x"}`+"\n", md5.Sum([]byte("whole")))
	fmt.Fprintf(&p.lines, `{"portal":"p","mediaId":"C","selector":"original","status":"downloaded","path":"odd"}`+"\n")
	long := strings.Repeat("long", 100)
	read := new(atomic.Int64)
	wantFound(t, p.verify(t, Options{Read: func(n int64) { read.Add(n) }}),
		"ok ok", "ok sub/ok", "missing gone", "missing gone/below", "missing file/below", "missing "+long, "changed flipped md5", "changed longer size",
		"changed folder type", "changed size size", "ok sums", "changed wrong sha256", "ok upper", "changed under size",
		"ok a", "ok A", "ok none", "unknown odd")
	if got := read.Load(); got != 40 {
		t.Errorf("%d bytes were read, want 40", got)
	}
	wantFound(t, p.verify(t, Options{Fast: true, Read: func(n int64) { t.Errorf("%d bytes were read", n) }}),
		"ok ok", "ok sub/ok", "missing gone", "missing gone/below", "missing file/below", "missing "+long, "ok flipped", "changed longer size",
		"changed folder type", "changed size size", "ok sums", "ok wrong", "ok upper", "changed under size",
		"ok a", "ok A", "unknown none", "unknown odd")
}

func TestVerifyExtra(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{
		"ok", "sub/ok", "sub/new", "b", "c/d/e", "x.jpg.0123.part", "sub/y.part", ".bynder/state", "sub/.bynder/state", "part", ".hidden",
	} {
		p.write(t, name, "whole")
	}
	p.received("ok", "whole")
	p.received("sub/ok", "whole")
	p.received("sub", "whole") // a folder of that name does not hide what is in it
	p.file = filepath.Join(p.dir, "sub", "done.ndjson")
	wantFound(t, p.verify(t, Options{Extra: true}), "ok ok", "ok sub/ok", "changed sub type",
		"extra .hidden", "extra b", "extra c/d/e", "extra part", "extra sub/.bynder/state", "extra sub/new")
}

// An order of files that differ in size is that of the journal, however many there are.
func TestVerifyKeepsTheOrder(t *testing.T) {
	p := newPlace(t)
	var want []string
	for i := range 3 * window {
		name := fmt.Sprintf("%04d", i)
		content := "short"
		if i%500 == 0 {
			content = strings.Repeat("long", 1<<18)
		}
		p.received(name, content)
		if i%3 == 0 {
			want = append(want, "missing "+name)
			continue
		}
		p.write(t, name, content)
		want = append(want, "ok "+name)
	}
	wantFound(t, p.verify(t, Options{}), want...)
}

func TestVerifyEnds(t *testing.T) {
	p := newPlace(t)
	for i := range 2 * window {
		p.received(fmt.Sprintf("%04d", i), "")
	}
	p.write(t, "extra", "")
	n, stop := 0, errors.New("enough")
	err := p.each(t.Context(), t, Options{}, func(Finding) error {
		if n++; n == 10 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 10 {
		t.Errorf("it ends with %v after %d files", err, n)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	n = 0
	err = p.each(ctx, t, Options{}, func(Finding) error {
		if n++; n == 10 {
			cancel(stop)
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 10 {
		t.Errorf("cancelled, it ends with %v after %d files", err, n)
	}
	ctx, cancel = context.WithCancelCause(t.Context())
	err = p.each(ctx, t, Options{Extra: true}, func(f Finding) error {
		if f.Record.Path == fmt.Sprintf("%04d", 2*window-1) {
			cancel(stop)
		}
		return nil
	})
	if !errors.Is(err, stop) {
		t.Errorf("cancelled before the search, it ends with %v", err)
	}
}

// The first versions recorded no MD5. Their ETag is that of the bytes only where it was compared with them.
func TestVerifyOfRecordsWithoutAnMD5(t *testing.T) {
	const content = "some bytes"
	sum := fmt.Sprintf("%x", md5.Sum([]byte(content)))
	other := fmt.Sprintf("%x", md5.Sum([]byte("other byte")))
	etag := func(text, more string) string { return fmt.Sprintf(`,"etag":%q%s`, text, more) }
	const compared = `,"verified":"md5"`
	for _, tt := range []struct {
		name, digests string
		want          Status
	}{
		{"the same", etag(`"`+sum+`"`, compared), OK},
		{"the same in capitals", etag(`"`+strings.ToUpper(sum)+`"`, compared), OK},
		{"others", etag(`"`+other+`"`, compared), Changed},
		{"not compared", etag(`"`+other+`"`, `,"verified":"size"`), Unknown},
		{"of parts", etag(`"`+other+`-2"`, `,"verified":"multipart"`), Unknown},
		{"weak", etag(`W/"`+other+`"`, compared), Unknown},
		{"of encoded bytes", etag(`"`+other+`"`, compared+`,"encoding":"gzip"`), Unknown},
		{"no digest", etag(`"v1"`, compared), Unknown},
		{"with an MD5", etag(`"`+other+`"`, compared+`,"md5":"`+sum+`"`), OK},
		{"no ETag", compared, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			p.write(t, "a", content)
			p.record("a", len(content), tt.digests)
			want := fmt.Sprintf("%s a", tt.want)
			if got := p.verify(t, Options{}); len(got) != 1 || !strings.HasPrefix(got[0], want) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
}
