package naming

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// asset is what the templates below are tried on.
var asset = Fields{
	ID:       "D4AC0B41-141B-47D2-98B4FECDA8894CB2",
	ItemID:   "1364B483",
	Name:     "Spring / Summer",
	Filename: "photo.final.jpg",
	Type:     "image",
	Version:  "3",

	Derivative: "webimage",
	Tags:       []string{"summer", "", "Beach/Sand", "kids"},
	Brand:      "House & Garden",
	Created:    time.Date(2024, 3, 9, 23, 30, 5, 0, time.FixedZone("", -2*60*60)), // the 10th in UTC
	Modified:   time.Date(2025, 11, 30, 8, 0, 0, 0, time.UTC),

	Property: among(map[string][]string{
		"Region": {"EMEA", "US/CA"}, "Up": {".."}, "Empty": {}, "Blank": {" "}, "Bidi": {"\u202e"},
	}),
}

// among reads properties from a map.
func among(properties map[string][]string) func(string) []string {
	return func(name string) []string { return properties[name] }
}

func TestTemplatePath(t *testing.T) {
	for _, tt := range []struct{ why, template, want string }{
		{"the default", DefaultTemplate, "photo.final.jpg"},
		{"stem and extension are the file name", "{stem}.{ext}", "photo.final.jpg"},
		{"literal text", "photo", "photo"},
		{"folders", "{type}/{id}/{filename}", "image/D4AC0B41-141B-47D2-98B4FECDA8894CB2/photo.final.jpg"},
		{"literal and fields", "{itemId}-v{version}_{stem}.{ext}", "1364B483-v3_photo.final.jpg"},
		{"fields side by side", "{type}{version}", "image3"},
		{"a property", "{property_Region}.{ext}", "EMEA,US_CA.jpg"},
		{"a slash in a value makes no folder", "{name}/{stem}", "Spring _ Summer/photo.final"},
		{"two dots in a value make no parent", "{property_Up}/{id}", "_/D4AC0B41-141B-47D2-98B4FECDA8894CB2"},
		{"nor do they with a literal dot", ".{property_Up}", "_"},
		{"a property that is missing", "{property_Nope}-{type}", "_-image"},
		{"one without values", "{property_Empty}-{type}", "_-image"},
		{"one with a blank value", "{property_Blank}-{type}", "_-image"},
		{"one with nothing to see", "{property_Bidi}-{type}", "_-image"},
		{"tags are sorted", "{tag}.{ext}", "Beach_Sand,kids,summer.jpg"},
		{"a brand and a derivative", "{brand}/{derivative}/{id}", "House & Garden/webimage/D4AC0B41-141B-47D2-98B4FECDA8894CB2"},
		{"a date, in UTC", "{created}_{filename}", "2024-03-10_photo.final.jpg"},
		{"a date with its layout", "{modified:20060102}-{stem}", "20251130-photo.final"},
		{"a layout makes folders", "{created:2006/01-January}/{filename}", "2024/03-March/photo.final.jpg"},
		{"beside other text", "a{created:2006/1/2}b/{type}", "a2024/3/10b/image"},
		{"words and time", "{created:Mon, 2 Jan 2006 15.04.05}", "Sun, 10 Mar 2024 01.30.05"},
		{"a time of ISO 8601", "{created:2006-01-02T15:04}", "2024-03-10T01_30"},
		{"the same, with its zone", "{created:20060102T150405Z}", "20240310T013005Z"},
		{"of twelve hours", "{created:03PM}", "01AM"},
		{"the day of the year", "{created:06-002}", "24-070"},
		{"letters of other scripts", "{created:2006年1月2日}", "2024年3月10日"},
		{"an underscore is one", "{created:2006_1_2}", "2024_3_10"},
		{"names of properties are exact", "{property_region}", "_"},
		{"braces", "{{{type}}}", "{image}"},
		{"only braces", "{{id}}", "{id}"},
		{"literal text is made safe", "ab:c?/CON/-x", "ab_c_/_CON/_x"},
		{"an element that hides", ".{type}", "_image"},
		{"a partial", "{type}.part", "image_part"},
		{"a dot in the middle of an element", "..{type}/x", "_.image/x"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			tmpl, err := Parse(tt.template)
			if err != nil {
				t.Fatal(err)
			}
			if got := tmpl.Path(asset); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.template, got, tt.want)
			}
		})
	}
}

