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

// On two lines, the first value gets the columns that the others leave.
func TestStackedListing(t *testing.T) {
	id := strings.Repeat("A", 35)
	assets := []Column{{Title: "ID", Width: 36, Least: 35}, {Title: "NAME", Width: 60, Drop: 1}, {Title: "TYPE", Width: 8, Drop: 2}, {Title: "SIZE", Width: 8, Drop: 3}}
	totals := []Column{{Title: "STATUS", Width: 10}, {Title: "CAUSE", Width: 12, Least: 9}, {Title: "FILES", Width: 10, Least: 7, Right: true}, {Title: "SIZE", Width: 8, Right: true}}
	for _, tt := range []struct {
		what    string
		columns []Column
		cells   []string
		width   int
		want    string
	}{
		{"all fits", assets, []string{id, "Photo Rome 000012", "image", "1.4 MiB"}, 40, id + "\n  Photo Rome 000012  image  1.4 MiB\n"},
		{"a long name", assets, []string{id, "Photograph of Rotterdam 000012", "image", "1.4 MiB"}, 40, id + "\n  Photograph...am 000012  image  1.4 MiB\n"},
		{"a long name alone", assets, []string{id, "Photograph of Rotterdam 000012", "", ""}, 40, id + "\n  Photograph of Rotterdam 000012\n"},
		{"no room for the size", assets, []string{id, "Photograph of Rotterdam 000012", "image", "1.4 MiB"}, 30, id + "\n  Photograp...am 000012  image\n"},
		{"a table at 40", totals, []string{"failed", "not_found", "12", "1.4 MiB"}, 40,
			"STATUS      CAUSE        FILES      SIZE\nfailed      not_found       12   1.4 MiB\n"},
		{"below it, two lines", totals, []string{"failed", "not_found", "12", "1.4 MiB"}, 39, "failed\n  not_found  12  1.4 MiB\n"},
		{"without a cause", totals, []string{"downloaded", "", "12", "1.4 MiB"}, 20, "downloaded\n  12  1.4 MiB\n"},
	} {
		var b bytes.Buffer
		l := &Listing{w: &b, columns: tt.columns, width: tt.width}
		if err := l.Row(Row{Cells: tt.cells}); err != nil || b.String() != tt.want {
			t.Errorf("%s:\n%swant\n%s(%v)", tt.what, b.String(), tt.want, err)
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
