package sandbox

import (
	"bufio"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Ids of collections with a special purpose.
const (
	// CollectionSocial has the first ten assets, the documented one among them.
	CollectionSocial = "C0110000-0001-4F10-8A0B9C8D7E6F5A01"
	// CollectionWithDeleted has ten living assets and three deleted ones.
	CollectionWithDeleted = "C0110000-0002-4F10-8A0B9C8D7E6F5A02"
	// CollectionEverything has all assets.
	CollectionEverything = "C0110000-0003-4F10-8A0B9C8D7E6F5A03"
	// CollectionEmpty has none.
	CollectionEmpty = "C0110000-0004-4F10-8A0B9C8D7E6F5A04"
	// CollectionSpring has generated assets of the season Spring.
	CollectionSpring = "C0110000-0005-4F10-8A0B9C8D7E6F5A05"
)

// springCollection is the number of the collection CollectionSpring.
const springCollection = 6

// collectionCount is more than a page holds by default.
const collectionCount = 60

// collection is a choice of the catalogue: the assets at the indices chosen, which rise, or, if that
// is nil, count assets from the index start on, each step-th.
type collection struct {
	id, name           string
	start, step, count int
	chosen             []int
	deleted            []string // ids that only collections/{id}/media/ still shows
	created            time.Time
}

// collection n, from 0 up to collectionCount.
func (g generated) collection(n int) collection {
	fixed := len(fixedAssets())
	col := collection{step: 1}
	switch n {
	case 0:
		col.id, col.name, col.count = CollectionSocial, "Social media", 10
	case 1:
		col.id, col.name, col.start, col.count = CollectionWithDeleted, "With deleted assets", 2, 10
		col.deleted = []string{
			DeletedAsset, "DE1E7ED0-000C-4F10-8A0B9C8D7E6F5A4C", "DE1E7ED0-000D-4F10-8A0B9C8D7E6F5A4D",
		}
	case 2:
		col.id, col.name, col.count = CollectionEverything, "Everything", g.len()
	case 3:
		col.id, col.name = CollectionEmpty, "Empty"
	case springCollection:
		col.id, col.name, col.start, col.step, col.count = CollectionSpring, "Spring campaign", fixed, springStep, 8
	default:
		col.id = numberedID(itemSalt, seedOf("collection", strconv.Itoa(n)))
		col.name = fmt.Sprintf("Collection %02d", n)
		col.start, col.step, col.count = fixed+5*n, 1+n%3, 20
	}
	if n == 4 || n == 5 {
		col.name = "The same name"
	}
	left := max(g.len()-col.start, 0)
	col.count = min(col.count, (left+col.step-1)/col.step)
	col.created = time.Date(2017, 3, 1+n, 10, 49, 12, 0, time.UTC)
	return col
}

// index returns the index of member n, from 0 up to count.
func (c *collection) index(n int) int {
	if c.chosen != nil {
		return c.chosen[n]
	}
	return c.start + n*c.step
}

func (c *collection) has(index int) bool {
	if c.chosen != nil {
		_, ok := slices.BinarySearch(c.chosen, index)
		return ok
	}
	at := index - c.start
	return at >= 0 && at%c.step == 0 && at/c.step < c.count
}

// describe returns the collection as the API shows it, with a date that is not ISO 8601.
func (c *collection) describe() object {
	return object{
		"id": c.id, "name": c.name, "description": "", "collectionCount": c.count + len(c.deleted), "isPublic": 0,
		"dateCreated": c.created.Format("January, 02 2006 15:04:05 -0700"), "dateModified": nil, "link": nil,
		"userCount": "0", "cover": object{"thumbnail": nil}, "user": object{"name": "Sandbox User"},
	}
}

// collectionError answers as the collection endpoints do: with statuscode as a
// number.
func collectionError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, object{"message": message, "statuscode": status})
}

func (s *Sandbox) serveCollections(w http.ResponseWriter, r *http.Request, e endpoint) {
	values := r.URL.Query()
	all := []object{}
	for _, c := range e.catalogue.collections() {
		if !strings.Contains(strings.ToLower(c.name), strings.ToLower(values.Get("keyword"))) {
			continue
		}
		if ids := values.Get("ids"); ids != "" && !slices.Contains(strings.Split(ids, ","), c.id) {
			continue
		}
		all = append(all, c.describe())
	}
	first, last, number, ok := s.pageBounds("collections", values, len(all))
	if !ok {
		collectionError(w, http.StatusBadRequest, "Invalid limit or page")
		return
	}
	page := lacking(s, "collections", all[first:last], number)
	if isSet(values.Get("count")) {
		writeJSON(w, http.StatusOK, object{"count": len(all), "collections": page})
		return
	}
	writeJSON(w, http.StatusOK, page)
}

// pageBounds returns the part of a list that a call asks for, and the number of that page.
func (s *Sandbox) pageBounds(endpoint string, values url.Values, length int) (first, last, page int, ok bool) {
	limit, page := defaultPage, 1
	for key, n := range map[string]*int{"limit": &limit, "page": &page} {
		if text := values.Get(key); text != "" {
			value, err := strconv.Atoi(text)
			if err != nil || value < 1 || value > math.MaxInt32 {
				return 0, 0, 0, false
			}
			*n = value
		}
	}
	limit, stride := s.cap(endpoint, min(limit, maxPage))
	first = min((page-1)*stride, length)
	return first, min(first+limit, length), page, true
}

func (s *Sandbox) serveCollection(w http.ResponseWriter, _ *http.Request, e endpoint) {
	c, ok := findCollection(e.catalogue, e.path[0])
	if !ok {
		collectionError(w, http.StatusNotFound, "Collection not found")
		return
	}
	writeJSON(w, http.StatusOK, c.describe())
}

// serveCollectionMedia answers with ids, those of deleted assets in their midst.
func (s *Sandbox) serveCollectionMedia(w http.ResponseWriter, _ *http.Request, e endpoint) {
	c, ok := findCollection(e.catalogue, e.path[0])
	if !ok {
		collectionError(w, http.StatusNotFound, "Collection not found")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriter(w)
	defer func() { _ = out.Flush() }()
	separator := "["
	write := func(id string) {
		_, _ = out.WriteString(separator + `"` + id + `"`) // the client may be gone
		separator = ","
	}
	for n := range c.count {
		if n == c.count/2 {
			for _, id := range c.deleted {
				write(id)
			}
		}
		a := e.catalogue.at(c.index(n))
		write(a.id)
	}
	if separator == "[" {
		_, _ = out.WriteString("[")
	}
	_, _ = out.WriteString("]")
}