func TestTemplateFileNames(t *testing.T) {
	for _, tt := range []struct{ filename, template, want string }{
		{"photo.jpg", "{id}.{ext}", "ID.jpg"},
		{"photo", "{id}.{ext}", "ID"},
		{"photo", "{stem}.{ext}", "photo"},
		{"photo", "{id}{ext}", "ID"},
		{"photo", "{id}..{ext}", "ID"},
		{"photo", "x.{ext}.{id}", "x.ID"},
		{"photo", "{ext}/{id}", "_/ID"},
		{"photo", "{ext}", "_"},
		{"photo", ".{ext}", "_"},
		{"a.tar.gz", "{id}.{ext}", "ID.tar.gz"},
		{"a.TAR.zst", "{stem}", "a"},
		{"tar.gz", "{stem}-{ext}", "tar-gz"},
		{"a.b.c", "{stem}-{ext}", "a.b-c"},
		{"Mr. Smith goes", "{id}.{ext}", "ID"},
		{".htaccess", "{stem}.{ext}", "_htaccess"},
		{"photo.", "{id}.{ext}", "ID"},
		{"photo.part", "{id}.{ext}", "ID"},
		{"a/b.jpg", "{stem}.{ext}", "a_b.jpg"},
		{"photo .jpg", "{stem}.{ext}", "photo .jpg"},
		{"", "{filename}", "_"},
		{"", "{stem}.{ext}", "_"},
		{"..", "{filename}", "_"},
		{"con.txt", "{filename}", "_con.txt"},
		{"con.txt", "{stem}-{id}.{ext}", "_con-ID.txt"},
	} {
		tmpl, err := Parse(tt.template)
		if err != nil {
			t.Fatal(err)
		}
		if got := tmpl.Path(Fields{ID: "ID", Filename: tt.filename}); got != tt.want {
			t.Errorf("%s of %q: got %q, want %q", tt.template, tt.filename, got, tt.want)
		}
	}
}

func TestTemplateUnknownValues(t *testing.T) {
	for _, f := range fields {
		want := "a._"
		if f.name == "ext" {
			want = "a"
		}
		tmpl, err := Parse("a.{" + f.name + "}")
		if err != nil {
			t.Fatal(err)
		}
		if got := tmpl.Path(Fields{}); got != want {
			t.Errorf("{%s}: got %q, want %q", f.name, got, want)
		}
	}
}

