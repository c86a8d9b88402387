package mirror

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
)

func TestLimit(t *testing.T) {
	for _, tt := range []struct {
		text  string
		files int
		want  int
	}{
		{"", 0, 5}, {"", 49, 5}, {"", 50, 5}, {"", 59, 5}, {"", 60, 6}, {"", 1_000_000, 100_000},
		{"0", 100, 0}, {"7", 3, 7}, {"2147483647", 3, 2147483647},
		{"0%", 100, 0}, {"10%", 9, 0}, {"10%", 19, 1}, {"100%", 7, 7}, {"99%", 1_000_000_000, 990_000_000},
	} {
		if got, err := Limit(tt.text, tt.files); err != nil || got != tt.want {
			t.Errorf("Limit(%q, %d) = %d, %v, want %d", tt.text, tt.files, got, err, tt.want)
		}
	}
	for _, text := range []string{"x", "-1", "+1", " 1", "1.5", "%", "101%", "10 %", "10%%", "2147483648", "1e3", "٣"} {
		if got, err := Limit(text, 100); err == nil {
			t.Errorf("Limit(%q) = %d without an error", text, got)
		}
	}
}

func TestGone(t *testing.T) {
	record := func(portal, id, selector string) *download.Result {
		return &download.Result{Portal: portal, MediaID: id, Selector: selector}
	}
	records := []*download.Result{
		record("p", "D", "original"), record("p", "A", "original"), record("p", "B", "original"),
		record("p", "D", "derivative/web"), record("q", "C", "original"), record("p", "E", "original"),
	}
	wanted := []Wanted{
		{File: download.FileID{Portal: "p", MediaID: "B", Selector: "derivative/web"}},
		{File: download.FileID{Portal: "p", MediaID: "E"}, Err: &download.Error{Code: download.CodeNotFound}},
		{File: download.FileID{Portal: "q", MediaID: "A"}},
		{File: download.FileID{Portal: "p", MediaID: "F-1"}}, // spelled otherwise
	}
	records = append(records, record("p", "f1", "original"))
	if diff := cmp.Diff([]string{"A", "D"}, Gone(wanted, records, "p")); diff != "" {
		t.Error(diff)
	}
	if got := Gone(wanted, nil, "p"); len(got) != 0 {
		t.Errorf("no records: %q", got)
	}
}
