package input_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
)

const (
	idA = "D4AC0B41-141B-47D2-98B4FECDA8894CB2"
	idB = "e3970000-0005-4f10-8a0b-9c8d7e6f5a45"
)

// row is an input.Entry of a table as the tests write it.
type row struct {
	line                int
	media, item, saveAs string
	text                string // if it is not the line itself
	err                 string // part of what is wrong
}

func readRows(t *testing.T, text string, f input.Format) (rows []row, err error) {
	t.Helper()
	for e, broken := range input.Read(strings.NewReader(text), f) {
		if broken != nil {
			return rows, broken
		}
		r := row{line: e.Line, media: e.MediaID, item: e.ItemID, saveAs: e.SaveAs, text: e.Text}
		if e.Err != nil {
			r.err = e.Err.Error()
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func checkRows(t *testing.T, got, want []row, text string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d: %+v", len(got), len(want), got)
	}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
	for i, w := range want {
		g := got[i]
		if w.text == "" {
			w.text = lines[w.line-1]
		}
		if !strings.Contains(g.err, w.err) || (w.err == "") != (g.err == "") {
			t.Errorf("row %d: error %q, want %q", i, g.err, w.err)
		}
		if g.err, w.err = "", ""; g != w {
			t.Errorf("row %d:\n%+v, want\n%+v", i, g, w)
		}
	}
}

func TestReadTable(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		format     input.Format
		want       []row
	}{
		{name: "semicolons", text: "mediaId;path\nA;a.jpg\nB;x/b.jpg\n", want: []row{{line: 2, media: "A", saveAs: "a.jpg"}, {line: 3, media: "B", saveAs: "x/b.jpg"}}},
		{name: "commas", text: "name,ID,SaveAs\nn,A,a;b.jpg\n", want: []row{{line: 2, media: "A", saveAs: "a;b.jpg"}}},
		{name: "TAB", text: "id\titemId\tpath\nA\tI\ta,b;c.jpg\n", want: []row{{line: 2, media: "A", item: "I", saveAs: "a,b;c.jpg"}}},
		{name: "no quotes in TAB lists", text: "id\tname\nA\t\"12\" screen\nB\t\"\n", want: []row{{line: 2, media: "A"}, {line: 3, media: "B"}}},
		{name: "quotes", text: "\"id\";\"path\"\n\"A\";\"a;b,c.jpg\"\n\"B\";\"it \"\"is\"\".jpg\"\n", want: []row{
			{line: 2, media: "A", saveAs: "a;b,c.jpg"}, {line: 3, media: "B", saveAs: `it "is".jpg`, err: `safe path is "it _is_.jpg"`}}},
		{name: "a cell of several lines", text: "note;id\n\"one\ntwo\";A\nx;B\n", want: []row{{line: 2, media: "A", text: "\"one\ntwo\";A"}, {line: 4, media: "B"}}},
		{name: "a header of several lines", text: "\"my\nnote\";id\nx;A\n", want: []row{{line: 3, media: "A"}}},
		{name: "one column", text: "# ids\n\nmediaid\nA\n\"B\"\n", want: []row{{line: 4, media: "A"}, {line: 5, media: "B"}}},
		{name: "comments before, not below", text: "# a list\n;;\ntag;id\n#summer;A\n# x;B\n", want: []row{{line: 4, media: "A"}, {line: 5, media: "B"}}},
		{name: "objects are rows", text: "name;id\n{x};A\n", want: []row{{line: 2, media: "A"}}},
		{name: "rows without values", text: "id;path\n\n;\n \t;\n\"\";\"\"\nA;\n", want: []row{{line: 6, media: "A"}}},
		{name: "a row without an id", text: "id;path\n;a.jpg\n", want: []row{{line: 2, saveAs: "a.jpg", err: "the id is empty"}}},
		{name: "short and long rows", text: "id;name;path\nA\nB;b;b.jpg;;\nC;c;c.jpg;more\nD;d;a;b.jpg\n", want: []row{
			{line: 2, media: "A"}, {line: 3, media: "B", saveAs: "b.jpg"},
			{line: 4, media: "C", saveAs: "c.jpg", err: "4 cells, but the header has 3"}, {line: 5, media: "D", saveAs: "a", err: "4 cells"}}},
		{name: "a cell with a semicolon", text: "id;path\nA;a;b\n", want: []row{{line: 2, media: "A", saveAs: "a", err: `the header has 2: put a cell that contains ";" in quotes`}}},
		{name: "a cell with a TAB", text: "id\tpath\nA\ta\tb\n", want: []row{{line: 2, media: "A", saveAs: "a", err: "the header has 2: remove the TAB from its cell, or make the list a CSV file"}}},
		{name: "files that were joined", text: "id;path\r\nA;a.jpg\r\nid;path\r\n\ufeffid;path\r\nB;b.jpg\r\n", want: []row{{line: 2, media: "A", saveAs: "a.jpg"}, {line: 5, media: "B", saveAs: "b.jpg"}}},
		{name: "blanks around", text: " id ; itemId ;path\n \u00a0A\u200b; I ;\u00a0\n", want: []row{{line: 2, media: "A", item: "I"}}},
		{name: "a path is as it is", text: "id;path\nA; a.jpg\nB;b.jpg \n", want: []row{
			{line: 2, media: "A", saveAs: " a.jpg", err: `safe path is "a.jpg"`}, {line: 3, media: "B", saveAs: "b.jpg ", err: `safe path is "b.jpg"`}}},
		{name: "paths that are not safe", text: "id;path\nA;/etc/x\nA;../x\nA;a/CON\nA;\"a\nb\"\nA;a.\nA;e\u0301\nA;\xff\n", want: []row{
			{line: 2, media: "A", saveAs: "/etc/x", err: `"etc/x"`}, {line: 3, media: "A", saveAs: "../x", err: `"x"`}, {line: 4, media: "A", saveAs: "a/CON", err: `"a/_CON"`},
			{line: 5, media: "A", saveAs: "a\nb", text: "A;\"a\nb\"", err: `"a_b"`}, {line: 7, media: "A", saveAs: "a.", err: `"a"`},
			{line: 8, media: "A", saveAs: "e\u0301", err: `"e\u0301" is not normalized`}, {line: 9, media: "A", saveAs: "\xff", err: "not UTF-8"}}},
		{name: "links", text: "id,path\nhttps://p/?mediaId=A,a.jpg\n", format: input.Format{Portal: "p"}, want: []row{{line: 2, media: "A", saveAs: "a.jpg"}}},
		{name: "quotes in the wrong place", text: "id;name\nA;5\" x\nB;\"b\"x\nC;c\n", want: []row{{line: 2, err: "misplaced quote"}, {line: 3, err: "misplaced quote"}, {line: 4, media: "C"}}},
		{name: "CR alone", text: "id;path\rA;a.jpg\rB;b.jpg\r", want: []row{{line: 2, media: "A", saveAs: "a.jpg"}, {line: 3, media: "B", saveAs: "b.jpg"}}},
		{name: "items of the asset named", text: "itemId;path\nI;i.pdf\n", format: input.Format{ItemColumn: true, AssetNamed: true}, want: []row{{line: 2, item: "I", saveAs: "i.pdf"}}},

		{name: "Excel's line for the separator", text: "\ufeffsep=;\r\nname,x;id;path\r\nn;A;a\r\nsep=;\r\nn;B;\r\n", want: []row{
			{line: 3, media: "A", saveAs: "a"}, {line: 5, media: "B"}}},
		{name: "of commas", text: "# c\nSEP=,\nx;y,id\n;,A\n", want: []row{{line: 4, media: "A"}}},
		{name: "of TAB", text: "sep=\t\nid\tpath\nA\ta\n", want: []row{{line: 3, media: "A", saveAs: "a"}}},
		{name: "an asset called id", text: idA + "\t\tid\timage\t12\t\nB\t\tpath\timage\t\t\n", want: []row{{line: 1, media: idA, text: "-"}, {line: 2, media: "B", text: "-"}}},
		{name: "an asset called id, with an RFC UUID", text: idB + "\tid\n", want: []row{{line: 1, media: idB, item: "id", text: "-"}}},
		{name: "a link beside an asset called id", text: "https://p/media/?mediaId=A\tid\nhttp://p/x#mediaid=B\t\tid\np/?MEDIAID=C\titemId\n", want: []row{
			{line: 1, media: "A", item: "id", text: "-"}, {line: 2, media: "B", text: "-"}, {line: 3, media: "C", item: "itemId", text: "-"}}},
		{name: "a list of TABs without a header", text: "A\tI\tmediaID?\n", want: []row{{line: 1, media: "A", item: "I", text: "-"}}},
		{name: "a quote that opens no header", text: "\"A\nB\"\nC\n", want: []row{{line: 1, media: `"A`, err: "invalid id"}, {line: 2, media: `B"`, err: "invalid id"}, {line: 3, media: "C", text: "-"}}},
		{name: "a path in an object names nothing", text: `{"mediaId":"A","path":"../x","status":"downloaded"}`, want: []row{{line: 1, media: "A", text: "-"}}},
		{name: "saveAs in an object does", text: `{"mediaId":"A","itemId":"I","saveAs":"a.jpg"}` + "\n" + ` {"id":"B","saveAs":"../b"}` + "\n" + `{"id":"C","saveAs":""}` + "\n" + `{"id":"D","saveAs":7}`, want: []row{
			{line: 1, media: "A", item: "I", saveAs: "a.jpg"}, {line: 2, media: "B", saveAs: "../b", err: `"b"`},
			{line: 3, media: "C", text: "-"}, {line: 4, err: "string ids"}}},
		{name: "NUL", text: "id;path\x00A", format: input.Format{NUL: true}, want: []row{{line: 1, media: "id;path", text: `{"line":"id;path"}`, err: "invalid id"}, {line: 2, media: "A", text: "-"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readRows(t, tt.text, tt.format)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := input.Count(strings.NewReader(tt.text), tt.format); n != len(got) || err != nil {
				t.Errorf("Count is %d, %v; want %d", n, err, len(got))
			}
			for i := range got {
				if got[i].text == "" {
					got[i].text = "-"
				}
			}
			checkRows(t, got, tt.want, tt.text)
			wide, err := readRows(t, utf16LE(strings.ToValidUTF8(tt.text, "\xff")), tt.format)
			if err != nil || !tt.format.NUL && len(wide) != len(got) {
				t.Errorf("in UTF-16: %d rows, %v", len(wide), err)
			}
		})
	}
}

// A list with an invalid header is refused before its first line.
func TestReadRefusesHeaders(t *testing.T) {
	for _, tt := range []struct{ name, text, want, advice string }{
		{"semicolons without a header", idA + ";photos/a.jpg\n", "separated by ; but is not a header", "mediaId;path"},
		{"commas without a header", "a.jpg," + idA + ",x\n", "separated by ,", "path,mediaId,column3"},
		{"both", "x,y;" + idA + "\n", "separated by ;", "path;mediaId"},
		{"quoted", `"` + idA + `","` + idB + `","a.jpg"` + "\n", "separated by ,", "mediaId,itemId,path"},
		{"a link", "https://p/media/?mediaId=A,id\n", "separated by , but is not a header", "mediaId,path"},
		{"a link that is quoted", "id;\"p/?mediaId=A\"\n", "separated by ; but is not a header", "path;mediaId"},
		{"behind Excel's line for the separator", "sep=;\nA;a\n", "the first line is separated by ; but is not a header: \"A;a\"", "mediaId;path"},
		{"a JSON array", `[{"id":"A"},{"id":"B"}]`, "the list is a JSON array", "jq -c '.[]'"},
		{"of several lines", "# c\n [\n  {\n    \"id\": \"A\"\n  }\n]\n", "the list is a JSON array", "jq -c '.[]'"},
		{"of ids", "[ \"A\", \"B\" ]\n", "the list is a JSON array", "jq -c '.[]'"},
		{"that is empty", "[]\n", "the list is a JSON array", "jq -c '.[]'"},
		{"that is long", `[{"id":"` + strings.Repeat("A", 3<<20) + `"}]`, "the list is a JSON array", "jq -c '.[]'"},
		{"a JSON object of several lines", "{\n  \"id\": \"A\"\n}\n", "the list is JSON with line breaks", "jq -c ."},
		{"a title that is an id", "id;" + idA + "\n", "separated by ;", "path;mediaId"},
		{"no title that is known", "Media ID;Path\n" + idA + ";a\n", "is not a header", "mediaId;path"},
		{"after comments", "# x\n\nA;a.jpg\n", "is not a header", "mediaId;path"},
		{"two columns of ids", "id;path;mediaId\n", "columns 1 (id) and 3 (mediaId)", "rename one of the two columns"},
		{"the same twice", "ID,id\n", "columns 1 (ID) and 2 (id)", "rename one of the two columns"},
		{"two columns of paths", "id\tpath\tsaveAs\n", "both name the path", "rename one of the two columns"},
		{"no column of ids", "itemId;path\nI;x\n", "no column mediaId or id", `"mediaId"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := readRows(t, tt.text, input.Format{})
			wrong, ok := errors.AsType[*download.Error](err)
			if len(rows) > 0 || !ok || wrong.Code != download.CodeUsage || !strings.Contains(err.Error(), tt.want) || !strings.HasSuffix(wrong.Advice, tt.advice) {
				t.Errorf("%d rows, error %v (%+v); want %q", len(rows), err, wrong, tt.want)
			}
		})
	}
	_, err := readRows(t, idA+";x\n", input.Format{ItemColumn: true, AssetNamed: true})
	if wrong, ok := errors.AsType[*download.Error](err); !ok || !strings.HasSuffix(wrong.Advice, ": itemId;path") {
		t.Errorf("items without a header: %+v", wrong)
	}
	_, err = readRows(t, "id;path\nA;x\n", input.Format{ItemColumn: true, AssetNamed: true})
	if wrong, ok := errors.AsType[*download.Error](err); !ok || !strings.Contains(wrong.Error(), "no column itemId") {
		t.Errorf("item ids without a column: %v", err)
	}
}

// A quote that is not closed ends the list, and memory stays bounded.
func TestReadOpenQuotes(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		rows, line int
	}{
		{"in a row", "id;path\nA;a\nB;\"b\nC;c\n", 1, 3},
		{"in a later line of a row", "id;a;b\nA;\"1\n2\";\"3\nC;c\n", 0, 3},
		{"that is doubled", "id;path\nA;\"a\"\"\nB;b\n", 0, 2},
		{"in the header", "id;\"path\nA;a\n", 0, 1},
		{"in a long row", "id;path\nA;\"" + strings.Repeat("x\n", 2<<20), 0, 2},
		{"in a long header", "id;\"path\n" + strings.Repeat("x\n", 1<<20), 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, err := readRows(t, tt.text, input.Format{})
			open, ok := errors.AsType[*input.OpenQuoteError](err)
			if !ok || open.Line != tt.line || len(rows) != tt.rows {
				t.Errorf("%d rows, error %v; want %d, line %d", len(rows), err, tt.rows, tt.line)
			}
		})
	}
}

// What spreadsheets write: see testdata/spreadsheets.md.
func TestReadWhatSpreadsheetsWrite(t *testing.T) {
	files, err := filepath.Glob("testdata/spreadsheets/*")
	if err != nil || len(files) < 8 {
		t.Fatalf("files %v, %v", files, err)
	}
	want := []row{
		{media: "D4AC0B41-141B-47D2-98B4FECDA8894CB2", saveAs: "Größe/Twitter groß.jpg"},
		{media: "E3970000-0005-4F10-8A0B9C8D7E6F5A45", saveAs: "leer; 日本.txt"},
		{media: "9A375000-0008-4F10-8A0B9C8D7E6F5A48"},
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := readRows(t, string(text), input.Format{})
			if err != nil || len(rows) != len(want) {
				t.Fatalf("%+v, %v", rows, err)
			}
			for i, got := range rows {
				if got.line, got.text = 0, ""; got != want[i] {
					t.Errorf("row %d is %+v, want %+v", i, got, want[i])
				}
			}
		})
	}
}
