package input_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/spelling"
)

// entry is an input.Entry as the tables write it.
type entry struct {
	line        int
	media, item string
	metadata    bool
	err         string // part of what is wrong
}

func read(t *testing.T, text string, f input.Format) []entry {
	t.Helper()
	var got []entry
	for e, err := range input.Read(strings.NewReader(text), f) {
		if err != nil {
			t.Fatal(err)
		}
		g := entry{line: e.Line, media: e.MediaID, item: e.ItemID, metadata: e.Asset != nil}
		if e.Err != nil {
			g.err = e.Err.Error()
		}
		got = append(got, g)
	}
	return got
}

// swapped is UTF-16 with the other order of its bytes.
func swapped(text string) string {
	b := []byte(text)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

// utf16LE is text as PowerShell's > writes it.
func utf16LE(text string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		format     input.Format
		want       []entry
	}{
		{name: "nothing", text: ""},
		{name: "lines", text: "A\nB\n", want: []entry{{line: 1, media: "A"}, {line: 2, media: "B"}}},
		{name: "no newline at the end", text: "A\nB", want: []entry{{line: 1, media: "A"}, {line: 2, media: "B"}}},
		{name: "CR, blanks, comments, BOM", text: "\ufeff# head\r\nA\r\n\r\n  \n B \n#C\n", want: []entry{{line: 2, media: "A"}, {line: 5, media: "B"}}},
		{name: "UTF-16, big-endian", text: swapped(utf16LE("A\r\nÉ\r\n")), want: []entry{{line: 1, media: "A"}, {line: 2, media: "É", err: "U+00C9"}}},
		{name: "UTF-16 without a mark", text: utf16LE("A\r\nÉ\r\n")[2:], want: []entry{{line: 1, media: "A"}, {line: 2, media: "É", err: "U+00C9"}}},
		{name: "UTF-16, big-endian, without a mark", text: swapped(utf16LE("A\r\nÉ\r\n"))[2:], want: []entry{{line: 1, media: "A"}, {line: 2, media: "É", err: "U+00C9"}}},
		{name: "an empty line in UTF-16 without a mark", text: utf16LE("\r\nA\r\n")[2:], want: []entry{{line: 2, media: "A"}}},
		{name: "one character in UTF-16 without a mark", text: "A\x00", want: []entry{{line: 1, media: "A"}}},
		{name: "UTF-16", text: utf16LE("A\r\nÉ\r\n"), want: []entry{{line: 1, media: "A"}, {line: 2, media: "É", err: "U+00C9"}}},
		{name: "columns of items", text: "A\tI\tweb\t1\nB\t\timage\n", want: []entry{{line: 1, media: "A", item: "I"}, {line: 2, media: "B"}}},
		{name: "an item of no asset", text: "\tI\n", want: []entry{{line: 1, item: "I", err: "empty"}}},
		{name: "item ids", text: "I\nA\tJ\n", format: input.Format{ItemColumn: true}, want: []entry{{line: 1, item: "I"}, {line: 2, media: "A", item: "J"}}},
		{name: "an item alone", text: `{"itemId":"I"}`, format: input.Format{ItemColumn: true}, want: []entry{{line: 1, item: "I"}}},
		{name: "an item of no asset, as JSON", text: `{"itemId":"I"}`, want: []entry{{line: 1, item: "I", err: "empty"}}},
		{name: "an asset", text: `{"id":"A"}`, want: []entry{{line: 1, media: "A"}}},
		{name: "an asset with metadata", text: `{"id":"A","name":"n","thumbnails":{}}`, want: []entry{{line: 1, media: "A", metadata: true}}},
		{name: "an item", text: `{"id":"I","mediaId":"A","itemId":"I","name":"n"}`, want: []entry{{line: 1, media: "A", item: "I"}}},
		{name: "an item by id alone", text: `{"id":"I","mediaId":"A"}`, want: []entry{{line: 1, media: "A", item: "I"}}},
		{name: "a result", text: `{"portal":"p","mediaId":"A","selector":"original","status":"failed"}`, want: []entry{{line: 1, media: "A"}}},
		{name: "malformed lines do not end the list", text: "{\n{}\n{\"id\":7}\n..\na\x01b\n" + strings.Repeat("x", 129) + "\nA\t..\nB\n", want: []entry{
			{line: 1, err: "not a valid JSON object"},
			{line: 2, err: "neither mediaId nor id"},
			{line: 3, err: "not a valid JSON object"},
			{line: 4, media: "..", err: "invalid id"},
			{line: 5, media: "a\x01b", err: "control"},
			{line: 6, media: strings.Repeat("x", 129), err: "longer than 128"},
			{line: 7, media: "A", item: "..", err: "item"},
			{line: 8, media: "B"},
		}},
		{name: "format characters around ids", text: "A\n\ufeffB\u200b\n\u00a0C \u200e\t \u2060I\u200b\t\n\u200b\n\ufeff# comment\n{\"id\":\"\\ufeffD\"}\n", want: []entry{
			{line: 1, media: "A"}, {line: 2, media: "B"}, {line: 3, media: "C", item: "I"}, {line: 6, media: "D"}}},
		{name: "format characters inside ids", text: "D4AC\u200b0B41\nA\tI\u00adJ\n", want: []entry{
			{line: 1, media: "D4AC\u200b0B41", err: "U+200B ZERO WIDTH SPACE"}, {line: 2, media: "A", item: "I\u00adJ", err: "item: invalid id \"I\\u00adJ\": it contains U+00AD SOFT HYPHEN"}}},
		{name: "lines of blanks and separators", text: "\t\t\n ; \n,,,\n\u00a0\nA\n", want: []entry{{line: 5, media: "A"}}},
		{name: "links", text: "https://p/media/?mediaId=A\nhttps://q/media/?mediaId=A\nhttps://p/\tI\n{\"id\":\"https://p/#mediaId=B\"}\nA\thttps://p/?mediaId=B", format: input.Format{Portal: "p"}, want: []entry{
			{line: 1, media: "A"}, {line: 2, media: "https://q/media/?mediaId=A", err: `the link is to "q"`}, {line: 3, media: "https://p/", item: "I", err: "no mediaId="},
			{line: 4, media: "B"}, {line: 5, media: "A", item: "https://p/?mediaId=B", err: "item: invalid id"}}},
		{name: "NUL", text: "A\x00B\nC\x00 D\x00", format: input.Format{NUL: true}, want: []entry{
			{line: 1, media: "A"}, {line: 2, media: "B\nC", err: "control"}, {line: 3, media: "D"}}},
		{name: "a line without an end", text: strings.Repeat("x", 5<<20) + "\nB\n", want: []entry{{line: 1, err: "longer than 2 MiB"}, {line: 2, media: "B"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := read(t, tt.text, tt.format)
			if len(got) != len(tt.want) {
				t.Fatalf("entries %+v, want %+v", got, tt.want)
			}
			if n, err := input.Count(strings.NewReader(tt.text), tt.format); n != len(tt.want) || err != nil {
				t.Errorf("Count is %d, %v; want %d", n, err, len(tt.want))
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i].err, want.err) || (want.err == "") != (got[i].err == "") {
					t.Errorf("entry %d: error %q, want %q", i, got[i].err, want.err)
				}
				got[i].err, want.err = "", ""
				if got[i] != want {
					t.Errorf("entry %d: %+v, want %+v", i, got[i], want)
				}
			}
		})
	}
}

