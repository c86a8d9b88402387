package bynder

import (
	"net/url"
	"strings"
)

// Query selects assets. Values of one key are joined by commas, because a signature
// covers only the first of repeated keys.
type Query struct {
	Keyword                               string
	Types, Tags, Brands                   []string
	Collection                            string
	Properties                            map[string][]string // by name, without prefix
	CreatedFrom, ModifiedFrom, ModifiedTo string              // ISO 8601
	Archived, Limited, Public             *bool
	Order                                 string // "dateModified desc"
	IDs                                   []string
	Versions                              bool // each asset comes with the number of its active version
	// Limit is how many elements the caller wants; 0 = all. It limits the size of a page, not
	// of the list.
	Limit int
}

// HasFilters reports whether q has conditions other than its IDs.
func (q Query) HasFilters() bool {
	q.IDs, q.Order = nil, ""
	return len(q.values()) > 0
}

func (q Query) values() url.Values {
	v := url.Values{}
	set := func(key string, values ...string) {
		if joined := strings.Join(values, ","); joined != "" {
			v.Set(key, joined)
		}
	}
	set("keyword", q.Keyword)
	set("type", q.Types...)
	set("tags", q.Tags...)
	set("brandId", q.Brands...)
	set("collectionId", q.Collection)
	set("dateCreated", q.CreatedFrom)
	set("dateModified", q.ModifiedFrom)
	set("dateModifiedTo", q.ModifiedTo)
	set("orderBy", q.Order)
	set("ids", q.IDs...)
	if q.Versions {
		v.Set("includeVersionNumber", "1")
	}
	for name, values := range q.Properties {
		set(propertyPrefix+name, values...)
	}
	for key, value := range map[string]*bool{"archive": q.Archived, "limited": q.Limited, "isPublic": q.Public} {
		if value != nil {
			v.Set(key, map[bool]string{true: "1", false: "0"}[*value])
		}
	}
	return v
}
