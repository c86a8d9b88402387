package mirror

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// synced adds a line about a file of the content "whole", as sync records it, with the MD5 of what stands in its sidecar.
func (p *place) synced(path string, when time.Time, metadata string) {
	const content = "whole"
	more := ""
	if metadata != "" {
		more = fmt.Sprintf(`,"metadata":"%x"`, md5.Sum([]byte(metadata)))
	}
	p.record(path, len(content), fmt.Sprintf(`,"md5":"%x","listed":{"version":1,"modTime":%q%s}`, md5.Sum([]byte(content)), when.Format(time.RFC3339Nano), more))
}

// A fast look at a state reads those files alone whose time is another.
func TestVerifyFastComparesTimes(t *testing.T) {
	p := newPlace(t)
	when := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, name := range []string{"same", "touched", "edited", "unseen", "nosum"} {
		content := "whole"
		if name == "edited" || name == "unseen" {
			content = "wHole"
		}
		p.write(t, name, content)
		at := when
		if name == "touched" || name == "edited" || name == "nosum" {
			at = when.Add(time.Hour)
		}
		if err := os.Chtimes(filepath.Join(p.dir, name), at, at); err != nil {
			t.Fatal(err)
		}
		if name != "nosum" {
			p.synced(name, when, "")
		}
	}
	p.record("nosum", 5, `,"listed":{"modTime":"2020-01-02T03:04:05Z"}`)
	read := new(atomic.Int64)
	wantFound(t, p.verify(t, Options{Fast: true, Read: func(n int64) { read.Add(n) }}),
		"ok same", "ok touched", "changed edited md5", "ok unseen", "unknown nosum")
	if got := read.Load(); got != 10 {
		t.Errorf("%d bytes were read, want 10", got)
	}
	wantFound(t, p.verify(t, Options{}), "ok same", "ok touched", "changed edited md5", "changed unseen md5", "unknown nosum")
}

// A file with metadata is compared as well if it is recorded, and never extra beside a file that is.
func TestVerifySidecars(t *testing.T) {
	p := newPlace(t)
	when := time.Now()
	long := strings.Repeat("é", 120) + "a" // no room for .metadata.json behind it
	for _, name := range []string{"a", "sub/b", "c", "d", "e", long, ".bynder/moving-x"} {
		p.write(t, name, "whole")
	}
	p.synced("a", when, "{}")
	p.synced("sub/b", when, "{}")
	p.synced("c", when, "{}")
	p.synced("d", when, "")
	p.received("e", "whole")
	p.synced(long, when, "{}")
	p.synced(".bynder/moving-x", when, "")
	p.synced(".bynder/moving-y", when, "")
	p.write(t, "a.metadata.json", "{}")
	p.write(t, "sub/b.metadata.json", "{ }")
	p.write(t, "e.metadata.json", "{}")
	p.write(t, "sub/e.metadata.json", "{}") // beside no file
	p.write(t, "a.metadata.json.metadata.json", "{}")
	p.write(t, ".bynder/journal.ndjson.old-1", "")
	if err := os.Mkdir(filepath.Join(p.dir, "d.metadata.json"), 0o777); err != nil {
		t.Fatal(err)
	}
	cut := p.verify(t, Options{})
	sidecar := ""
	for _, found := range cut {
		if name, ok := strings.CutPrefix(found, "missing é"); ok {
			sidecar = "é" + name
		}
	}
	if len(sidecar) > 255 || !strings.HasSuffix(sidecar, ".metadata.json") {
		t.Fatalf("the sidecar of the long name is %q in %q", sidecar, cut)
	}
	p.write(t, sidecar, "{}")
	wantFound(t, p.verify(t, Options{Extra: true}), "ok a", "ok a.metadata.json", "ok sub/b", "changed sub/b.metadata.json md5", "ok c", "missing c.metadata.json",
		"ok d", "ok e", "ok "+long, "ok "+sidecar, "ok .bynder/moving-x", "missing .bynder/moving-y",
		"extra a.metadata.json.metadata.json", "extra sub/e.metadata.json")
	wantFound(t, p.verify(t, Options{Fast: true, Extra: true})[1:4], "ok a.metadata.json", "ok sub/b", "ok sub/b.metadata.json")
}
