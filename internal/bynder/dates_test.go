package bynder_test

import (
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestDates(t *testing.T) {
	const noon = "2020-01-02T03:04:05Z"
	for sent, want := range map[string]string{
		`"2020-01-02T03:04:05Z"`: noon, `"2020-01-02T03:04:05.123Z"`: noon, `"2020-01-02T04:04:05+01:00"`: noon, `"2020-01-02T04:04:05+0100"`: noon,
		`"2020-01-02T04:04:05+01"`: noon, `"2020-01-02T04:04:05.5+0100"`: noon, `"20200102T030405Z"`: noon, `"20200102T040405+0100"`: noon, `"2020/01/02 03:04:05"`: noon,
		`"2020-01-02 03:04:05"`: noon, `"2020-01-02 04:04:05 +0100"`: noon, `"2020-01-02T03:04:05"`: noon, `" 2020-01-02T03:04:05Z "`: noon,
		`1577934245`: noon, `"1577934245"`: noon, `"January, 02 2020 03:04:05 +0000"`: noon, `"Thu, 02 Jan 2020 03:04:05 GMT"`: noon,
		`"2020-01-02T03:04Z"`: "2020-01-02T03:04:00Z", `"2020-01-02T03:04"`: "2020-01-02T03:04:00Z", `"2020-01-02 03:04"`: "2020-01-02T03:04:00Z",
		`"2020-01-02T04:04+0100"`: "2020-01-02T03:04:00Z", `"20200102T0304Z"`: "2020-01-02T03:04:00Z", `"2020/01/02"`: "2020-01-02T00:00:00Z",
		`"2020-01-02"`: "2020-01-02T00:00:00Z", `"20200102"`: "2020-01-02T00:00:00Z", `20200102`: "2020-01-02T00:00:00Z",
		`null`: "", `""`: "", `false`: "", `0`: "", `"yesterday"`: "", `"02/01/2020"`: "", `"2020-13-02"`: "", `"2020"`: "", `"1577934245000"`: "",
	} {
		a, err := bynder.ParseAsset([]byte(`{"id":"a","dateCreated":` + sent + `,"dateModified":` + sent + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if date := a.DateCreated(); !date.IsZero() {
			got = date.Format("2006-01-02T15:04:05Z07:00")
		}
		if got != want || (a.Modified == "") != (want == "") {
			t.Errorf("%s is %q, modified %q; want %q", sent, got, a.Modified, want)
		}
	}
	if a, err := bynder.ParseAsset([]byte(`{"id":"a","dateModified":1577934245}`)); err != nil || a.Modified != noon {
		t.Errorf("unix seconds are %+v, %v", a, err)
	}
}
