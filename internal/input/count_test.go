package input

import (
	"io"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

// How many files a run is for: before anything is read, after each line, and once all of it was.
func TestFilesOfARun(t *testing.T) {
	type files struct {
		n    int
		more bool
	}
	file := func(t *testing.T) *source { return regular(t, "A\nB\n\n# no id\nA\nC\n") }
	pipe := func(*testing.T) *source {
		return &source{name: "pipe", r: io.MultiReader(strings.NewReader("A\nB\nA\nC\n"))}
	}
	for _, tt := range []struct {
		name    string
		args    []string
		source  func(*testing.T) *source
		becomes map[string]int // files of a line
		expands bool
		want    []files // the first before Jobs, then one as each job comes, the last after them
	}{
		{"arguments", []string{"A", "B"}, nil, nil, false, []files{{2, false}, {2, false}, {2, false}, {2, false}}},
		{"an argument twice", []string{"A", "A"}, nil, nil, false, []files{{2, false}, {2, false}, {1, false}}},
		{"a file with a repeated line", nil, file, nil, false, []files{{4, false}, {4, false}, {4, false}, {3, false}, {3, false}}},
		{"a pipe", nil, pipe, nil, false, []files{{0, true}, {1, true}, {2, true}, {3, true}, {3, false}}},
		{"lines that become files", nil, file, map[string]int{"A": 3, "B": 1, "C": 2}, true, []files{{4, true}, {4, true}, {6, true}, {5, true}, {6, false}}},
		{"a pipe of such lines", nil, pipe, map[string]int{"A": 3}, true, []files{{0, true}, {1, true}, {4, true}, {5, true}, {5, false}}},
		{"nothing", nil, nil, nil, false, []files{{0, false}, {0, false}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Sources: &Sources{}, Expands: tt.expands, Choose: func(Entry) (bynder.Selector, error) { return bynder.Selector{}, nil }}
			for _, id := range tt.args {
				o.Args = append(o.Args, Entry{MediaID: id})
			}
			if tt.source != nil {
				o.Sources.all = []*source{tt.source(t)}
			}
			l, err := New(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			look := func(when string) {
				n, more := l.Files()
				if len(tt.want) == 0 || tt.want[0] != (files{n, more}) {
					t.Errorf("%s: %d files, more %t; want %v", when, n, more, tt.want)
				}
				tt.want = tt.want[min(1, len(tt.want)):]
			}
			look("at first")
			for job := range l.Jobs(t.Context()) {
				look(job.Origin)
				each := max(tt.becomes[job.Origin], 1)
				if tt.expands {
					l.Expanded(job, each)
				}
				for range each {
					l.Finished(job, download.Result{Status: download.Downloaded})
				}
			}
			look("at the end")
			if left, ok := l.Left(); left != 0 || !ok {
				t.Errorf("%d files are left, %t", left, ok)
			}
		})
	}
}
