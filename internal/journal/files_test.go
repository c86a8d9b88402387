package journal

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
)

// writeLines writes a journal by hand.
func writeLines(t *testing.T, file string, lines ...string) {
	t.Helper()
	writeFile(t, file, strings.Join(lines, "\n")+"\n")
}

// line is a record of an asset's original.
func line(id, status, path, content string) string {
	return fmt.Sprintf(`{"portal":"p","mediaId":%q,"selector":"original","status":%q,"path":%q,"bytes":%d,"md5":%q}`, id, status, path, len(content), md5Of(content))
}

// failure is a record of the asset A.
const failure = `{"portal":"p","mediaId":"A","selector":"original","status":"failed","error":{"code":"network"}}`

func md5Of(content string) string {
	sum := md5.Sum([]byte(content))
	return hex.EncodeToString(sum[:])
}

func openFiles(t *testing.T, file, dir string) *Files {
	t.Helper()
	f, err := OpenFiles(t.Context(), file, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// recorded returns what Each hands on, as "id path".
func recorded(t *testing.T, f *Files) (all []string) {
	t.Helper()
	err := f.Each(t.Context(), func(r download.Result) error {
		all = append(all, r.MediaID+" "+filepath.ToSlash(r.Path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != f.Count {
		t.Errorf("it counts %d files, and hands on %d", f.Count, len(all))
	}
	return all
}

func TestFiles(t *testing.T) {
	dir, file := newFolder(t)
	for name, content := range map[string]string{"whole": "whole", "again": "new", "torn": "othr", "both": "of E", "same": "same"} {
		writeFile(t, filepath.Join(dir, name), content)
	}
	absolute := func(name string) string { return filepath.ToSlash(filepath.Join(dir, name)) }
	for _, tt := range []struct {
		name    string
		lines   []string
		want    []string
		failed  int
		skipped int
		outside int
	}{
		{name: "the latest line of a file counts", lines: []string{line("A", "downloaded", "a", "1"), line("A", "downloaded", "b", "2")}, want: []string{"A b"}},
		{name: "unchanged files were put in place, too", lines: []string{line("A", "unchanged", "sub/a", "1")}, want: []string{"A sub/a"}},
		{name: "failed", lines: []string{failure}, failed: 1},
		{name: "a failure says nothing of the bytes", lines: []string{line("A", "downloaded", "a", "1"), failure}, want: []string{"A a"}},
		{name: "nor do several, and skips", lines: []string{line("A", "downloaded", "old", "0"), line("A", "unchanged", "a", "1"), failure, line("A", "skipped", "a", "2"), failure}, want: []string{"A a"}},
		{name: "a skip at another path", lines: []string{line("A", "downloaded", "a", "1"), line("A", "skipped", "b", "2")}, want: []string{"A a"}},
		{name: "downloaded after a failure", lines: []string{line("A", "downloaded", "a", "1"), failure, line("A", "downloaded", "b", "2")}, want: []string{"A b"}},
		{name: "deleted after a failure", lines: []string{line("A", "downloaded", "a", "1"), failure, line("A", "deleted", "a", "1"), failure}, failed: 1},
		{name: "another file has the path of one that failed", lines: []string{line("A", "downloaded", "a", "1"), line("B", "downloaded", "a", "2"), failure}, want: []string{"B a"}},
		{name: "an intent that came true between a result and a failure", lines: []string{line("A", "downloaded", "a", "1"), line("A", "intent", "whole", "whole"), failure}, want: []string{"A whole"}},
		{name: "an intent that did not, between these", lines: []string{line("A", "downloaded", "a", "1"), line("A", "intent", "nowhere", "whole"), failure}, want: []string{"A a"}},
		{name: "skipped", lines: []string{line("A", "skipped", "a", "1")}, skipped: 1},
		{name: "skipped beside the one that has the path", lines: []string{line("A", "skipped", "a", "1"), line("B", "downloaded", "a", "1"), line("C", "skipped", "a", "1")}, want: []string{"B a"}, skipped: 2},
		{name: "the later of two files with one path", lines: []string{line("A", "downloaded", "a", "1"), line("B", "downloaded", "b", "2"), line("C", "downloaded", "a", "3")}, want: []string{"B b", "C a"}},
		{name: "one path, written in two ways", lines: []string{line("A", "downloaded", absolute("a"), "1"), line("B", "downloaded", "a", "2")}, want: []string{"B a"}},
		{name: "upper and lower case are two paths", lines: []string{line("A", "downloaded", "a", "1"), line("B", "downloaded", "A", "2")}, want: []string{"A a", "B A"}},
		{name: "absolute paths of earlier versions", lines: []string{line("A", "downloaded", absolute("a"), "1"), line("B", "downloaded", "/elsewhere/b", "2")}, want: []string{"A a"}, outside: 1},
		{name: "hostile paths", lines: []string{line("A", "downloaded", "../a", "1"), line("B", "downloaded", "sub/../../b", "2"), line("C", "downloaded", "", "3"), line("D", "skipped", "../d", "4")}, outside: 3, skipped: 1},

		{name: "an intent whose file is in place", lines: []string{line("A", "intent", "whole", "whole")}, want: []string{"A whole"}},
		{name: "an intent whose file never came", lines: []string{line("A", "intent", "nowhere", "whole")}},
		{name: "an intent whose path has other bytes", lines: []string{line("A", "intent", "torn", "torn")}},
		{name: "an intent beside the older file", lines: []string{line("A", "downloaded", "torn", "othr"), line("A", "intent", "torn", "torn")}, want: []string{"A torn"}},
		{name: "an intent in place of the older file", lines: []string{line("A", "downloaded", "again", "old"), line("A", "intent", "again", "new")}, want: []string{"A again"}},
		{name: "an intent that came true elsewhere", lines: []string{line("A", "downloaded", "old", "old"), line("A", "intent", "again", "new")}, want: []string{"A again"}},
		{name: "an intent that another file has replaced", lines: []string{line("A", "intent", "both", "of A"), line("E", "downloaded", "both", "of E")}, want: []string{"E both"}},
		{name: "an intent with its result", lines: []string{line("A", "intent", "a", "1"), line("A", "downloaded", "a", "1")}, want: []string{"A a"}},
		{name: "an intent that came true before a failure", lines: []string{line("A", "intent", "same", "same"), `{"portal":"p","mediaId":"A","selector":"original","status":"failed"}`}, want: []string{"A same"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			writeLines(t, file, append(tt.lines, "a note")...)
			before := readFile(t, file)
			f := openFiles(t, file, dir)
			if diff := cmp.Diff(tt.want, recorded(t, f)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if f.Failed != tt.failed || f.Skipped != tt.skipped || f.Outside != tt.outside || f.OtherLines != 1 {
				t.Errorf("failed %d, skipped %d, outside %d, other lines %d", f.Failed, f.Skipped, f.Outside, f.OtherLines)
			}
			for _, each := range tt.want {
				if _, path, _ := strings.Cut(each, " "); !f.Names(filepath.FromSlash(path)) {
					t.Errorf("no record names %s", path)
				}
			}
			if f.Names("..") || f.Names("never") {
				t.Error("a record names what none does")
			}
			if readFile(t, file) != before {
				t.Error("the journal was changed")
			}
		})
	}
}

// Of an intent in place of an older file, the size and the digest are those of the intent.
func TestFilesHaveTheirRecords(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "a"), "newer")
	writeLines(t, file, line("A", "downloaded", "a", "old"), line("A", "intent", "a", "newer"), line("S", "skipped", "s", "s"),
		`{"portal":"p","mediaId":"N","selector":"item/1","itemId":"1","status":"downloaded","path":"n"}`)
	f := openFiles(t, file, dir)
	var got []download.Result
	if err := f.Each(t.Context(), func(r download.Result) error { got = append(got, r); return nil }); err != nil {
		t.Fatal(err)
	}
	want := []download.Result{
		{Portal: "p", MediaID: "A", Selector: "original", Status: download.Downloaded, Path: "a", Bytes: ptr(int64(5)), MD5: md5Of("newer")},
		{Portal: "p", MediaID: "N", Selector: "item/1", ItemID: "1", Status: download.Downloaded, Path: "n"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !f.Names("s") {
		t.Error("no record names the skipped file")
	}
	for path, is := range map[string]bool{file: true, filepath.Join(dir, "a"): false} {
		if info, err := os.Stat(path); err != nil || f.IsJournal(info) != is {
			t.Errorf("%s is the journal: %v, %v", path, !is, err)
		}
	}
}

// Two paths whose fingerprints are the same by chance are two files.
func TestFilesKeepCollisions(t *testing.T) {
	dir, file := newFolder(t)
	writeLines(t, file, line("A", "downloaded", "a", "1"), line("B", "downloaded", "b", "2"))
	f := openFiles(t, file, dir)
	b, _ := f.paths.Get(f.print("b"))
	f.paths.Put(f.print("a"), b)
	if diff := cmp.Diff([]string{"A a", "B b"}, recorded(t, f)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOpenFilesRefuses(t *testing.T) {
	dir, file := newFolder(t)
	_, err := OpenFiles(t.Context(), file, dir)
	wantRefused(t, err)
	writeFile(t, file, "something else\n")
	_, err = OpenFiles(t.Context(), file, dir)
	wantRefused(t, err)
	writeLines(t, file, line("A", "downloaded", "a", "1"))
	if _, err = OpenFiles(t.Context(), file, filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a folder that does not exist was opened")
	}
}