func TestTemplateLongValues(t *testing.T) {
	id := strings.Repeat("i", 128)
	x := func(n int) string { return strings.Repeat("x", n) }
	y := func(n int) string { return strings.Repeat("y", n) }
	for _, tt := range []struct{ why, template, want string }{
		{"a name alone", "{name}", x(MaxName)},
		{"a file name alone", "{filename}", y(MaxName-4) + ".jpg"},
		{"the id stays", "{name}-{id}.{ext}", x(MaxName-128-5) + "-" + id + ".jpg"},
		{"the id stays, whatever the order", "{id}-{name}.{ext}", id + "-" + x(MaxName-128-5) + ".jpg"},
		{"the extension of a file name stays", "{filename}-{id}", y(MaxName-128-5) + ".jpg-" + id},
		{"every element for itself", "{name}/{stem}", x(MaxName) + "/" + y(MaxName-4)},
		{"the longest first", "{name}{stem}", x(32) + y(MaxName-32)},
		{"more than fits", "{id}{itemId}{name}", strings.Repeat("i", MaxName)},
	} {
		t.Run(tt.why, func(t *testing.T) {
			tmpl, err := Parse(tt.template)
			if err != nil {
				t.Fatal(err)
			}
			got := tmpl.Path(Fields{ID: id, ItemID: id, Name: x(400), Filename: y(300) + ".jpg"})
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestTemplateNeedsMetadata(t *testing.T) {
	for _, tt := range []struct {
		template string
		known    []string
		want     bool
	}{
		{"{filename}", nil, false},
		{"{stem}", nil, false},
		{"a.{ext}", nil, false},
		{"{id}/{itemId}", nil, false},
		{"plain", nil, false},
		{"{name}", nil, true},
		{"x/{type}", nil, true},
		{"{property_X}", nil, true},
		{"{version}/{filename}", nil, true},
		{"{version}", []string{"version"}, false},
		{"{version}{name}", []string{"version"}, true},
		{"{derivative}", nil, false},
		{"{tag}", nil, true},
		{"{brand}", nil, true},
		{"x/{created:2006/01}", nil, true},
		{"{modified}", nil, true},
	} {
		tmpl, err := Parse(tt.template)
		if err != nil {
			t.Fatal(err)
		}
		if got := tmpl.NeedsMetadata(tt.known...); got != tt.want {
			t.Errorf("%s with %v: needs metadata: %v, want %v", tt.template, tt.known, got, tt.want)
		}
	}
}

// Brand and properties are asked of the portal if the template has them.
func TestTemplateAsksFor(t *testing.T) {
	for text, want := range map[string]string{
		"{id}/{tag}": "false [] [tag]", "{brand}-{id}": "true [] [brand]", "{filename}": "false [] []",
		"{property_A}/{property_B}{property_A}": "false [A B] [property_A property_B property_A]",
		"{created:2006/01}":                     "false [] [created created]",
	} {
		tmpl, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(tmpl.HasBrand(), tmpl.Properties(), tmpl.MetadataFields()); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestRenamed(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, tt := range []struct{ path, key, want string }{
		{"photo.jpg", "ID", "photo-ID.jpg"},
		{"photo", "ID", "photo-ID"},
		{"a.b/photo", "ID", "a.b/photo-ID"},
		{"a/b/photo.tar.gz", "ID", "a/b/photo-ID.tar.gz"},
		{"Mr. Smith goes", "ID", "Mr. Smith goes-ID"},
		{"photo.jpg", "ID-derivative/web", "photo-ID-derivative_web.jpg"},
		{"photo.jpg", "../..", "photo-.._...jpg"},
		{"photo.jpg", "", "photo-_.jpg"},
		{"photo", "a.part", "photo-a_part"},
		{x(MaxName-4) + ".jpg", "ID", x(MaxName-7) + "-ID.jpg"},
		{"a/" + x(MaxName), "ID", "a/" + x(MaxName-3) + "-ID"},
		{"photo.jpg", x(500), "photo-" + x(160) + ".jpg"},
		{x(MaxName), x(500), x(MaxName-161) + "-" + x(160)},
	} {
		got := Renamed(tt.path, tt.key)
		if got != tt.want {
			t.Errorf("%q with %q: got %q, want %q", tt.path, tt.key, got, tt.want)
		}
		checkSafe(t, got[strings.LastIndexByte(got, '/')+1:])
	}
}

func FuzzTemplatePath(f *testing.F) {
	f.Add("../..", "/", "..", "a.tar.gz")
	f.Add("-", "CON", ".", "photo.part")
	f.Add(strings.Repeat("i", 128), strings.Repeat("é", 300), "", strings.Repeat("写", 99)+".jpg")
	f.Fuzz(func(t *testing.T, id, name, property, filename string) {
		values := Fields{
			ID: id, ItemID: property, Name: name, Filename: filename, Type: name, Version: property,
			Tags: []string{name, property}, Brand: name, Derivative: property, Created: time.Unix(int64(len(name)), 0),
			Property: among(map[string][]string{"P": {property, name}}),
		}
		for _, text := range []string{
			"{filename}", "{stem}.{ext}", "{name}", "{id}", "{property_P}", "{id}.{ext}/{name}.{ext}", "{tag}/{brand}.{derivative}", "{created:2006/01}{brand}",
			"{name}-{id}/.{ext}/-{version}", "..{type}/{property_P}{itemId}/{stem}", ".{ext}.part",
		} {
			tmpl, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			path := tmpl.Path(values)
			checkPath(t, path, strings.Count(text, "/"))
			checkPath(t, Renamed(path, property), strings.Count(text, "/"))
			if text == "{filename}" && path != Safe(filename) || text == "{stem}.{ext}" && path != Safe(filename) {
				t.Errorf("%s of %q is %q, want %q", text, filename, path, Safe(filename))
			}
		}
	})
}

// checkPath holds what every path of a template promises: the template's slashes
// and no other, and between them safe elements.
func checkPath(t *testing.T, path string, slashes int) {
	t.Helper()
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		t.Errorf("%q is not local", path)
	}
	if n := strings.Count(path, "/"); n != slashes {
		t.Errorf("%q has %d slashes, want %d", path, n, slashes)
	}
	for element := range strings.SplitSeq(path, "/") {
		checkSafe(t, element)
	}
}

func ExampleTemplate_Path() {
	tmpl, err := Parse("{type}/{property_Region}/{stem}-{id}.{ext}")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tmpl.Path(Fields{
		ID: "D4AC0B41", Filename: "Launch.tar.gz", Type: "image",
		Property: func(string) []string { return []string{"US/CA", "EMEA"} },
	}))
	fmt.Println(tmpl.Path(Fields{ID: "D4AC0B41", Filename: "README"}))
	// Output:
	// image/EMEA,US_CA/Launch-D4AC0B41.tar.gz
	// _/_/README-D4AC0B41
}

func ExampleRenamed() {
	fmt.Println(Renamed("image/photo.jpg", "D4AC0B41"))
	// Output: image/photo-D4AC0B41.jpg
}

// A template that repeats a field does not repeat a megabyte for each.
func TestTemplateHugeValues(t *testing.T) {
	tmpl, err := Parse(strings.Repeat("{name}", maxTemplate/len("{name}")))
	if err != nil {
		t.Fatal(err)
	}
	huge := Fields{Name: strings.Repeat("a/", 1<<18)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := tmpl.Path(huge)
	runtime.ReadMemStats(&after)
	if got == "" || len(got) > MaxName {
		t.Errorf("a path of %d bytes, want 1 to %d", len(got), MaxName)
	}
	const most = 100 << 20 // without a cap it is several times as much
	if used := after.TotalAlloc - before.TotalAlloc; used > most {
		t.Errorf("%d MiB were allocated for one path, want less than %d", used>>20, most>>20)
	}
}
