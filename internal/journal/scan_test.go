package journal

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// told is a record in a form that can be compared.
type told struct {
	portal, mediaID, selector, itemID, status, name, path, etag, verified, checksum, cause, chosen, encoding, objectETag, listed, upload string

	bytes int64
	sized bool
}

func tell(r record) told {
	return told{
		string(r.portal), string(r.mediaID), string(r.selector), string(r.itemID), string(r.status),
		string(r.name), string(r.path), string(r.etag), string(r.verified), string(r.checksum), string(r.cause), string(r.chosen), string(r.encoding), string(r.objectETag), string(r.listed), string(r.upload), r.bytes, r.sized,
	}
}

func TestScan(t *testing.T) {
	for _, c := range []struct {
		line string
		sure bool
		want told
	}{
		{`{"portal":"p","mediaId":"A","selector":"original","status":"downloaded","path":"/d/a","bytes":12,"etag":"\"abc\"","verified":"md5","attempts":1,"seconds":0.5,"finishedAt":"2026-01-02T03:04:05Z"}`, true,
			told{portal: "p", mediaID: "A", selector: "original", status: "downloaded", path: "/d/a", bytes: 12, sized: true, etag: `"abc"`, verified: "md5"}},
		{`{"mediaId":"A","status":"failed","name":"Spring \"löve\"","path":"p"}`, true, told{mediaID: "A", status: "failed", name: `Spring "löve"`, path: "p"}},
		{`{"mediaId":"A","name":"\u001b[2J"}`, false, told{mediaID: "A", name: "\x1b[2J"}},
		{`{"mediaId":"A","md5":"x","chosen":"mini","suspect":"why"}`, true, told{mediaID: "A", chosen: "mini"}},
		{`{"mediaId":"A","etag":"\"abc\"","encoding":"gzip"}`, true, told{mediaID: "A", etag: `"abc"`, encoding: "gzip"}},
		{`{"mediaId":"A","objectEtag":"abc-2"}`, true, told{mediaID: "A", objectETag: "abc-2"}},
		{`{"mediaId":"A","upload":{"id":"x","parts":2,"states":"AA=="}}`, true, told{mediaID: "A", upload: `{"id":"x","parts":2,"states":"AA=="}`}},
		{`{"mediaId":"A","upload":null}`, false, told{mediaID: "A", upload: "null"}},
		{`{"encoding" : "gzip","mediaId":"A"}`, false, told{mediaID: "A", encoding: "gzip"}},
		{`{"mediaId":"A","listed":{"version":2,"size":5,"url":"a\"b","modTime":"2026-01-02T03:04:05Z"},"bytes":5}`, true,
			told{mediaID: "A", listed: `{"version":2,"size":5,"url":"a\"b","modTime":"2026-01-02T03:04:05Z"}`, bytes: 5, sized: true}},
		{`{"mediaId":"A","listed":{"version":-2,"more":{"a":[]}}}`, false, told{mediaID: "A", listed: `{"version":-2,"more":{"a":[]}}`}},
		{`{"mediaId":"A","listed":{}}`, false, told{mediaID: "A", listed: `{}`}},
		{`{"mediaId":"A","new":1,"chosen":"mini"}`, false, told{mediaID: "A", chosen: "mini"}},
		{"{\"mediaId\" : \"A\" , \"status\":\t\"failed\", \"error\": { \"code\":\"exists\", \"message\":\"m\",\"retryable\":false} }\r", false,
			told{mediaID: "A", status: "failed", cause: "exists"}},
		{`{"mediaId":"A","mediaId":"B"}`, true, told{mediaID: "B"}},
		{`{"mediaId":"Ä","path":"C:\\d\\\"a/b"}`, true, told{mediaID: "Ä", path: `C:\d\"a/b`}},
		{`{"mediaId":"A","seconds":0,"attempts":0,"bytes":0}`, true, told{mediaID: "A", sized: true}},
		{`{}`, false, told{}},
		{`{"new":"x","count":-1.5,"flag":true}`, false, told{}},
		{`{"mediaId": "A"}`, false, told{mediaID: "A"}},
		{`{"path":"a\/b"}`, false, told{path: "a/b"}},
		{`{"bytes":9223372036854775807}`, true, told{bytes: 9223372036854775807, sized: true}},
		{`{"path":"\u0041"}`, false, told{path: "A"}},
		{`{"MediaID":"A"}`, false, told{mediaID: "A"}},
		{`{"mediaId":null,"bytes":null,"error":null}`, false, told{}},
		{`{"seconds":1e-7,"new":[{"a":1}],"error":{"code":"x","deep":{}}}`, false, told{cause: "x"}},
		{"{\"path\":\"\xff\"}", false, told{path: "\ufffd"}},
		{`{"bytes":-1}`, false, told{bytes: -1, sized: true}},
	} {
		var r record
		sure := scan([]byte(c.line), &r)
		if sure != c.sure {
			t.Errorf("%s: sure %v, want %v", c.line, sure, c.sure)
		}
		if !sure {
			var ok bool
			if r, ok = unmarshal([]byte(c.line)); !ok {
				t.Errorf("%s: no record", c.line)
			}
		}
		if got := tell(r); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.line, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, line := range []string{
		``, ` `, `null`, `[]`, `1`, `"mediaId"`, `# a comment`, `{`, `{"mediaId":"A","status":"failed"`,
		`{"mediaId":"A","status":"failed"} x`, `{"mediaId":"A","status":"failed",}`, `{"mediaId":"A" "status":"failed"}`,
		`{"mediaId":"A","status":"failed","bytes":1.0}`, `{"mediaId":"A","status":"failed","bytes":01}`,
		`{"mediaId":"A","status":"failed","bytes":9223372036854775808}`, `{"mediaId":"A","status":"failed","attempts":01}`,
		`{"mediaId":"A","status":"failed","attempts":1.}`, `{"mediaId":"A","status":"failed","attempts":-}`,
		`{"mediaId":"A","status":1}`, `{"mediaId":"A"}`, `{"status":"failed"}`, `{"mediaId":"","status":"failed"}`,
		`{"mediaId":"A","status":"failed","error":"exists"}`, "{\"mediaId\":\"A\x01\",\"status\":\"failed\"}",
		`{"mediaId":"A\x","status":"failed"}`, `{"mediaId":"A","status":"failed"` + "\x00",
		`{"mediaId":"A","status":"failed","listed":{"size":01}}`, `{"mediaId":"A","status":"failed","listed":{"size":1}`, `{"mediaId":"A","status":"failed","listed":{"size"}}`,
		`{"portal":"p","mediaId":"A","sta{"portal":"p","mediaId":"B","selector":"original","status":"downloaded"}`,
	} {
		if r, ok := parse([]byte(line)); ok {
			t.Errorf("%s is a result: %+v", line, tell(r))
		}
	}
}

func TestFingerprintIsOfTheFile(t *testing.T) {
	v := newView(nil)
	r, ok := parse([]byte(`{"portal":"p","mediaId":"A","selector":"derivative/a\"b","status":"downloaded"}`))
	id := download.FileID{Portal: "p", MediaID: "A", Selector: `derivative/a"b`}
	if !ok || r.file() != id || v.print(r.file()) != v.print(id) {
		t.Errorf("the record is of %q", r.file())
	}
	for _, other := range []download.FileID{
		{Portal: "p", MediaID: "A", Selector: "original"}, {Portal: "p", MediaID: "B", Selector: id.Selector},
		{Portal: "q", MediaID: "A", Selector: id.Selector}, {Portal: "pA", Selector: id.Selector},
	} {
		if v.print(other) == v.print(id) {
			t.Errorf("the record is found by %q", other)
		}
	}
}

// The scanner either is not sure or reads what encoding/json does.
func FuzzScan(f *testing.F) {
	for _, line := range []string{
		`{"portal":"p","mediaId":"A","selector":"original","status":"downloaded","name":"Ä \"ö\"","path":"/d/ä","bytes":12,"etag":"\"abc\"","verified":"md5","checksum":"sha256:00","attempts":1,"resumedFrom":5,"seconds":0.5,"finishedAt":"2026-01-02T03:04:05Z"}`,
		`{"portal":"p","mediaId":"A","selector":"item/I","itemId":"I","status":"failed","error":{"code":"exists","message":"a\nb","hint":"h","httpStatus":404,"retryable":true}}`,
		`{"a":-0.10,"error":{"code":"a","code":"b","x":false},"error":{}}`, "{\"ſtatus\":\"a\",\"K\":1}\r", `{"\u006dediaId":"x","BYTES":5}`,
		`{"mediaId":"A","listed":{"version":2,"size":5,"url":"a\"b"},"listed":{"size":1}}`, `{"listed":{"a":{}},"listed":null}`,
		`{"mediaId":"A","upload":{"id":"a\"b","parts":2},"upload":{"id":""}}`,
		`{"bytes":0,"bytes":00}`, ` { "bytes" : 10 } `, `{"x":tru}`, `{"x":"\/\\\""}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var r record
		if !scan(line, &r) {
			return
		}
		want, ok := unmarshal(line)
		if !ok {
			t.Fatalf("%q: it is sure of what encoding/json refuses: %v", line, json.Unmarshal(line, &struct{}{}))
		}
		if got := tell(r); got != tell(want) {
			t.Errorf("%q:\n      got %+v\njson says %+v", line, got, tell(want))
		}
	})
}

func TestLongFields(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	r, ok := parse([]byte(`{"mediaId":"A","status":"downloaded","path":"` + long + `"}`))
	if !ok || string(r.path) != long {
		t.Error("a long path is not read")
	}
}
