package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

const (
	twitter  = "D4AC0B41-141B-47D2-98B4FECDA8894CB2"
	emptyTxt = "E3970000-0005-4F10-8A0B9C8D7E6F5A45"
)

// earlierFolder copies a file that an earlier version wrote for /srv/photos to a folder of the test, with the files
// that it records: those of its results, of the recorded sizes. The bytes of empty files alone are right.
func earlierFolder(t *testing.T, name string) (dir, file string) {
	t.Helper()
	dir, file = newFolder(t)
	text := readFile(t, filepath.Join("testdata", "versions", name))
	quoted := toJSON(t, dir+string(filepath.Separator))
	writeFile(t, file, strings.ReplaceAll(text, "/srv/photos/", quoted[1:len(quoted)-1]))
	for line := range strings.Lines(text) {
		r, ok := parse([]byte(strings.TrimSpace(line)))
		if !ok && !isHead([]byte(strings.TrimSpace(line))) {
			t.Errorf("%s has a line that is not read: %s", name, line)
		}
		if !ok || !r.is(download.Downloaded) && !r.is(download.Skipped) {
			continue
		}
		path := filepath.Join(dir, strings.TrimPrefix(string(r.path), "/srv/photos/"))
		writeFile(t, path, "")
		if err := os.Truncate(path, r.bytes); err != nil {
			t.Fatal(err)
		}
	}
	return dir, file
}

// What a version has recorded costs the next versions no call: its journals are read for ever.
func TestJournalsOfEarlierVersions(t *testing.T) {
	files, err := filepath.Glob("testdata/versions/journal-*.ndjson")
	if err != nil || len(files) < 4 {
		t.Fatalf("%q, %v", files, err)
	}
	of := func(kind bynder.Kind, s bynder.Selector) download.Job {
		s.Kind = kind
		return download.Job{MediaID: twitter, Selector: s}
	}
	want := map[string]download.Job{
		"Twitter.jpg":       {MediaID: twitter},
		"empty.txt":         {MediaID: emptyTxt},
		"old/2-Twitter.jpg": of(bynder.Version, bynder.Selector{Version: 2}),
		"mini-Twitter.png":  of(bynder.Derivative, bynder.Selector{Name: "mini"}),
		"items/1364B483-A8C2-41FA-8FEBB8A797696990.jpg": of(bynder.Item, bynder.Selector{ItemID: "1364B483-A8C2-41FA-8FEBB8A797696990"}),
		"again/Twitter-licence.pdf":                     of(bynder.Additional, bynder.Selector{}),
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			dir, file := earlierFolder(t, filepath.Base(path))
			j := openJournal(t, file, Options{Dir: dir, Skip: true})
			for name, job := range want {
				r, done := j.Done(job)
				if !done || r.Status != download.Unchanged || filepath.ToSlash(r.Path) != name || r.ETag == "" {
					t.Errorf("%s: done %v, %s at %q, ETag %s", name, done, r.Status, r.Path, r.ETag)
				}
			}
			if r, done := j.Done(of(bynder.Derivative, bynder.Selector{Name: "webimage"})); !done || r.Status != download.Skipped {
				t.Errorf("the skipped file: done %v, %s", done, r.Status)
			}
			wantDone(t, j, false, "nope")
			j.Finished(original("new"), downloaded(original("new"), "Twitter.jpg", 183_204))
			closeJournal(t, j)

			all, err := OpenFiles(t.Context(), file, dir)
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]bool{}
			err = all.Each(t.Context(), func(r download.Result) error {
				found[filepath.ToSlash(r.Path)] = true
				return nil
			})
			if err != nil || len(found) != len(want) || all.OtherLines != 0 {
				t.Errorf("verify finds %v, %d other lines, %v", found, all.OtherLines, err)
			}
			if err := all.Close(); err != nil {
				t.Error(err)
			}
			groups, others, err := Summarize(t.Context(), Source{Name: file})
			if err != nil || len(groups) < 3 || others != 0 {
				t.Errorf("journal show finds %v, %d other lines, %v", groups, others, err)
			}
		})
	}
}

// A version was killed after it had published a file, and before it recorded the result.
func TestIntentsOfEarlierVersions(t *testing.T) {
	for _, name := range []string{"journal-2.ndjson", "journal-3.ndjson", "journal-4.ndjson"} {
		dir, file := earlierFolder(t, name)
		var kept strings.Builder
		for line := range strings.Lines(readFile(t, file)) {
			if !strings.Contains(line, emptyTxt) || strings.Contains(line, `"status":"intent"`) {
				kept.WriteString(line)
			}
		}
		if strings.Count(kept.String(), emptyTxt) != 1 {
			t.Fatalf("%s has no intent of the empty file", name)
		}
		writeFile(t, file, kept.String())
		j := openJournal(t, file, Options{Dir: dir})
		wantDone(t, j, true, emptyTxt)
		closeJournal(t, j)
	}
}

// The state of a sync of an earlier version names its files.
func TestStatesOfEarlierVersions(t *testing.T) {
	dir, file := earlierFolder(t, "state-1.ndjson")
	j := openState(t, file, dir)
	defer closeJournal(t, j)
	if want := `{"format":1,"portal":"portal.example","user":"6A1B2C3D-4E5F-4061-8273645546372819","selection":"--tag 'brand': original","template":"{filename}"}`; string(j.Head()) != want {
		t.Errorf("the head is %s, want %s", j.Head(), want)
	}
	found := map[string]download.Result{}
	err := j.Each(t.Context(), func(r download.Result) error {
		found[r.Path] = r
		return nil
	})
	if err != nil || len(found) != 3 {
		t.Errorf("%d files, %v", len(found), err)
	}
	for path, version := range map[string]int64{"Hero.jpg": 2, "Logo.jpg": 2, "Logo-twin.jpg": 1} {
		r, ok := found[path]
		if !ok || r.MD5 == "" || r.Listed == nil || r.Listed.Version != version || r.Listed.ModTime.IsZero() || r.Listed.Metadata == "" {
			t.Errorf("%s: %v, %+v", path, ok, r.Listed)
		}
	}
}
