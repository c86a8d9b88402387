package journal

import (
	"strings"
	"testing"
)

// A journal that was cut at any byte opens, knows what is whole, and goes on.
func TestTornAtEveryByte(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A", "B")
	whole := readFile(t, file)
	first := strings.IndexByte(whole, '\n') + 1
	for cut := range len(whole) + 1 {
		writeFile(t, file, whole[:cut])
		j := openJournal(t, file, Options{Dir: dir})
		// A line that only lacks its end is whole.
		wantDone(t, j, cut >= first-1, "A")
		wantDone(t, j, cut >= len(whole)-1, "B")
		e, _ := j.entry(downloaded(original("C"), "A", int64(len("content of A"))))
		if err := j.flush([]entry{e}); err != nil {
			t.Error(err)
		}
		wantDone(t, j, true, "C")
		closeJournal(t, j)
		lines := 1
		if cut >= first-1 {
			lines++
		}
		if cut >= len(whole)-1 {
			lines++
		}
		if got := lineCount(t, file); got != lines {
			t.Errorf("cut at %d: %d lines, want %d", cut, got, lines)
		}
		j = openJournal(t, file, Options{Dir: dir})
		wantDone(t, j, cut >= first-1, "A")
		wantDone(t, j, cut >= len(whole)-1, "B")
		wantDone(t, j, true, "C")
		if j.view.others != 0 || j.view.records != lines {
			t.Errorf("cut at %d: %d records, %d foreign lines", cut, j.view.records, j.view.others)
		}
		closeJournal(t, j)
	}
}

func TestOnlyWhatIsTornIsCut(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A")
	line := readFile(t, file)
	for tail, want := range map[string]string{
		"":                            "",
		`{"portal":"portal.exa`:       "",
		`{"por`:                       "",
		`{`:                           "",
		"{\"portal\":\"p\x00\x00\x00": "",
		"\x00\x00":                    "",
		`{"mediaId":"X`:               `{"mediaId":"X` + "\n", // not written by this program
		"# note":                      "# note\n",
		`{"a":1}`:                     `{"a":1}` + "\n",
		strings.TrimSpace(line):       line,
		"\n\n":                        "\n\n",
	} {
		writeFile(t, file, line+tail)
		j := openJournal(t, file, Options{Dir: dir})
		wantDone(t, j, true, "A")
		closeJournal(t, j)
		if got := readFile(t, file); got != line+want {
			t.Errorf("%q became %q, want %q", tail, got[len(line):], want)
		}
	}
}

func TestForeignLines(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A", "B")
	a, b, _ := strings.Cut(readFile(t, file), "\n")
	foreign := "# note\n\n" + `{"id":"X"}` + "\n" + strings.Repeat("x", maxLine+1) + "\r\n\x00\xff\n[1]\n"
	writeFile(t, file, foreign+a+"\r\n"+foreign+b+foreign)
	j := openJournal(t, file, Options{Dir: dir})
	wantDone(t, j, true, "A", "B")
	if j.view.records != 2 || j.view.others != 15 {
		t.Errorf("%d records, %d foreign lines", j.view.records, j.view.others)
	}
	closeJournal(t, j)
}
