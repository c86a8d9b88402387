package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

var testColumns = []Column{
	{Title: "ID", Width: 8},
	{Title: "NAME", Width: 30, Least: 6, Drop: 1},
	{Title: "SIZE", Width: 8, Right: true, Drop: 2},
	{Title: "CREATED", Width: 10, Drop: 3},
}

func TestListingFitsTheTerminal(t *testing.T) {
	row := Row{Cells: []string{"ABCDEFGH", "a name that is rather long.jpg", "1.4 MiB", "2026-01-31"}}
	for _, tt := range []struct {
		width int
		want  string
	}{
		{80, "ID        NAME                                SIZE  CREATED\n" +
			"ABCDEFGH  a name that is rather long.jpg   1.4 MiB  2026-01-31\n"},
		{50, "ID        NAME                    SIZE  CREATED\n" +
			"ABCDEFGH  a name ...g.jpg     1.4 MiB  2026-01-31\n"},
		{40, ""}, {30, ""}, {20, ""}, {10, ""}, {5, ""}, {1, ""},
	} {
		var b bytes.Buffer
		l := &Listing{w: &b, columns: testColumns, width: tt.width}
		if err := l.Row(row); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if strings.TrimSpace(line) == "ABCDEFGH" {
				continue // an id is never cut
			}
			if n := columns(strings.TrimSuffix(line, "\n")); n > tt.width {
				t.Errorf("at %d columns, a line has %d: %q", tt.width, n, line)
			}
		}
		if tt.width == 80 && b.String() != tt.want {
			t.Errorf("at 80 columns:\n%swant\n%s", b.String(), tt.want)
		}
		if !strings.Contains(b.String(), "ABCDEFGH") {
			t.Errorf("at %d columns the id is cut: %q", tt.width, b.String())
		}
	}
}

func TestListingForms(t *testing.T) {
	hostile := "a\tb\nc\x1b[31m\u202e"
	row := Row{
		Cells:  []string{hostile, "", "", ""},
		Fields: []string{hostile, "", "x"},
		Object: json.RawMessage(`{"name": "<a\tb\u202e` + "\u202e \xff\xc3" + `"}`), // as a portal may send it
	}
	for _, tt := range []struct {
		name string
		l    Listing
		want string
	}{
		{"lines", Listing{}, "a b c[31m\t\tx\n"},
		{"NDJSON", Listing{json: true}, `{"name":"<a\tb\u202e\u202e ` + "\ufffd\ufffd" + `"}` + "\n"},
	} {
		var b bytes.Buffer
		tt.l.w = &b
		if err := tt.l.Row(row); err != nil || b.String() != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, b.String(), err, tt.want)
		}
		if err := tt.l.Heading("x"); err != nil || b.String() != tt.want {
			t.Errorf("%s: a heading stands in it: %q", tt.name, b.String())
		}
	}
}
