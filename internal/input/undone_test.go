package input

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/bynder-cli/bynder/internal/download"
)

// undoneList is a list as the tests of --undone-out read it.
type undoneList struct {
	text string
	pipe bool
	nul  bool
}

// undoneAfter reads lists until stopAfter jobs were yielded, -1 for to their ends, in which files with one of the ids
// in done are downloaded and others fail, the last one first. It returns what --undone-out holds.
func undoneAfter(t *testing.T, lists []undoneList, done string, stopAfter int) (text string, notStarted int) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "undone")
	sources := NewSources(nil)
	defer sources.Close()
	for _, list := range lists {
		name := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(name, []byte(list.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if list.pipe {
			sources.all = append(sources.all, newSource("pipe", strings.NewReader(list.text), Format{NUL: list.nul}))
		} else if err := sources.Open(t.Context(), name, Format{NUL: list.nul}); err != nil {
			t.Fatal(err)
		}
	}
	in := testList(t, file, nil, sources.all...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var jobs []download.Job
	if stopAfter != 0 {
		for job := range in.Jobs(ctx) {
			if jobs = append(jobs, job); len(jobs) == stopAfter {
				stop()
				break
			}
		}
	}
	for i := len(jobs) - 1; i >= 0; i-- {
		r := download.Result{Status: download.Failed}
		if jobs[i].Err == nil && strings.Contains(done, jobs[i].MediaID) {
			r.Status = download.Downloaded
		}
		in.Finished(jobs[i], r)
	}
	notStarted, err := in.Close(stopAfter >= 0 || in.Err() != nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); len(left) != 1 || err != nil {
		t.Errorf("beside the list there is %v, %v", left, err)
	}
	return string(got), notStarted
}

func wide(text string) string {
	bytes := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		bytes = append(bytes, byte(unit), byte(unit>>8))
	}
	return string(bytes)
}

// Every line that is not done is in the list, in the order of the input, and is asked for again by it.
func TestUndoneLosesNothing(t *testing.T) {
	const open = "id,path\nB,1\nC,\"2\nD,3\n\n,x\nO,4\n"
	const left = "id,path\nC,\"2\nD,3\n\n,x\nO,4\n"
	many := strings.Repeat(strings.Repeat("x", 200)+"\n", maxLine/200)
	long := strings.Repeat("x", maxLine) + "\xff"
	for _, tt := range []struct {
		name  string
		lists []undoneList
		done  string
		stop  int
		want  string
	}{
		{"a quote that is not closed", []undoneList{{text: open}}, "B", -1, left},
		{"in a pipe", []undoneList{{text: open, pipe: true}}, "B", -1, left},
		{"in UTF-16", []undoneList{{text: wide(open)}}, "B", -1, left},
		{"in a failed run", []undoneList{{text: open}}, "", -1, open},
		{"before it is met", []undoneList{{text: "id,path\nA,0\nB,1\nC,\"2\nD,3\n"}}, "A", 1, "id,path\nB,1\nC,\"2\nD,3\n"},
		{"of a run that did not begin", []undoneList{{text: open}}, "", 0, open},
		{"before another list", []undoneList{{text: open}, {text: "id,path\nE,5\n"}}, "B", -1, "id,path\nE,5\nC,\"2\nD,3\n\n,x\nO,4\n"},
		{"before a list without a header", []undoneList{{text: open}, {text: "E\n"}}, "B", -1,
			"E\n" + `{"line":"C,\"2"}` + "\n" + `{"line":"D,3"}` + "\n" + `{"line":",x"}` + "\n" + `{"line":"O,4"}` + "\n"},
		{"in the header", []undoneList{{text: "# c\n\"id,path\nB,1\nC,2\n"}}, "", -1, "\"id,path\nB,1\nC,2\n"},
		{"in the header of a pipe", []undoneList{{text: "\"id,path\nB,1\nC,2\n", pipe: true}}, "", -1, "\"id,path\nB,1\nC,2\n"},
		{"in a second header", []undoneList{{text: "id,path\nA,1\n"}, {text: "\"id,path\nB,1\n"}}, "A", -1,
			`{"line":"\"id,path"}` + "\n" + `{"line":"B,1"}` + "\n"},
		{"with a long line behind", []undoneList{{text: "id,path\nB,\"1\n" + long + "\nC,2\n"}}, "", -1, "id,path\nB,\"1\n" + long + "\nC,2\n"},
		{"in a row of many lines", []undoneList{{text: "id,path\nB,\"1\n" + many}}, "", -1, "id,path\nB,\"1\n" + many},

		{"a long row", []undoneList{{text: "id,path\nA,1\n" + long + "\nB,2\n"}}, "B", -1, "id,path\nA,1\n" + long + "\n"},
		{"of a pipe", []undoneList{{text: "id,path\nA,1\n" + long + "\nB,2\n", pipe: true}}, "A", -1, "id,path\n" + long + "\nB,2\n"},
		{"in UTF-16 with CR", []undoneList{{text: wide("id,path\r\nA,1\r\n" + strings.Repeat("é", maxLine) + "\r\nB,2\r\n")}}, "A", -1,
			"id,path\n" + strings.Repeat("é", maxLine) + "\nB,2\n"},
		{"first without a header", []undoneList{{text: long + "\nB\n"}}, "", -1, long + "\nB\n"},
		{"at the end", []undoneList{{text: "A\n" + long}}, "A", -1, long + "\n"},
		{"that was not read", []undoneList{{text: "id\nA\n" + long + "\nB\n" + long + "\n"}}, "A", 1, "id\n" + long + "\nB\n" + long + "\n"},
		{"that is the first of the rest", []undoneList{{text: "id\n" + long + "\nB\n"}}, "", 0, "id\n" + long + "\nB\n"},
		{"of two lists", []undoneList{{text: "id\nA\n" + long + "\n"}, {text: "id\nB\n" + long + "\n", pipe: true}}, "A,B", -1, "id\n" + long + "\n" + long + "\n"},
		{"between NUL", []undoneList{{text: "A\x00B\nC" + strings.Repeat("x", maxLine) + "\x00D\x00", nul: true}}, "A", -1,
			`{"line":"B\nC` + strings.Repeat("x", maxLine) + "\"}\nD\n"},

		{"JSON that is wrong", []undoneList{{text: "A\n" + `{"mediaId":"C","saveAs":7}` + "\n" + ` {"name":"D"}` + "\n{\nB\n"}}, "A", -1,
			`{"mediaId":"C","saveAs":7}` + "\n" + ` {"name":"D"}` + "\n{\nB\n"},
		{"quoted ids", []undoneList{{text: "A\n\"B\"\n"}}, "A", -1, "\"B\"\n"},
		{"rows below a plain line", []undoneList{{text: "A\nB,1\nC,2\n"}}, "A", -1, "B,1\nC,2\n"},
		{"before a good one", []undoneList{{text: "A\nB,1\nC,2\nD\nE\n"}}, "A", -1, "D\nB,1\nC,2\nE\n"},
		{"before a rest", []undoneList{{text: "A\nB,1\nC\n"}}, "A", 2, `{"line":"B,1"}` + "\nC\n"},
		{"a header below a plain line", []undoneList{{text: "A\nid,path\n"}}, "A", -1, `{"line":"id,path"}` + "\n"},
		{"an open quote below a plain line", []undoneList{{text: "A\n\"B,1\nC,2\n"}}, "A", -1, `{"line":"\"B,1"}` + "\nC,2\n"},
		{"what a list cannot begin with", []undoneList{{text: "A\n{\nsep=;\nB\n"}}, "A", -1, "B\n{\nsep=;\n"},
		{"a separator alone", []undoneList{{text: "A\nsep=;\n"}}, "A", -1, `{"line":"sep=;"}` + "\n"},
		{"Excel's line for the separator", []undoneList{{text: "sep=;\nid;path\nA;a\n"}}, "", -1, "id;path\nA;a\n"},
		{"that the header needs", []undoneList{{text: "sep=,\nid;x,id\nx,A\n"}}, "", -1, "sep=,\nid;x,id\nx,A\n"},
		{"rows that are wrong", []undoneList{{text: "id,path\nA,a,b\n,c\n\"B\"x,d\nx y,e\n"}}, "", -1, "id,path\nA,a,b\n,c\n\"B\"x,d\nx y,e\n"},
		{"in two forms", []undoneList{{text: "id,path\nA,a,b\n,c\n\"B\"x,d\nx y,e\n"}, {text: "Z\n"}}, "Z", -1,
			`{"line":"A,a,b"}` + "\n" + `{"line":",c"}` + "\n" + `{"line":"\"B\"x,d"}` + "\n" + `{"mediaId":"x y","saveAs":"e"}` + "\n"},
		{"the same twice", []undoneList{{text: "A\nx y\n"}, {text: "B\nx y\n"}}, "A,B", -1, "x y\nx y\n"},
		{"between NUL what is wrong", []undoneList{{text: "A\x00#c\x00{\"id\":\"B\"}\x00 \x00C\tI\x00a\nb\x00", nul: true}}, "A", -1,
			`{"line":"#c"}` + "\n" + `{"line":"{\"id\":\"B\"}"}` + "\n" + `{"line":" "}` + "\n" + `{"line":"C\tI"}` + "\n" + `{"line":"a\nb"}` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, notStarted := undoneAfter(t, tt.lists, tt.done, tt.stop)
			if got != tt.want {
				t.Fatalf("undone:\n%.300s\nwant\n%.300s", got, tt.want)
			}
			if tt.want == left && notStarted != 4 {
				t.Errorf("%d lines are not started, want 4", notStarted)
			}
			if begins, _, _ := strings.Cut(got, "\n"); begins == "B,1" {
				return // nothing else is left, and it is refused as a row without a header
			}
			if again, _ := undoneAfter(t, []undoneList{{text: got}}, "", -1); again != got {
				t.Errorf("when nothing of it is done:\n%.300s\nwant\n%.300s", again, got)
			}
		})
	}
}

// A list that cannot be read to its end is not replaced by the part that could be.
func TestUndoneThatIsNotWhole(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "undone")
	if err := os.WriteFile(file, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the disk is broken")
	in := testList(t, file, []string{"A"}, &source{name: "list", regular: true, r: brokenFile{broken}})
	for range in.Jobs(t.Context()) {
	}
	_, err := in.Close(false)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "the list is in") {
		t.Errorf("error %v", err)
	}
	if got, err := os.ReadFile(file); string(got) != "before\n" || err != nil {
		t.Errorf("the list was replaced by %q, %v", got, err)
	}
	if left, err := os.ReadDir(dir); len(left) != 2 || err != nil {
		t.Errorf("there is %v, %v", left, err)
	}
}

// brokenFile is a file that cannot be read.
type brokenFile struct{ err error }

func (b brokenFile) Read([]byte) (int, error)          { return 0, b.err }
func (b brokenFile) ReadAt([]byte, int64) (int, error) { return 0, b.err }
