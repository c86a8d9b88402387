package bynder_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestAssetsAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		ids        int
		wants      string // what the error says, "" for none
	}{
		{"array", `[{"id":"a"},{"id":"b"}]`, 2, ""},
		{"empty array", `[]`, 0, ""},
		{"array with space", " [ {\"id\":\"a\"}\n,\t{\"id\":\"b\"} ] \r\n", 2, ""},
		{"total as object", `{"total":{"count":2},"media":[{"id":"a"},{"id":"b"}]}`, 2, ""},
		{"total as number", `{"total":1,"media":[{"id":"a"}]}`, 1, ""},
		{"total as text", `{"total":"1","media":[{"id":"a"}]}`, 1, ""},
		{"total as object of text", `{"total":{"count":"1"},"media":[{"id":"a"}]}`, 1, ""},
		{"count", `{"count":{"total":1,"type":{"image":1}},"media":[{"id":"a"}]}`, 1, ""},
		{"count as number", `{"count":1,"limited":false,"media":[{"id":"a"}]}`, 1, ""},
		{"total before count", `{"count":{"total":7},"total":1,"media":[{"id":"a"}]}`, 1, ""},
		{"media first", `{"media":[{"id":"a"}],"total":1}`, 1, ""},
		{"media between", `{"x":[{}],"media":[{"id":"a"}],"total":{"count":1},"y":"]}"}`, 1, ""},
		{"media first, empty", `{"media":[],"total":0}`, 0, ""},
		{"numbered", `{"1":{"id":"a"},"2":{"id":"b"}}`, 2, ""},
		{"numbered media", `{"total":2,"media":{"0":{"id":"a"} , "5" : {"id":"b"}}}`, 2, ""},
		{"no media as an object", `{"total":0,"media":{}}`, 0, ""},
		{"total unknown", `{"total":null,"media":[{"id":"a"}]}`, 1, ""},
		{"count=false", `{"count":false,"media":[{"id":"a"}]}`, 1, ""},
		{"total of PHP's empty kind", `{"total":[],"media":[{"id":"a"}]}`, 1, ""},
		{"total wrong", `{"total":"many","media":[{"id":"a"}]}`, 0, "its total is"},
		{"total negative", `{"total":-1,"media":[{"id":"a"}]}`, 0, "its total is"},
		{"total wrong after", `{"media":[{"id":"a"}],"total":{"x":1}}`, 1, "neither a count nor a total"},
		{"a name among numbers", `{"1":{"id":"a"},"total":2}`, 1, "among the elements"},
		{"numbers after a name", `{"x":1,"1":{"id":"a"}}`, 0, "an object without media"},
		{"two lists", `{"media":[{"id":"a"}],"media":[{"id":"b"}]}`, 1, "two lists"},
		{"something after", `[{"id":"a"}]<br>`, 1, "after the list"},
		{"a list after", `[{"id":"a"}][{"id":"b"}]`, 1, "after the list"},
		{"one malformed", `[{"id":"a"},{"name":"no id"},"rubbish",{"id":"b"}]`, 2, "cannot read an asset"},
		{"null elements", `{"total":3,"media":[null,{"id":"a"},null]}`, 1, "it is null, not an object"},
		{"cut off", `[{"id":"a"},{"id":"b"`, 1, "unexpected EOF"},
		{"cut off between", `[{"id":"a"}`, 1, "unexpected EOF"},
		{"cut off after the list", `{"media":[{"id":"a"}]`, 1, "unexpected EOF"},
		{"no list", `{"message":"x"}`, 0, "it says: x"},
		{"an empty object", `{}`, 0, "an object without media"},
		{"null", `null`, 0, "neither an array nor an object"},
		{"no media list", `{"media":{"a":1}}`, 0, "among the elements"},
		{"media as text", `{"media":"none"}`, 0, "its media is not a list"},
		{"media as null", `{"total":0,"media":null}`, 0, "its media is not a list"},
		{"scalar", `7`, 0, "neither an array nor an object"},
		{"HTML", `<html>`, 0, "a list was expected"},
		{"empty", ``, 0, "unexpected EOF"},
		{"huge element", `[{"id":"a"},{"id":"` + strings.Repeat("x", 3<<20) + `"},{"id":"b"}]`, 2, "larger than 1 MiB"},
		{"deep element", `[{"id":"a"},` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `,{"id":"b"}]`, 2, "deeper than 100 levels"},
		{"huge field beside the list", `{"x":"` + strings.Repeat("x", 3<<20) + `","total":1,"media":[{"id":"a"}]}`, 1, ""},
		{"huge total", `{"total":"` + strings.Repeat("1", 3<<20) + `","media":[{"id":"a"}]}`, 0, "larger than 1 MiB"},
		{"huge key", `{"` + strings.Repeat("x", 2<<10) + `":1,"media":[{"id":"a"}]}`, 0, "larger than 1 KiB"},
		{"many fields", `{` + strings.Repeat(`"x":1,`, 20_000) + `"media":[{"id":"a"}]}`, 0, "more than 10000 fields"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				body := tt.body
				if r.URL.Query().Has("page") {
					body = "[]"
				}
				_, _ = io.WriteString(w, body)
			})
			ids, errs := list(c, t, bynder.Query{})
			if len(ids) != tt.ids {
				t.Errorf("assets %q, want %d", ids, tt.ids)
			}
			if tt.wants == "" {
				if len(errs) != 0 {
					t.Errorf("errors %v", errs)
				}
				return
			}
			joined := errors.Join(errs...)
			if _, ok := errors.AsType[*bynder.ProtocolError](joined); !ok || !strings.Contains(joined.Error(), tt.wants) {
				t.Errorf("errors %v, want a *ProtocolError that says %q", joined, tt.wants)
			}
		})
	}
}

