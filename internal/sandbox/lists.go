package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of pages, as documented.
const (
	defaultPage = 50
	maxPage     = 1000
)

// query is what a call of media/ asks for.
type query struct {
	catalogue catalogue
	filters   []func(*asset) bool
	ids       []string // nil: not restricted
	order     string
	limit     int
	stride    int // how many assets a page number counts by
	skip      int // matching assets before the first that is wanted, by page
	from      int // place in the order where to begin, by cursor
}

// serveList answers media/: a bare array, or an object where total or count is
// asked for.
func (s *Sandbox) serveList(w http.ResponseWriter, r *http.Request, e endpoint) {
	values := r.URL.Query()
	q, err := s.parseQuery(e.catalogue, values)
	if err != nil {
		writeError(w, http.StatusBadRequest, err.Error())
		return
	}
	if s.serveEndless(w, values) {
		return
	}
	page, next := q.page()
	page = slices.DeleteFunc(lacking(s, "list", page, q.number()), func(a asset) bool { return q.leavesOut(&a) })
	if cursor := s.cursor(q, next); cursor != "" {
		w.Header().Set("X-Bynder-NextCursor", cursor)
	}
	w.Header().Set("Content-Type", "application/json")
	around := s.envelope(values, q)
	_, err = io.WriteString(w, around.head)
	encoder := json.NewEncoder(w)
	for i, a := range page {
		if err != nil {
			return // the client is gone
		}
		_, _ = io.WriteString(w, around.prefix(i))
		fields := s.describe(&a)
		if isSet(values.Get("includeMediaItems")) {
			fields["mediaItems"] = s.describeItems(&a, false)
		}
		s.misshape(fields, a.id)
		if s.faults.match(OnList, "list", a.id, a.id).has("malformed") {
			malform(fields)
		}
		err = encoder.Encode(fields)
	}
	_, _ = io.WriteString(w, around.tail)
}

// leavesOut reports whether a page has no element for an asset that the total counts.
func (q *query) leavesOut(a *asset) bool {
	switch a.lists {
	case inListByID:
		return q.ids == nil
	case inListWithoutFilters:
		return len(q.filters) > 0
	default:
		return a.lists == onlyCounted
	}
}

// malform keeps the id, so that the asset can be named in an error.
func malform(fields object) {
	fields["name"] = object{"en": "a name"}
	fields["fileSize"] = []int{1}
	fields["thumbnails"] = "none"
	fields["tags"] = 7
	fields["dateModified"] = true
}

func (s *Sandbox) parseQuery(all catalogue, values url.Values) (query, error) {
	q := query{catalogue: all, order: values.Get("orderBy"), limit: defaultPage}
	if limit := values.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 {
			return q, errors.New("invalid limit")
		}
		q.limit = min(n, maxPage)
	}
	q.limit, q.stride = s.cap("list", q.limit)
	if !slices.Contains(orders, q.order) {
		return q, errors.New("invalid orderBy")
	}
	for _, key := range []string{"id", "ids"} {
		if values.Has(key) {
			q.ids = append(q.ids, strings.Split(values.Get(key), ",")...)
		}
	}
	for key, given := range values {
		filter, err := q.filter(key, given[0]) // of repeated keys the first, as PHP's SDK signs it
		if err != nil {
			return q, err
		}
		if filter != nil {
			q.filters = append(q.filters, filter)
		}
	}
	if s.faults.on("hidden") {
		q.filters = append(q.filters, func(a *asset) bool {
			_, hidden := s.faults.selected("hidden", a.id)
			return !hidden
		})
	}
	if err := q.start(values); err != nil {
		return q, err
	}
	if f, ok := s.faults.selected("overlap", ""); ok {
		q.skip, q.from = max(q.skip-int(f.Value), 0), max(q.from-int(f.Value), 0)
	}
	return q, nil
}

// start reads where the page begins: at a cursor or at a page number.
func (q *query) start(values url.Values) error {
	if cursor := values.Get("cursor"); cursor != "" {
		text, err := base64.RawURLEncoding.DecodeString(cursor)
		n, err2 := strconv.Atoi(strings.TrimPrefix(string(text), "sandbox:"))
		if err != nil || err2 != nil || n < 0 {
			return errors.New("invalid cursor")
		}
		q.from = n
		return nil
	}
	if page := values.Get("page"); page != "" {
		n, err := strconv.Atoi(page)
		if err != nil || n < 1 || n > math.MaxInt32 {
			return errors.New("invalid page")
		}
		q.skip = (n - 1) * q.stride
	}
	return nil
}

func formatCursor(from int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("sandbox:" + strconv.Itoa(from)))
}

