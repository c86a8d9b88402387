package journal

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// A file of several journals counts once, for the one with its latest result.
func TestJobCountsAFileOnce(t *testing.T) {
	dir, _ := newFolder(t)
	line := func(id, status, at string, bytes int64) string {
		return fmt.Sprintf(`{"portal":"p","mediaId":%q,"selector":"original","status":%q,"bytes":%d,"error":{"code":"network"},"finishedAt":%s}`, id, status, bytes, at)
	}
	const early, late = `"2026-01-02T03:04:05.1Z"`, `"2026-01-02T04:04:05.2+01:00"` // a tenth of a second later
	first, second := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	writeFile(t, first, strings.Join([]string{
		line("ONCE", "downloaded", early, 1),
		line("DONE-LATER", "failed", early, 0),
		line("DONE-BEFORE", "downloaded", late, 10),
		line("FAILED-LATER", "downloaded", early, 100),
		line("DONE-TWICE", "downloaded", late, 1000),
		line("no-time", "failed", "7", 0),
		line("SAME-TIME", "failed", late, 0),
		line("FAILED-HERE", "failed", late, 0),
	}, "\n")+"\n")
	writeFile(t, second, strings.Join([]string{
		line("DONE-LATER", "unchanged", late, 10_000),
		line("DONE-BEFORE", "failed", early, 0),
		line("FAILED-LATER", "failed", late, 0),
		line("DONE-TWICE", "unchanged", early, 1000),
		line("NO-TIME", "downloaded", "{}", 100_000),
		line("SAME-TIME", "skipped", late, 0),
		line("FAILED-HERE", "failed", early, 0),
		line("HUGE", "downloaded", late, 1<<62),
	}, "\n")+"\n")

	job, files := NewJob(2), []string{first, second}
	for i, file := range files {
		if others, err := job.Add(t.Context(), i, Source{Name: file}, nil); err != nil || others != 0 {
			t.Fatalf("%d other lines, %v", others, err)
		}
	}
	if got, want := job.Totals(0), (Totals{Done: 3, Failed: 1, Bytes: 1011}); got != want {
		t.Errorf("the first has %+v, want %+v", got, want)
	}
	if got, want := job.Totals(1), (Totals{Done: 4, Failed: 1, Bytes: 110_000 + mostBytes}); got != want {
		t.Errorf("the second has %+v, want %+v", got, want)
	}
	var failures []string
	for i, file := range files {
		_, err := job.EachFailure(t.Context(), i, Source{Name: file}, func(r download.Result) error {
			failures = append(failures, r.MediaID)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"FAILED-HERE", "FAILED-LATER"}; !slices.Equal(failures, want) {
		t.Errorf("failures %q, want %q", failures, want)
	}
}
