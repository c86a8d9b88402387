package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"reflect"
	"testing"
)

func TestCSV(t *testing.T) {
	var out bytes.Buffer
	l := NewCSV(&out, []string{"id", "name", "n"})
	for _, fields := range [][]string{
		{"A", "plain", "1"},
		{"-B", `a "quote", a comma`, "-1.5"},
		{"C", "two\r\nlines\tand\x1b[2J\u202e", ""},
		{"D", "=HYPERLINK(1)", "+1+1"},
		{"E", "-rf", "@x"},
		{"F", "\t=1", "  -x"},
		{"G", "Ünïcödé", "a=1"},
		{"-1+1|x", "", ""},
		{"H", "\uff1d1+1", "\u00a0=1+1"},
		{"I", "\u3000\uff0b1", "\ufe66A1"},
		{"J", "\u2212 is a sign", "\u00a0text"},
	} {
		if err := l.Row(Row{Fields: fields}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Header(); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&out).ReadAll()
	want := [][]string{
		{"id", "name", "n"},
		{"A", "plain", "1"},
		{"-B", `a "quote", a comma`, "-1.5"},
		{"C", "two lines and[2J", ""},
		{"D", "'=HYPERLINK(1)", "'+1+1"},
		{"E", "'-rf", "'@x"},
		{"F", "' =1", "'  -x"},
		{"G", "Ünïcödé", "a=1"},
		{"'-1+1|x", "", ""},
		{"H", "'\uff1d1+1", "'\u00a0=1+1"},
		{"I", "'\u3000\uff0b1", "'\ufe66A1"},
		{"J", "\u2212 is a sign", "\u00a0text"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}

// An empty list has its header, and only CSV has one.
func TestHeaderOfCSV(t *testing.T) {
	var out bytes.Buffer
	for _, l := range []*Listing{NewListing(&out, nil, false), NewListing(&out, nil, true), NewCSV(&out, []string{"id", "a,b"})} {
		if err := errors.Join(l.Header(), l.Header()); err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != "id,\"a,b\"\n" {
		t.Errorf("got %q", out.String())
	}
}