// An entry is returned before the next line is written: nothing waits for the end.
func TestReadStreams(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	next := make(chan struct{})
	go func() {
		defer w.Close()
		for range next {
			if _, err := io.WriteString(w, "A\n"); err != nil {
				return
			}
		}
	}()
	next <- struct{}{}
	n := 0
	for _, err := range input.Read(r, input.Format{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			close(next)
			return
		}
		next <- struct{}{}
	}
	t.Errorf("%d entries came", n)
}

func TestReadReportsItsReader(t *testing.T) {
	broken := errors.New("broken")
	n := 0
	var last error
	for _, err := range input.Read(io.MultiReader(strings.NewReader("A\nB\n"), iotest.ErrReader(broken)), input.Format{}) {
		n++
		last = err
	}
	if n != 3 || !errors.Is(last, broken) {
		t.Errorf("%d entries, last error %v", n, last)
	}
}

// Every line of a list is in an entry, or one of those that are documented to be skipped; only a header that
// makes no sense and a quote that is not closed end a list.
func FuzzRead(f *testing.F) {
	f.Add("A\tI\n{\"id\":\"x\",\"name\":1,\"thumbnails\":[],\"saveAs\":\"a/b\"}\n#\n", false, false)
	f.Add(utf16LE("A\r\n"), false, true)
	f.Add(utf16LE("id;path\r\nA;é\r\n")[2:], false, false)
	f.Add(swapped(utf16LE("A\r\n"))[2:], false, true)
	f.Add("a\x00b", true, false)
	f.Add("#c\n;;\nnote;mediaId;path\n\"a\n\"\"b\";A;x/y\n#;B;\nnote;mediaId;path\n;;;\nC;\"\n", false, false)
	f.Add("id,itemId\rA,I,\r\n,\"\",x\n\ufeffid,itemId\n", false, true)
	f.Add("id\tsaveAs\nA\t../b\n", false, false)
	f.Add("sep=,\na;b,id\nx,A\nsep=,\n", false, false)
	f.Add("[\n{\n}]", false, false)
	f.Add("id;\"\n\";x\nA\n\ufeffid;\"\n\";x\nB\n", false, false)
	f.Fuzz(func(t *testing.T, text string, nul, items bool) {
		format := input.Format{NUL: nul, ItemColumn: items, AssetNamed: items}
		wide := strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") || len(text) > 1 && text[0]|text[1] < 0x80 && (text[0] == 0) != (text[1] == 0)
		lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
		if nul {
			lines = strings.Split(text, "\x00")
		}
		entries, last := 0, 0
		defer func() {
			if n, err := input.Count(strings.NewReader(text), format); err == nil && n < entries {
				t.Errorf("Count is %d, for %d entries", n, entries)
			}
		}()
		seen := make([]bool, len(lines)+1)
		for e, err := range input.Read(strings.NewReader(text), format) {
			if err != nil {
				wrong, isHeader := errors.AsType[*download.Error](err)
				_, isOpen := errors.AsType[*input.OpenQuoteError](err)
				if !isOpen && (!isHeader || wrong.Code != download.CodeUsage || entries > 0) {
					t.Fatal(err)
				}
				return
			}
			if entries++; e.Line <= last || !wide && e.Line > len(lines) {
				t.Fatalf("line %d after %d, of %d", e.Line, last, len(lines))
			}
			last = e.Line
			for i := range 1 + strings.Count(e.Text, "\n") {
				if e.Line+i < len(seen) {
					seen[e.Line+i] = true
				}
			}
			if e.Err != nil {
				continue
			}
			if e.SaveAs != naming.SafePath(e.SaveAs) && e.SaveAs != "" {
				t.Errorf("%q gives the path %q", text, e.SaveAs)
			}
			if bynder.CheckID(e.MediaID) != nil && (!items || e.MediaID != "" || e.ItemID == "") {
				t.Errorf("%q gives the media id %q", text, e.MediaID)
			}
			if e.ItemID != "" && bynder.CheckID(e.ItemID) != nil {
				t.Errorf("%q gives the item id %q", text, e.ItemID)
			}
		}
		head := lines // a header may have several lines, and come again
		if first := slices.Index(seen, true); first > 0 {
			head = lines[:first-1]
		}
		if !strings.Contains(strings.Join(head, ""), `"`) {
			head = nil
		}
		for i, line := range lines {
			if !wide && !seen[i+1] && !skipped(line, nul) && !slices.Contains(head, line) {
				t.Errorf("line %d of %q is in no entry", i+1, text)
			}
		}
	})
}

