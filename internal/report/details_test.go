package report

import "testing"

func TestDetails(t *testing.T) {
	all := []Detail{
		{"id", "X"},
		{"name", "two\nlines \x1b[31mred\u202e"},
		{"description", ""},
		{"property A very long label of a property", "one two three four five"},
		{"bi\u202edi", "a\tb"},
		{"\u65e5\u672c", "wide"},
	}
	for _, tt := range []struct {
		width int
		want  string
	}{
		{0, "id:                        X\n" +
			"name:                      two lines [31mred\n" +
			"property A ...a property:  one two three four five\n" +
			"bidi:                      a b\n" +
			"\u65e5\u672c:                      wide\n"},
		{45, "id:                        X\n" +
			"name:                      two lines [31mred\n" +
			"property A ...a property:  one two three four\n" +
			"                           five\n" +
			"bidi:                      a b\n" +
			"\u65e5\u672c:                      wide\n"},
	} {
		if got := string(Details(all, tt.width)); got != tt.want {
			t.Errorf("%d columns:\n%s\nwant\n%s", tt.width, got, tt.want)
		}
	}
}
