package naming

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ template, want, hint string }{
		{"", "empty", "{id}/{filename}"},
		{"/{id}", "absolute", "--dir"},
		{`\{id}`, "absolute", "--dir"},
		{`C:\{id}`, "absolute", "--dir"},
		{"c:{id}", "absolute", "--dir"},
		{`{id}\{filename}`, "backslash", "/"},
		{"{id}/", "ends in a slash", "{id}/{filename}"},
		{"a//b", "empty path element", "remove one of the two slashes"},
		{"../{id}", `element ".."`, "--dir"},
		{"{id}/../x", `element ".."`, "--dir"},
		{"{id}/..", `element ".."`, "--dir"},
		{"./{id}", `element "."`, "--dir"},
		{"{id", "unclosed {", "{{"},
		{"{", "unclosed {", "{{"},
		{"{{{", "unclosed {", "{{"},
		{"{a{id}}", "unclosed {", "{{"},
		{"{a/b}", "unclosed {", "{{"},
		{"id}", "unmatched }", "}}"},
		{"{id}}", "unmatched }", "}}"},
		{"{}", `unknown field ""`, "use one of these fields"},
		{"{itmeid}", `unknown field "itmeid"`, "did you mean {itemId}?"},
		{"{ID}", `unknown field "ID"`, "did you mean {id}?"},
		{"{file_name}", `unknown field "file_name"`, "did you mean {filename}?"},
		{"{extension}", `unknown field "extension"`, "use one of these fields"},
		{"{title }", `unknown field "title "`, "use one of these fields"},
		{"{collection}", `unknown field "collection"`, "use one of these fields"},
		{"{property}", `unknown field "property"`, "did you mean {property_X}?"},
		{"{property_}", `unknown field "property_"`, "did you mean {property_X}?"},
		{"{Property_Region}", `unknown field "Property_Region"`, "did you mean {property_X}?"},
		{"{create}", `unknown field "create" (known: {created} {id}`, "did you mean {created}?"},
		{"{creatd:2006/01}", `unknown field "creatd"`, "did you mean {created}?"},
		{"{id:2006/01}", "{id} does not take a layout", "{created:2006/01}"},
		{"{date:2006}", `unknown field "date" (known: {id}`, "use one of these fields"},
		{"{tags}", `unknown field "tags" (known: {tag} {id}`, "did you mean {tag}?"},
		{"{id:2006}", "{id} does not take a layout", "{created:2006/01}"},
		{"{property_X/{id}", "unclosed {", "{{"},
		{"{property_X", "unclosed {", "{{"},
		{"{property_X}}", "unclosed {", "{{"},
		{"{created:YYYY}", `invalid date layout "YYYY"`, "as in {created:2006/01} or {created:2006-01-02}"},
		{"{modified:YYYY-01}", `invalid date layout "YYYY-01"`, "{modified:2006/01}"},
		{"{created:%Y/%m}", `invalid date layout "%Y/%m"`, "2006 for the year"},
		{"{created:}", `invalid date layout ""`, "2006"},
		{"{created:-}", "layout", "2006"},
		{"{created:2006/}", "layout", "2006"},
		{"{created:2006//01}", "layout", "2006"},
		{"{created:2006/../01}", "layout", "2006"},
		{"{created:2024/05}", "layout", "2006"},
		{"{created:2023-12-31}", "layout", "2006"},
		{"{created:12}", "layout", "2006"},
		{"{created:2006 Q1}", "layout", "2006"},
		{"{created:2006T}", "layout", "2006"},
		{"{created:Z2006}", "layout", "2006"},
		{"{created:2006-01-02T15:04:05Z07:00}", "layout", "2006"},
		{"{created:07}", "layout", "2006"},
		{"{created:2006{01}", "unclosed {", "{{"},
		{"{a\u202eb}", `unknown field "a\u202eb"`, "use one of these fields"},
		{strings.Repeat("x", 5000), "longer than 4096", "{id}/{filename}"},
	} {
		_, err := Parse(tt.template)
		if err == nil {
			t.Errorf("%.80s: no error, want %q", tt.template, tt.want)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.80s: got %q, want %q", tt.template, err, tt.want)
		}
		if len(err.Error()) > 500 {
			t.Errorf("%.80s: the message has %d bytes", tt.template, len(err.Error()))
		}
		var advice interface{ Hint() string }
		if !errors.As(err, &advice) || !strings.Contains(advice.Hint(), tt.hint) {
			t.Errorf("%.80s: %v: no hint with %q", tt.template, err, tt.hint)
		}
	}
}

// The label of a property may have any characters in it, braces doubled.
func TestParseLabelsOfProperties(t *testing.T) {
	for text, want := range map[string]string{
		"{property_Country / Region}": "Country / Region", "a/{property_A: B, C/D.}/{id}": "A: B, C/D.", "{property_Type {{x}}}": "Type {x}", "{property_a}": "a",
		`{property_"Q" & 50% (é)?*|<>}`: `"Q" & 50% (é)?*|<>`,
	} {
		tmpl, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := tmpl.Properties(); len(got) != 1 || got[0] != want {
			t.Errorf("%s has the properties %q, want %q", text, got, want)
		}
		path := tmpl.Path(Fields{ID: "I", Property: func(name string) []string { return []string{"v/" + name[:1]} }})
		if strings.Count(path, "/") != map[bool]int{true: 2}[strings.HasPrefix(text, "a/")] || !strings.Contains(path, "v") {
			t.Errorf("%s makes the path %q", text, path)
		}
	}
}

func TestParseListsKnownFields(t *testing.T) {
	_, err := Parse("{x}")
	const want = "{id} {itemId} {name} {filename} {stem} {ext} {type} {version} {derivative} {tag} {brand} {created} {modified} {property_X}"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"{id}/{filename}", "{{{name}}}.{ext}", "{property_X", "../{id}", "a//", "C:{type}", "\xff{id}", "{created:2006/1}", "a{modified:/Mon}", "{property_A / {{B}}}/{id}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tmpl, err := Parse(text)
		if err != nil {
			var advice interface{ Hint() string }
			if !errors.As(err, &advice) || advice.Hint() == "" {
				t.Errorf("%q: %v has no hint", text, err)
			}
			return
		}
		slashes := len(tmpl.elements) - 1 // those in the label of a property make no folder
		if slashes > strings.Count(text, "/") {
			t.Errorf("%q has %d path elements", text, slashes+1)
		}
		checkPath(t, tmpl.Path(asset), slashes)
		checkPath(t, tmpl.Path(Fields{}), slashes)
	})
}

func ExampleParse() {
	_, err := Parse("{fielname}")
	fmt.Println(err)
	var advice interface{ Hint() string }
	if errors.As(err, &advice) {
		fmt.Println("hint:", advice.Hint())
	}
	// Output:
	// name template "{fielname}": unknown field "fielname" (known: {filename} {id} {itemId} {name} {stem} {ext} {type} {version} {derivative} {tag} {brand} {created} {modified} {property_X})
	// hint: did you mean {filename}?
}
