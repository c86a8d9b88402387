package sink

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// newRun makes targets of one run in d: the number is that of the file in the input.
func newRun(t *testing.T, d *Dir) func(number int64, name, id string) download.Target {
	paths := download.NewPaths(d, nil)
	return func(number int64, name, id string) download.Target {
		to := original(name, id)
		to.Claim = paths.Claim(download.Job{Number: number, MediaID: id}, func() {})
		t.Cleanup(func() { to.Claim.End(true) })
		return to
	}
}

// Two files of one run have one name. The first in the input has it, whichever begins and ends first.
func TestTwoFilesMeet(t *testing.T) {
	for policy, want := range map[IfExists]map[string]string{
		Fail:      {"a.jpg": whole},
		Skip:      {"a.jpg": whole},
		Overwrite: {"a.jpg": whole},
		Rename:    {"a.jpg": whole, "a-B.jpg": other},
	} {
		for _, twin := range []string{"a.jpg", "A.JPG"} {
			t.Run(policy.String()+", "+twin, func(t *testing.T) {
				folder := t.TempDir()
				d := newDir(t, folder, DirOptions{IfExists: policy})
				to := newRun(t, d)
				a, b := to(1, "a.jpg", "A"), to(2, twin, "B")
				second := begin(t, d, b, object(other))
				write(t, second, other)
				first := begin(t, d, a, object(whole))
				if policy == Rename {
					want := strings.TrimSuffix(twin, filepath.Ext(twin)) + "-B" + filepath.Ext(twin)
					if path := publish(t, second); path != want {
						t.Errorf("the second is %s, want %s", path, want)
					}
				} else {
					_, err := second.Publish(t.Context())
					if hint := wantCode(t, err, download.CodeExists); !strings.Contains(hint, `--name '{id}/{filename}'`) {
						t.Errorf("the hint is %q", hint)
					}
				}
				write(t, first, whole)
				publish(t, first)
				got := files(t, folder)
				if _, ok := got["A-B.JPG"]; ok {
					got["a-B.jpg"] = got["A-B.JPG"]
					delete(got, "A-B.JPG")
				}
				if len(got) != len(want) || got["a.jpg"] != want["a.jpg"] || got["a-B.jpg"] != want["a-B.jpg"] {
					t.Errorf("the folder has %q, want %q", got, want)
				}
			})
		}
	}
}

// Two files of one run have one name, and one is received after the other.
func TestTwoFilesFollow(t *testing.T) {
	for _, policy := range []IfExists{Fail, Skip, Overwrite} {
		t.Run(policy.String(), func(t *testing.T) {
			folder := t.TempDir()
			writeFile(t, filepath.Join(folder, "b.jpg"), whole)
			d := newDir(t, folder, DirOptions{IfExists: policy})
			to := newRun(t, d)
			put(t, d, to(1, "a.jpg", "A"), whole)
			wantCode(t, beginErr(t.Context(), t, d, to(2, "a.jpg", "B"), object(other)), download.CodeExists)
			// One of the same bytes is another file all the same.
			wantCode(t, beginErr(t.Context(), t, d, to(3, "a.jpg", "C"), object(whole)), download.CodeExists)
			wantFiles(t, folder, map[string]string{"a.jpg": whole, "b.jpg": whole})
		})
	}
}

// Two files of one run have one name and the same bytes. They meet as others do, in the first run and in the second one.
func TestTwins(t *testing.T) {
	for policy, want := range map[IfExists]map[string]string{
		Fail:      {"a.jpg": whole},
		Skip:      {"a.jpg": whole},
		Overwrite: {"a.jpg": whole},
		Rename:    {"a.jpg": whole, "a-B.jpg": whole},
	} {
		t.Run(policy.String(), func(t *testing.T) {
			folder := t.TempDir()
			d := newDir(t, folder, DirOptions{IfExists: policy})
			to := newRun(t, d)
			put(t, d, to(1, "a.jpg", "A"), whole)
			if b := to(2, "a.jpg", "B"); policy == Rename {
				put(t, d, b, whole)
			} else {
				wantCode(t, beginErr(t.Context(), t, d, b, object(whole)), download.CodeExists)
			}
			wantFiles(t, folder, want)
			to = newRun(t, d) // the second one is asked about first
			a, b := to(1, "a.jpg", "A"), to(2, "a.jpg", "B")
			wantPresent(t, beginErr(t.Context(), t, d, b, object(whole)), download.Unchanged, "a.jpg") // for the time being
			wantPresent(t, beginErr(t.Context(), t, d, a, object(whole)), download.Unchanged, "a.jpg")
			if policy == Rename {
				wantPresent(t, beginErr(t.Context(), t, d, b, object(whole)), download.Unchanged, "a-B.jpg")
			} else {
				wantCode(t, b.Claim.Refused(), download.CodeExists)
			}
			wantFiles(t, folder, want)
		})
	}
}

// A file that is skipped has the path for its run as any other has, whichever file is looked at first.
func TestSkippedFileHasItsPath(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "a.jpg"), "theirs")
	d := newDir(t, folder, DirOptions{IfExists: Skip})
	to := newRun(t, d)
	a, b := to(1, "a.jpg", "A"), to(2, "a.jpg", "B")
	wantPresent(t, beginErr(t.Context(), t, d, b, object(other)), download.Skipped, "a.jpg") // for the time being
	wantPresent(t, beginErr(t.Context(), t, d, a, object(whole)), download.Skipped, "a.jpg")
	wantCode(t, b.Claim.Refused(), download.CodeExists)
}

