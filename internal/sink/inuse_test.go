package sink

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

func TestSameFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, err := range []error{
		os.MkdirAll("real/sub", 0o777), os.WriteFile("real/there", nil, 0o666), os.Link("real/there", "hard"),
		os.Symlink("real", "link"), os.Symlink("real/there", "toThere"), os.Symlink("new", "toNew"), os.Symlink("toNew", "toToNew"),
		os.Symlink("loop", "loop"), os.Symlink("../new", "real/up"), os.Symlink("link/sub/../../new", "byLink"), os.Symlink(filepath.Join(dir, "new"), "absolute"),
	} {
		if err != nil {
			t.Skip(err)
		}
	}
	for _, same := range [][2]string{
		{"new", "new"}, {"new", "./new"}, {"new", "real/../new"}, {"new", filepath.Join(dir, "new")}, {"new", "NEW"},
		{"new", "toNew"}, {"toToNew", "toNew"}, {"new", "toToNew"}, {"new", "real/up"}, {"new", "link/up"}, {"new", "absolute"}, {"new", "byLink"},
		{"real/new", "link/new"}, {"real/there", "link/there"}, {"real/there", "toThere"}, {"hard", "toThere"},
		{"missing/a", "missing/./a"},
	} {
		if !SameFile(same[0], same[1]) || !SameFile(same[1], same[0]) {
			t.Errorf("%q are not the same file", same)
		}
	}
	for _, other := range [][2]string{
		{"new", "newer"}, {"new", "real/new"}, {"new", "real/there"}, {"loop", "new"}, {os.DevNull, os.DevNull}, {"missing/a", "a"}, {"toNew", "link/new"},
	} {
		if SameFile(other[0], other[1]) || SameFile(other[1], other[0]) {
			t.Errorf("%q are the same file", other)
		}
	}
}

// Nothing is put in the place of a file that the run itself uses, nor taken for done there.
func TestFilesInUse(t *testing.T) {
	obj := object("content")
	for _, policy := range []IfExists{Fail, Skip, Overwrite, Rename} {
		for what, before := range map[string]string{"none yet": "", "another": "ids", "the very bytes": "content"} {
			folder := t.TempDir()
			own := filepath.Join(folder, "own")
			if before != "" {
				writeFile(t, own, before)
			}
			d := newDir(t, folder, DirOptions{IfExists: policy, InUse: []InUse{{What: "the run's own journal", Path: filepath.Join(folder, ".", "own")}}})
			_, err := d.Begin(t.Context(), original("own", "A"), obj)
			var e *download.Error
			if policy == Rename {
				if err != nil {
					t.Errorf("%v, %s: %v", policy, what, err)
				}
			} else if !errors.As(err, &e) || e.Code != download.CodeExists || e.Error() != own+" is the run's own journal" || e.Hint() == "" {
				t.Errorf("%v, %s: the error is %v", policy, what, err)
			}
			if got, _ := os.ReadFile(own); string(got) != before {
				t.Errorf("%v, %s: it has %q", policy, what, got)
			}
		}
	}
}

// One that is made after Begin stays, too.
func TestFilesInUseThatAppearMeanwhile(t *testing.T) {
	for _, policy := range []IfExists{Fail, Overwrite} {
		folder, elsewhere := t.TempDir(), t.TempDir()
		log := filepath.Join(elsewhere, "log")
		d := newDir(t, folder, DirOptions{IfExists: policy, InUse: []InUse{{What: "the log", Path: log}}})
		p := begin(t, d, original("own", "A"), object("content"))
		write(t, p, "content")
		writeFile(t, log, "ours")
		if err := os.Link(log, filepath.Join(folder, "own")); err != nil {
			t.Skip(err)
		}
		if _, err := p.Publish(t.Context()); err == nil || wantCode(t, err, download.CodeExists) == "" {
			t.Errorf("%v: the error is %v", policy, err)
		}
		wantFiles(t, folder, map[string]string{"own": "ours"})
	}
}

// Another name may lead to a file in use: another spelling, or a link, whether the file exists or not.
func TestFilesInUseByOtherNames(t *testing.T) {
	for _, exists := range []bool{false, true} {
		folder, elsewhere := t.TempDir(), t.TempDir()
		journal, link := filepath.Join(folder, "journal"), filepath.Join(elsewhere, "link")
		failed := errors.Join(
			os.Symlink(journal, link), os.Symlink("journal", filepath.Join(folder, "toJournal")),
			os.Symlink(filepath.Join(elsewhere, "list"), filepath.Join(folder, "toList")), os.Symlink("nowhere", filepath.Join(folder, "toNowhere")),
		)
		if failed != nil {
			t.Skip(failed)
		}
		if exists {
			writeFile(t, journal, "ours")
			writeFile(t, filepath.Join(elsewhere, "list"), "ids")
		}
		d := newDir(t, folder, DirOptions{InUse: []InUse{{What: "the journal", Path: link}, {What: "a list", Path: filepath.Join(elsewhere, "list")}}})
		used := []string{"journal", "toJournal", "toList"}
		if !exists {
			used = append(used, "JOURNAL") // the file system may treat both names as equal
		}
		for _, name := range used {
			if wantCode(t, d.CheckInUse(name), download.CodeExists) == "" {
				t.Errorf("%s (exists: %v): no hint", name, exists)
			}
		}
		for _, name := range []string{"list", "journal2", "a/journal", "toNowhere"} {
			if err := d.CheckInUse(name); err != nil {
				t.Errorf("%s (exists: %v): %v", name, exists, err)
			}
		}
	}
}
