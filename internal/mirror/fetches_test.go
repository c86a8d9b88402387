package mirror

import (
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// The job of a file that replaces the recorded one has what is known of that, so that storage is asked for another one.
func TestJobHasTheRecordedETag(t *testing.T) {
	const sum = "0cc175b9c0f1b6a831c399e269772661"
	size := int64(1)
	record := &download.Result{Path: "a", Bytes: &size, MD5: sum, ETag: `"` + sum + `"`}
	x := &progress{Run: &Run{}}
	for _, tt := range []struct {
		name     string
		replaces bool
		want     *download.Replaceable
	}{
		{"replaces its file", true, &download.Replaceable{Size: 1, MD5: sum, ETag: `"` + sum + `"`}},
		{"has no file in place", false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := x.job(&Step{Wanted: &Wanted{}, Record: record, Path: "a", Replaces: tt.replaces}, 1).Replaces
			if (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