// The first of two files is in place already, and the second, which differs, does not take it away, nor pass it by.
func TestFileInPlaceKeepsItsPath(t *testing.T) {
	for _, policy := range []IfExists{Fail, Skip, Overwrite} {
		folder := t.TempDir()
		writeFile(t, filepath.Join(folder, "a.jpg"), whole)
		d := newDir(t, folder, DirOptions{IfExists: policy})
		to := newRun(t, d)
		wantPresent(t, beginErr(t.Context(), t, d, to(1, "a.jpg", "A"), object(whole)), download.Unchanged, "a.jpg")
		wantCode(t, beginErr(t.Context(), t, d, to(2, "a.jpg", "B"), object(other)), download.CodeExists)
		wantFiles(t, folder, map[string]string{"a.jpg": whole})
	}
}

// An identical file is in place, and an earlier file of the run replaces it: the later one is not unchanged.
func TestFileInPlaceIsReplacedByAnEarlierOne(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "a.jpg"), whole)
	d := newDir(t, folder, DirOptions{IfExists: Overwrite})
	to := newRun(t, d)
	a, b := to(1, "a.jpg", "A"), to(2, "a.jpg", "B")
	wantPresent(t, beginErr(t.Context(), t, d, b, object(whole)), download.Unchanged, "a.jpg") // for the time being
	put(t, d, a, other)
	wantCode(t, b.Claim.Refused(), download.CodeExists)
	wantFiles(t, folder, map[string]string{"a.jpg": other})
}

// A renamed file and one that is called so.
func TestRenamedFileMeetsAnother(t *testing.T) {
	for _, order := range []string{"the renamed one first", "the other one first"} {
		t.Run(order, func(t *testing.T) {
			folder := t.TempDir()
			d := newDir(t, folder, DirOptions{IfExists: Rename})
			to := newRun(t, d)
			put(t, d, to(1, "a.jpg", "A"), whole)
			renamed, called := int64(2), int64(3)
			if order == "the other one first" {
				renamed, called = called, renamed
			}
			b, c := to(renamed, "a.jpg", "B"), to(called, "a-B.jpg", "C")
			want := map[string]string{"a.jpg": whole, "a-B.jpg": other, "a-B-C.jpg": "the third"}
			if order == "the other one first" {
				second := begin(t, d, b, object(other))
				put(t, d, c, "the third")
				write(t, second, other)
				_, err := second.Publish(t.Context())
				wantCode(t, err, download.CodeExists)
				want = map[string]string{"a.jpg": whole, "a-B.jpg": "the third"}
			} else {
				third := begin(t, d, c, object("the third"))
				put(t, d, b, other)
				write(t, third, "the third")
				publish(t, third)
			}
			wantFiles(t, folder, want)
		})
	}
}

// A whole file that waits when the run is interrupted is published by the next one, wherever it goes.
func TestWaitingFileIsPublishedByTheNextRun(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{IfExists: Rename})
	to := newRun(t, d)
	a, b := to(1, "a.jpg", "A"), to(2, "a.jpg", "B")
	keep(t, d, b, object(other), other)
	put(t, d, a, whole)
	d = newDir(t, folder, DirOptions{IfExists: Rename})
	to = newRun(t, d)
	wantPresent(t, beginErr(t.Context(), t, d, to(1, "a.jpg", "A"), object(whole)), download.Unchanged, "a.jpg")
	p := begin(t, d, to(2, "a.jpg", "B"), object(other))
	if p.Held() != int64(len(other)) {
		t.Errorf("held is %d", p.Held())
	}
	publish(t, p)
	wantFiles(t, folder, map[string]string{"a.jpg": whole, "a-B.jpg": other})
}

// Another program puts a file at the path that a file of the run got.
func TestPlaceThatIsLostToAnotherProgram(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{IfExists: Rename})
	a := newRun(t, d)(1, "a.jpg", "A")
	keep(t, d, a, object(whole), whole)
	writeFile(t, filepath.Join(folder, "a.jpg"), "theirs")
	p := begin(t, d, a, object(whole))
	publish(t, p)
	wantFiles(t, folder, map[string]string{"a.jpg": "theirs", "a-A.jpg": whole})
}

func TestSameFileAgainInOneRunOverwrites(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{IfExists: Overwrite})
	put(t, d, original("a.jpg", "A"), whole)
	put(t, d, original("a.jpg", "A"), other)
	wantFiles(t, folder, map[string]string{"a.jpg": other})
}

// Links of doubles, as some tools make them, are not one path.
func TestNamesOfOneFileAreTwoPaths(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.jpg")
	writeFile(t, path, whole)
	if err := os.Link(path, filepath.Join(folder, "b.jpg")); err != nil {
		t.Skip(err)
	}
	d := newDir(t, folder, DirOptions{IfExists: Overwrite})
	to := newRun(t, d)
	put(t, d, to(1, "a.jpg", "A"), other)
	put(t, d, to(2, "b.jpg", "B"), "the third")
	wantFiles(t, folder, map[string]string{"a.jpg": other, "b.jpg": "the third"})
}