// filter returns the test that a key of the query asks for; nil for keys that ask for
// none.
func (q *query) filter(key, value string) (func(*asset) bool, error) {
	if value == "" {
		return nil, nil
	}
	oneOf := strings.Split(value, ",")
	if property, ok := strings.CutPrefix(key, "property_"); ok {
		return func(a *asset) bool { return containsFold(a.property(property), oneOf) }, nil
	}
	switch key {
	case "type":
		return func(a *asset) bool { return slices.Contains(oneOf, a.kind) }, nil
	case "tags":
		return func(a *asset) bool { return containsAll(a.tags, oneOf) }, nil
	case "brandId":
		return func(a *asset) bool { return slices.Contains(oneOf, brands[a.brand].id) }, nil
	case "subBrandId", "categoryId":
		return func(*asset) bool { return false }, nil // nothing here has any
	case "propertyOptionId":
		return func(a *asset) bool { return containsAll(a.optionIDs(), oneOf) }, nil
	case "orientation":
		return func(a *asset) bool { return a.orientation() == value }, nil
	case "collectionId":
		c, ok := findCollection(q.catalogue, value)
		return func(a *asset) bool { return ok && c.has(a.index) }, nil
	case "keyword":
		return func(a *asset) bool { return a.mentions(strings.ToLower(value)) }, nil
	case "limited", "archive", "isPublic":
		return func(a *asset) bool { return a.flag(key) == isSet(value) }, nil
	}
	return dateFilter(key, value)
}

func (a *asset) flag(name string) bool {
	switch name {
	case "limited":
		return a.limited
	case "archive":
		return a.archived
	default:
		return a.public
	}
}

func (a *asset) property(name string) []string {
	switch {
	case name == "photographer" && a.photographers != nil:
		return a.photographers
	case name == "region" && a.region != "":
		return []string{a.region}
	default:
		return a.properties[name]
	}
}

func containsFold(values, wanted []string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		return slices.ContainsFunc(wanted, func(w string) bool {
			return strings.EqualFold(v, w) || strings.EqualFold(strings.ReplaceAll(v, " ", "_"), w)
		})
	})
}

func (a *asset) mentions(word string) bool {
	return strings.Contains(strings.ToLower(a.name), word) || strings.Contains(strings.ToLower(a.description), word) ||
		slices.Contains(a.tags, word)
}

// dateFilter reads dateCreated, dateModified and datePublished with their
// suffixes: none is from, To is until, On is that day.
func dateFilter(key, value string) (func(*asset) bool, error) {
	name := strings.TrimSuffix(strings.TrimSuffix(key, "To"), "On")
	if name != "dateCreated" && name != "dateModified" && name != "datePublished" {
		return nil, nil
	}
	when, err := parseDate(value)
	if err != nil {
		return nil, errors.New("invalid " + key)
	}
	date := func(a *asset) time.Time {
		if name == "dateModified" {
			return a.modified()
		}
		return a.created
	}
	switch strings.TrimPrefix(key, name) {
	case "To":
		return func(a *asset) bool { return !date(a).After(when) }, nil
	case "On":
		day := when.Truncate(24 * time.Hour)
		return func(a *asset) bool { return date(a).Truncate(24 * time.Hour).Equal(day) }, nil
	default:
		return func(a *asset) bool { return !date(a).Before(when) }, nil
	}
}

func parseDate(value string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("neither a date nor a date and time of ISO 8601")
}

var orders = []string{
	"", "dateCreated asc", "dateCreated desc", "dateModified asc", "dateModified desc", "datePublished asc",
	"datePublished desc", "name asc", "name desc",
}

// candidates yields the indices of the assets that may match, in the order of q.
func (q *query) candidates() iter.Seq[int] {
	key, direction, _ := strings.Cut(q.order, " ")
	if q.ids == nil && q.catalogue.inOrder(key) {
		n := q.catalogue.len()
		return func(yield func(int) bool) {
			for i := range n {
				if direction == "desc" {
					i = n - 1 - i
				}
				if !yield(i) {
					return
				}
			}
		}
	}
	return slices.Values(q.sortedCandidates(key, direction))
}

func (q *query) sortedCandidates(key, direction string) []int {
	var indices []int
	if q.ids == nil {
		for i := range q.catalogue.len() {
			indices = append(indices, i)
		}
	}
	for _, id := range q.ids {
		if a, ok := q.catalogue.find(id); ok && a.index >= 0 {
			indices = append(indices, a.index)
		}
	}
	slices.Sort(indices)
	indices = slices.Compact(indices)
	if key == "name" || key == "dateModified" {
		texts := make(map[int]string, len(indices))
		for _, i := range indices {
			a := q.catalogue.at(i)
			if texts[i] = a.name; key == "dateModified" {
				texts[i] = a.modified().Format(time.RFC3339)
			}
		}
		slices.SortStableFunc(indices, func(i, j int) int { return strings.Compare(texts[i], texts[j]) })
	}
	if direction == "desc" {
		slices.Reverse(indices)
	}
	return indices
}

// page returns one page of the matching assets, and the position at which the
// next page begins; 0 after the last.
func (q *query) page() (page []asset, next int) {
	at, skip := -1, q.skip
	for index := range q.candidates() {
		at++
		if at < q.from {
			continue
		}
		if len(q.filters) == 0 && skip > 0 { // no need to make it
			skip--
			continue
		}
		a := q.catalogue.at(index)
		if !q.fits(&a) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(page) == q.limit {
			return page, at
		}
		page = append(page, a)
	}
	return page, 0
}

func (q *query) total() int {
	if len(q.filters) == 0 && q.ids == nil {
		return q.catalogue.len()
	}
	n := 0
	for index := range q.candidates() {
		if a := q.catalogue.at(index); q.fits(&a) {
			n++
		}
	}
	return n
}

func (q *query) fits(a *asset) bool {
	for _, filter := range q.filters {
		if !filter(a) {
			return false
		}
	}
	return true
}