// The elements of a list are those that encoding/json finds in it.
func FuzzElements(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[1, 2 ,"a\"]","\\",{"a":[1,{}]},null,true,-1.5e3]`, `{"total":{"count":2},"media":[{"id":"a"}],"x":1}`,
		`{"count":[1,"]"], "media" : [ ] }`, `{"1":{"id":"a"},"2":7}`, `{"media":{"0":[],"1":"}"},"total":"2"}`, `[]x`, `[1,]`, `[,]`, `[1`, `{"media":7}`, `{}`, `7`, `[1 2]`, `["\u00e9"]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got []json.RawMessage
		var failed error
		for raw, err := range bynder.Elements(bytes.NewReader(body)) {
			if err != nil {
				failed = err
				continue
			}
			got = append(got, raw)
		}
		var want []json.RawMessage
		if json.Unmarshal(body, &want) != nil || want == nil {
			if failed == nil && !json.Valid(body) && !slices.ContainsFunc(got, func(raw json.RawMessage) bool { return !json.Valid(raw) }) && !besideIsWrong(body) {
				t.Errorf("%q is read as a list", body)
			}
			return
		}
		if failed != nil || len(got) != len(want) {
			t.Fatalf("%q: %d elements, %v; want %d", body, len(got), failed, len(want))
		}
		for i := range want {
			if string(bytes.TrimSpace(got[i])) != string(want[i]) {
				t.Errorf("%q: element %d is %q, want %q", body, i, got[i], want[i])
			}
		}
	})
}

// besideIsWrong reports whether a body is an object, whose fields beside the list are passed
// over without a look at them.
func besideIsWrong(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) }

// Whatever an error or a list of collections holds, reading it ends, and shows no more
// than a line's worth.
func FuzzAnswers(f *testing.F) {
	f.Add(500, []byte(`{"message":"x","statuscode":"500"}`))
	f.Add(200, []byte(`[{"id":"c","collectionCount":"7","dateCreated":"March, 01 2017 10:49:12 +0000"}]`))
	f.Add(404, []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		c := bynder.New(&url.URL{Scheme: "https", Host: "h"}, &http.Client{Transport: answer{status, body}})
		for found, err := range c.Collections("").Each(t.Context()) {
			if err == nil && found.ID == "" {
				t.Errorf("%q gives a collection without an id", body)
			}
			if api, ok := errors.AsType[*bynder.APIError](err); ok && len(api.Message) > 400 {
				t.Errorf("a message of %d bytes", len(api.Message))
			}
		}
	})
}

// answer is a portal that always says the same.
type answer struct {
	status int
	body   []byte
}

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a.body)), Request: r}, nil
}