// skipped reports whether a line may be in no entry: it has no value, is a comment, or may be a header.
func skipped(line string, nul bool) bool {
	if nul {
		return line == ""
	}
	line = strings.Trim(spelling.Visible(line), "\t;,\" ")
	return line == "" || line[0] == '#' || strings.EqualFold(line, "sep=") || strings.Contains(strings.ToLower(line), "id")
}

func TestReadTakesSizesFromJSON(t *testing.T) {
	for text, want := range map[string]int64{
		`{"id":"A","fileSize":7,"size":8}`:                             7,
		`{"id":"A","name":"n","thumbnails":{},"fileSize":7}`:           7,
		`{"id":"A","fileSize":"7"}`:                                    7,
		`{"id":"I","mediaId":"A","itemId":"I","size":8,"fileSize":7}`:  8,
		`{"id":"I","mediaId":"A","size":8}`:                            8,
		`{"id":"A","itemId":"I","fileSize":7}`:                         0, // of another file
		`{"id":"A","fileSize":null}`:                                   0,
		`{"id":"A","fileSize":-1}`:                                     0,
		`{"id":"A","fileSize":"7 MB"}`:                                 0,
		`{"id":"A","fileSize":7e3}`:                                    0,
		`{"portal":"p","mediaId":"A","selector":"original","bytes":7}`: 0,
		"A\tI\tweb\t1\ttrue\t8\n":                                      0,
	} {
		for e, err := range input.Read(strings.NewReader(text), input.Format{}) {
			if err != nil || e.Err != nil || e.Size != want {
				t.Errorf("%s: size %d, %v, %v; want %d", text, e.Size, err, e.Err, want)
			}
		}
	}
}
