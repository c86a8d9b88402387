package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// listFault returns a fault about whole pages that is on for an endpoint.
func (s *Sandbox) listFault(name, endpoint string) (Fault, bool) {
	f, ok := s.faults.selected(name, "")
	return f, ok && (f.On == "" || f.On == endpoint)
}

// cap applies page-cap to what a call asked for: limit is how many elements a page holds,
// stride how many the page number counts by.
func (s *Sandbox) cap(endpoint string, asked int) (limit, stride int) {
	f, ok := s.listFault("page-cap", endpoint)
	if !ok {
		return asked, asked
	}
	limit = min(asked, int(f.Value))
	if f.Text == "asked" {
		return limit, asked
	}
	return limit, limit
}

// lacking takes three elements out of the page that short-page names.
func lacking[T any](s *Sandbox, endpoint string, page []T, number int) []T {
	if f, ok := s.listFault("short-page", endpoint); ok && int64(number) == f.Value {
		from := min(1, len(page))
		return slices.Delete(slices.Clone(page), from, min(from+3, len(page)))
	}
	return page
}

// number returns the number of the page that a query asks for, from 1.
func (q *query) number() int { return max(q.skip/max(q.stride, 1), q.from/max(q.limit, 1)) + 1 }

// cursor returns the cursor of the next page, "" after the last. With cursor-echo it is Solr's:
// each page has one, and the empty page after the last returns the one it was asked with.
func (s *Sandbox) cursor(q query, next int) string {
	if s.opts.NoCursor {
		return ""
	}
	if _, ok := s.listFault("cursor-echo", "list"); ok && next == 0 {
		return formatCursor(q.catalogue.len())
	}
	if next == 0 {
		return ""
	}
	return formatCursor(next)
}

// envelope is the text around the elements of a page.
type envelope struct {
	head, tail string
	numbered   int // of the first element where they are members of an object; -1: an array
}

// prefix returns the text before element i.
func (e envelope) prefix(i int) string {
	text := ""
	if i > 0 {
		text = ","
	}
	if e.numbered >= 0 {
		text += fmt.Sprintf("%q:", strconv.Itoa(e.numbered+i))
	}
	return text
}

// envelope returns the shape of a page: a bare array, an object if total or count is
// requested, or what list-shape says.
func (s *Sandbox) envelope(values url.Values, q query) envelope {
	shape, total := "", strconv.Itoa(q.total())
	if f, ok := s.listFault("list-shape", "list"); ok && values.Get("cursor") == "" && values.Get("page") == "" {
		shape = f.Text
	}
	switch {
	case shape == "array":
		return envelope{"[", "]", -1}
	case shape == "total-number":
		return envelope{`{"total":` + total + `,"media":[`, "]}", -1}
	case shape == "total-text":
		return envelope{`{"total":{"count":"` + total + `"},"media":[`, "]}", -1}
	case shape == "total-last":
		return envelope{`{"media":[`, `],"total":{"count":` + total + `}}`, -1}
	case shape == "limited":
		return envelope{`{"count":` + total + `,"limited":0,"media":[`, "]}", -1}
	case shape == "numbered-media":
		return envelope{`{"total":` + total + `,"media":{`, "}}", 0}
	case shape == "numbered":
		return envelope{"{", "}", 1}
	case isSet(values.Get("count")):
		return envelope{`{"count":{"total":` + total + `},"media":[`, "]}", -1}
	case isSet(values.Get("total")):
		return envelope{`{"total":{"count":` + total + `},"media":[`, "]}", -1}
	default:
		return envelope{"[", "]", -1}
	}
}

// serveEndless answers media/ with a page that leads to ever another one; it reports
// whether such a fault is on.
func (s *Sandbox) serveEndless(w http.ResponseWriter, values url.Values) bool {
	f, ok := s.listFault("endless", "list")
	if !ok {
		return false
	}
	s.faults.match(OnList, "list", "", "endless") // so that it is counted
	var q query
	_ = q.start(values)
	w.Header().Set("X-Bynder-NextCursor", formatCursor(q.from+1))
	w.Header().Set("Content-Type", "application/json")
	body := "[]"
	if f.Text == "malformed" {
		body = fmt.Sprintf(`[{"name":"no id %d"}]`, q.from)
	}
	_, _ = io.WriteString(w, body)
	return true
}

// misshape gives an asset's fields the shape that wrong-shape says.
func (s *Sandbox) misshape(fields object, mediaID string) {
	f, ok := s.faults.selected("wrong-shape", mediaID)
	if !ok {
		return
	}
	items, _ := fields["mediaItems"].([]object)
	set := func(value any) {
		if items != nil {
			fields["mediaItems"] = value
		}
	}
	switch f.Text {
	case "items-numbered":
		numbered := object{}
		for i, item := range items {
			numbered[strconv.Itoa(i)] = item
		}
		set(numbered)
	case "items-named":
		set(object{"original": object{"id": "x"}})
	case "items-text":
		set("none")
	case "items-null":
		set([]any{nil, nil})
	case "item-null", "item-text":
		all := []any{map[string]any{"item-null": nil, "item-text": "x"}[f.Text]}
		for _, item := range items {
			all = append(all, item)
		}
		set(all)
	case "no-item-ids", "no-item-id", "item-dots", "item-blank":
		for i, item := range items {
			if i > 0 && f.Text != "no-item-ids" {
				break
			}
			delete(item, "id")
			if id, ok := map[string]string{"item-dots": "..", "item-blank": " "}[f.Text]; ok {
				item["id"] = id
			}
		}
	case "property-numbered":
		fields["property_region"] = object{"1": "emea", "3": "apac"}
	case "property":
		fields["property_region"] = object{"label": "EMEA"}
	case "tag":
		fields["tags"] = []any{"a", object{"tag": "b"}}
	case "thumbnail":
		fields["thumbnails"] = object{"mini": object{"url": "https://h/mini"}}
	case "number":
		fields["fileSize"] = []int{1}
	case "flag":
		fields["archive"] = object{"value": 1}
	case "date":
		fields["dateModified"] = object{"date": "2017-01-01"}
	}
}

var wrongShapes = []string{
	"items-numbered", "items-named", "items-text", "items-null", "item-null", "item-text", "no-item-ids", "no-item-id",
	"item-dots", "item-blank", "property-numbered", "property", "tag", "thumbnail", "number", "flag", "date",
}

// writeItems writes an asset with N media items, each with its id alone or, if the fault says so,
// without one.
func writeItems(w http.ResponseWriter, mediaID string, f Fault) {
	w.Header().Set("Content-Type", "application/json")
	_, err := fmt.Fprintf(w, `{"id":%q,"name":"Many items","mediaItems":[`, mediaID)
	const each = 1000
	for from := int64(0); from < f.Value && err == nil; from += each {
		var b strings.Builder
		for i := from; i < min(from+each, f.Value); i++ {
			if i > 0 {
				b.WriteByte(',')
			}
			if f.Text == "empty" {
				b.WriteString("{}")
			} else {
				fmt.Fprintf(&b, `{"id":"%X"}`, i)
			}
		}
		_, err = io.WriteString(w, b.String())
	}
	if err == nil {
		_, _ = io.WriteString(w, "]}")
	}
}
