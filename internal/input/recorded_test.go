package input

import (
	"slices"
	"strings"
	"testing"
)

func TestRecorded(t *testing.T) {
	for _, tt := range []struct{ what, recorded, list, lacking string }{
		{"originals", "A B", "a B C", "C"},
		{"items", "A/1 A/2 B/1", "A/1 A/2 A/3 B/1 C/1", "A/3 C/1"},
		{"all items of assets", "A/1 A/2 B/1", "A B C", "C"},
		{"an asset that has no items was recorded as such", "A", "A", ""},
		{"an original beside its items: it is missing", "A/1 A/2", "A A/1 A/2", "A"},
		{"the same in another order", "A/1 A/2", "A/1 A A/2", "A"},
		{"an original beside one of its items: all items were asked for", "A/1 A/2", "A A/1", ""},
		{"an original beside its items: it is there", "A A/1", "A A/1 A/2", "A/2"},
		{"an item beside its original", "A", "A A/1", "A/1"},
		{"in several journals", "A/1 A/1 a/1", "A A/1", "A"},
		{"items named twice", "A/1 A/2", "A A/1 a/1 A/3 A/3", "A/3"},
		{"nothing", "", "A B/1", "A B/1"},
	} {
		r := NewRecorded()
		for name := range strings.FieldsSeq(tt.recorded) {
			id, item, _ := strings.Cut(name, "/")
			r.Add(id, item)
		}
		lacking := []string{}
		for name := range strings.FieldsSeq(tt.list) {
			if id, item, _ := strings.Cut(name, "/"); r.Lacks(id, item) {
				lacking = append(lacking, name)
			}
		}
		lacking = append(lacking, r.Rest()...)
		if want := strings.Fields(tt.lacking); !slices.Equal(lacking, want) {
			t.Errorf("%s: %q lack, want %q", tt.what, lacking, want)
		}
	}
}
