package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestNameListFind(t *testing.T) {
	brands := nameList{of: "the portal", noun: "brand", many: "brands", all: []entry{
		{"AA-1", []string{"House"}}, {"AA-2", []string{"house"}}, {"AA-3", []string{"Outlet"}}, {"AA-4", []string{"outlet"}},
		{"AA-5", []string{"Café"}}, {"AA-6", []string{"AA-1"}}, {"AA-7", []string{""}}, {"AA-8", []string{" Premium "}},
		{"AA-9", []string{"Twice"}}, {"AA-9", []string{"Twice"}}, {"AA-10", []string{"Same"}}, {"AA-11", []string{"Same"}},
	}}
	properties := nameList{of: "the portal", noun: "metaproperty", many: "metaproperties", keyIsName: true, all: []entry{
		{"region", []string{"Region"}}, {"season", []string{"Time of year"}}, {"Region2", []string{"season"}}, {"year", []string{"YEAR", "Year: all"}},
	}}
	missing := properties
	missing.err = errors.New("403")
	none := nameList{of: "the portal", noun: "brand", many: "brands"}
	for _, tt := range []struct {
		why        string
		list       nameList
		word, want string // a key
		fails      string // what the error says, and what its hint does
	}{
		{"by its id", brands, "AA-3", "AA-3", ""},
		{"by its id in another case", brands, "aa-3", "AA-3", ""},
		{"an id outweighs a name", brands, "AA-1", "AA-1", ""},
		{"the exact case first", brands, "house", "AA-2", ""},
		{"and the other one", brands, "House", "AA-1", ""},
		{"both in another case", brands, "HOUSE", "", `--x: several brands are named "HOUSE"|use one of "AA-1", "AA-2"`},
		{"two of one name", brands, "Same", "", `--x: several brands are named "Same"|use one of "AA-10", "AA-11"`},
		{"one that is listed twice", brands, "Twice", "AA-9", ""},
		{"decomposed", brands, "cafe\u0301", "AA-5", ""},
		{"blanks around it", brands, "premium", "AA-8", ""},
		{"unknown, and close", brands, "Huose", "", `--x: the portal has no brand "Huose"; it has "House", "house", |did you mean "House"?`},
		{"one without a name is listed by its id", brands, "AA-77", "", `"AA-7"`},
		{"unknown, and not close", brands, "Zebra", "", `the portal has no brand "Zebra"; it has `},
		{"nothing is listed", none, "House", "", `--x: the portal has no brand "House": it lists no brand at all`},
		{"by its name in the API", properties, "region", "region", ""},
		{"by its label", properties, "Time of year", "season", ""},
		{"a name outweighs a label", properties, "season", "season", ""},
		{"an exact label outweighs a name in another case", properties, "Region", "region", ""},
		{"one of several labels", properties, "year: ALL", "year", ""},
		{"unknown: names and labels are listed", properties, "time of yeer", "", `it has "season" ("Time of year"), |did you mean "Time of year"?`},
		{"hostile", properties, "a\x1b[2J\u202e", "", `no metaproperty "a\x1b[2J\u202e"`},
		{"of an incomplete list, a key", missing, "REGION", "region", ""},
		{"of an incomplete list, a label", missing, "Time of year", "", "403"},
		{"of an incomplete list, nothing", missing, "nothing", "", "403"},
	} {
		got, err := tt.list.find("--x", tt.word)
		said := ""
		if err != nil {
			said = err.Error()
		}
		text, hint, _ := strings.Cut(tt.fails, "|")
		if got != tt.want || !strings.Contains(said, text) || !strings.Contains(hintOf(err), hint) || (err == nil) != (tt.fails == "") || isUsage(err) != (err != nil && tt.list.err == nil) {
			t.Errorf("%s: find(%q) = %q, %v, hint %q; want %q and %q", tt.why, tt.word, got, err, hintOf(err), tt.want, tt.fails)
		}
	}
}

// However many entries there are, an error lists few, the closest first, and says how many more there are.
func TestNameListIsCut(t *testing.T) {
	list := nameList{of: "the portal", noun: "option", many: "options"}
	for i := range 1000 {
		list.all = append(list.all, entry{fmt.Sprint(i), []string{fmt.Sprintf("Place %03d", i)}})
	}
	_, err := list.find("--x", "Place 77")
	if said := fmt.Sprint(err); !strings.Contains(said, `it has "Place 770", `) && !strings.Contains(said, `it has "Place 077", `) ||
		strings.Count(said, "Place") != maxEnumerated+1 || !strings.HasSuffix(said, ", 980 more") {
		t.Error(said)
	}
	for i := range list.all {
		list.all[i].names[0] = "Place"
	}
	_, err = list.find("--x", "Place")
	if hint := hintOf(err); strings.Count(hint, `"`) != 2*maxEnumerated || !strings.HasSuffix(hint, ", 980 more") {
		t.Error(hint)
	}
}
