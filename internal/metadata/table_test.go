package metadata

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
)

const header = "path,status,mediaId,itemId,selector,bytes,md5,name,description,type,dateCreated,dateModified,tags,brandId,copyright,archive,limited,isPublic,watermarked"

func open(t *testing.T, file string) *Table {
	t.Helper()
	table, err := OpenTable(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func finish(t *testing.T, table *Table, file string) string {
	t.Helper()
	if err := table.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Dir(file)); got != filepath.Base(file) {
		t.Errorf("the folder has %s", got)
	}
	return string(content)
}

func TestTable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "all.csv")
	size := int64(12)
	table := open(t, file)
	table.Add(3, download.Result{Status: download.Failed, MediaID: "=C", Selector: "original", Name: "+1 of C"}, nil)
	table.Add(2, download.Result{Status: download.Unchanged, MediaID: "-B", ItemID: "I", Selector: "item/I", Path: "b", Bytes: &size},
		asset(t, `{"id":"-B","name":"=cmd()","property_Z":["x","y, z"],"property_A":"two\nlines","archive":1}`))
	table.Add(1, download.Result{Status: download.Downloaded, MediaID: "A", Selector: "original", Path: `d/a "1",.jpg`, Bytes: &size, MD5: "00"},
		asset(t, `{"id":"A","name":"n\u202e\u001b[31m","description":"say \"x\"","tags":["b","a"],"isPublic":"0","dateModified":"2026-01-02T00:00:00Z",`+
			`"property_B":["https://h/x?Signature=s"],"property_=1":""}`))
	table.Add(2, download.Result{Status: download.Skipped, MediaID: "-B", Selector: "derivative/mini"}, asset(t, `{"id":"-B","property_A":null}`))
	want := header + ",property_=1,property_A,property_B,property_Z\n" +
		`"d/a ""1"",.jpg",downloaded,A,,original,12,00,n[31m,"say ""x""",,,2026-01-02T00:00:00Z,"b,a",,,,,false,,,,,` + "\n" +
		`b,unchanged,-B,I,item/I,12,,'=cmd(),,,,,,,,true,,,,,two lines,,"x,y, z"` + "\n" +
		`,skipped,-B,,derivative/mini,,,,,,,,,,,,,,,,,,` + "\n" +
		`,failed,'=C,,original,,,'+1 of C,,,,,,,,,,,,,,,` + "\n"
	if got := finish(t, table, file); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTitles(t *testing.T) {
	got := titles([]string{"name", "property_a", "property_a\u202e", "property_a\u200e", "property_a (2)"})
	if want := []string{"name", "property_a", "property_a (2)", "property_a (3)", "property_a (2) (2)"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Errors have the name of the file, not that of a temporary one.
func TestErrorsNameTheFile(t *testing.T) {
	root, dir := openRoot(t)
	_, sidecar := Write(root, filepath.Join("none", "a"), []byte(`{"id":"A"}`), "")
	_, table := OpenTable(t.Context(), filepath.Join(dir, "none", "t.csv"))
	for name, err := range map[string]error{"a.metadata.json": sidecar, "t.csv": table} {
		if err == nil || !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), ".part") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTableTakesItsPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "all.csv")
	if got := finish(t, open(t, file), file); got != header+"\n" {
		t.Errorf("without rows: %s", got)
	}
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := errors.Join(os.Chtimes(file, long, long), os.Chmod(file, 0o640)); err != nil {
		t.Fatal(err)
	}
	finish(t, open(t, file), file)
	if info, err := os.Stat(file); err != nil || !info.ModTime().Equal(long) {
		t.Errorf("the same table was written again: %v, %v", info.ModTime(), err)
	}
	row := download.Result{MediaID: "A", Status: download.Downloaded}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	table := open(t, file)
	table.Add(1, row, nil)
	if err := table.Finish(stopped); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	table = open(t, file)
	table.Add(1, row, nil)
	table.Discard()
	table = open(t, file)
	table.Refuse(nil)
	table.Refuse(errors.New("no place"))
	table.Add(1, row, nil)
	if err := table.Finish(t.Context()); err == nil || err.Error() != file+" was not written: no place" {
		t.Errorf("refused: %v", err)
	}
	table = open(t, file)
	table.Add(1, row, asset(t, `{"id":"A"`+manyProperties()+`}`))
	table.Add(1, row, asset(t, `{"id":"B","property_one more":"x","property_and another":"x"}`))
	if err := table.Finish(t.Context()); err == nil || !strings.Contains(err.Error(), "metaproperties") {
		t.Errorf("too many columns: %v", err)
	}
	if content, err := os.ReadFile(file); string(content) != header+"\n" || err != nil || names(t, filepath.Dir(file)) != "all.csv" {
		t.Errorf("the file has %q, %v; the folder has %s", content, err, names(t, filepath.Dir(file)))
	}
	table = open(t, file)
	table.Add(1, row, nil)
	if got := finish(t, table, file); !strings.Contains(got, "\n,downloaded,A,") {
		t.Errorf("the file has %s", got)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 && os.PathSeparator == '/' {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// What a killed process has left is removed; what another one is writing is left alone.
func TestTableBesideOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "all.csv")
	old := time.Now().Add(-time.Hour)
	killed, living := open(t, filepath.Join(filepath.Dir(file), "another.csv")), open(t, file)
	for _, table := range []*Table{killed, living} {
		if err := os.Chtimes(table.to.Name(), old, old); err != nil {
			t.Fatal(err)
		}
	}
	killed.to.Close() // which ends its lock
	last := open(t, file)
	if _, err := os.Stat(killed.to.Name()); !errors.Is(err, fs.ErrNotExist) && !errors.Is(filelock.Try(last.to), filelock.ErrUnsupported) {
		t.Errorf("what was left is still there: %v", err)
	}
	last.Discard()
	finish(t, living, file)
}

func manyProperties() string {
	var all strings.Builder
	for i := range maxProperties - 1 {
		fmt.Fprintf(&all, `,"property_%d":""`, i)
	}
	return all.String()
}
