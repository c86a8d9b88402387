package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/spelling"
)

// filterFlags are the flags of every command that selects assets with filters.
type filterFlags struct {
	query         bynder.Query
	properties    []string
	createdSince  string
	modifiedSince string
	modifiedUntil string
	archived      bool
	limited       bool
	public        bool
}

// filterHelp is the part of a command's help that is about its filters.
const filterHelp = `A filter that cannot match is an error: a metaproperty, option, brand or
collection that the portal does not have and, if nothing was found, an unknown
type. Case does not matter. Give brands and collections by name or id, and
metaproperties and options by name or label. Looking them up costs one API call
each for metaproperties, brands and collections.

A date is 2026-01-31, 2026-01-31T12:00:00Z, or a time span before now: 12h, 7d,
4w.`

func (o *filterFlags) addFilters(f *pflag.FlagSet) {
	f.StringVar(&o.query.Keyword, "keyword", "", "`words` in name, description and metadata")
	f.StringSliceVar(&o.query.Types, "type", nil, "asset `type`: image, document, audio, video or 3d (repeatable)")
	f.StringArrayVar(&o.query.Tags, "tag", nil, "with this `tag` (repeatable)")
	f.StringArrayVar(&o.query.Brands, "brand", nil, "of the brand with this `name` or id (repeatable)")
	f.StringVar(&o.query.Collection, "collection", "", "in the collection with this `name` or id")
	f.StringArrayVar(&o.properties, "property", nil, "with this value of a metaproperty, as `NAME=VALUE` (repeatable)")
	f.StringVar(&o.createdSince, "created-since", "", "created at or after this `date`")
	f.StringVar(&o.modifiedSince, "modified-since", "", "modified at or after this `date`")
	f.StringVar(&o.modifiedUntil, "modified-until", "", "modified at or before this `date`")
	f.BoolVar(&o.archived, "archived", false, "only archived assets (--archived=false: only non-archived)")
	f.BoolVar(&o.limited, "limited", false, "only limited assets (--limited=false: only non-limited)")
	f.BoolVar(&o.public, "public", false, "only public assets (--public=false: only non-public)")
}

// checkFilters turns flags into a query, and rejects invalid ones before any call.
func (o *filterFlags) checkFilters(now time.Time, given func(flag string) bool) error {
	if err := o.checkDates(now, given); err != nil {
		return err
	}
	for flag, value := range map[string]**bool{"archived": &o.query.Archived, "limited": &o.query.Limited, "public": &o.query.Public} {
		if given(flag) {
			*value = map[string]*bool{"archived": &o.archived, "limited": &o.limited, "public": &o.public}[flag]
		}
	}
	for i, name := range o.query.Types {
		if known := slices.IndexFunc(assetTypes, func(t string) bool { return strings.EqualFold(t, strings.TrimSpace(name)) }); known >= 0 {
			o.query.Types[i] = assetTypes[known]
		}
	}
	for _, text := range o.properties {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" || value == "" {
			return usagef("--property: %q is not NAME=VALUE", text)
		}
		o.addProperty(strings.TrimPrefix(name, "property_"), value)
	}
	return nil
}

func (o *filterFlags) addProperty(name string, values ...string) {
	if o.query.Properties == nil {
		o.query.Properties = map[string][]string{}
	}
	o.query.Properties[name] = append(o.query.Properties[name], values...)
}

// dateFlag is a flag that takes a date.
type dateFlag struct {
	flag, text string
	until      bool
	to         *string // receives the date as the portal writes it
}

func (o *filterFlags) dateFlags() []dateFlag {
	return []dateFlag{
		{"created-since", o.createdSince, false, &o.query.CreatedFrom},
		{"modified-since", o.modifiedSince, false, &o.query.ModifiedFrom},
		{"modified-until", o.modifiedUntil, true, &o.query.ModifiedTo},
	}
}

// checkDates parses dates, and rejects an empty time span.
func (o *filterFlags) checkDates(now time.Time, given func(flag string) bool) error {
	for _, d := range o.dateFlags() {
		if !given(d.flag) {
			continue
		}
		date, err := parseDate(d.text, now, d.until)
		if err != nil {
			return usagef("--%s: %w", d.flag, err)
		}
		*d.to = date
	}
	if from, to := o.query.ModifiedFrom, o.query.ModifiedTo; from != "" && to != "" && from > to {
		return usagef("--modified-since %s is after --modified-until %s: nothing can match", o.modifiedSince, o.modifiedUntil)
	}
	return nil
}

// parseDate parses a date, a time, or a span before now, and formats it as the portal does: ISO 8601 in UTC. A day stands
// for its first second in the local time zone or, if until is set, for its last.
func parseDate(text string, now time.Time, until bool) (string, error) {
	spell := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
	if day, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		if until {
			day = day.AddDate(0, 0, 1).Add(-time.Second)
		}
		return spell(day), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return spell(t), nil
		}
	}
	if t, ok := parseSpan(text, now); ok {
		return spell(t), nil
	}
	return "", fmt.Errorf("invalid date %q (examples: 2026-01-31, 2026-01-31T12:00:00Z, 12h, 7d, 4w)", text)
}

// parseSpan parses a span before now: a number of hours, days or weeks, such as 12h, 7d and 4w.
func parseSpan(text string, now time.Time) (time.Time, bool) {
	if text == "" {
		return time.Time{}, false
	}
	n, err := strconv.Atoi(text[:len(text)-1])
	if err != nil || n < 0 || n >= 100_000 {
		return time.Time{}, false
	}
	switch text[len(text)-1] {
	case 'h':
		return now.Add(-time.Duration(n) * time.Hour), true
	case 'd':
		return now.AddDate(0, 0, -n), true
	case 'w':
		return now.AddDate(0, 0, -7*n), true
	default:
		return time.Time{}, false
	}
}

// resolveFilters replaces names in the flags with those of the API, and rejects what the portal does not have. It makes no
// call unless a filter needs one.
func (o *filterFlags) resolveFilters(ctx context.Context, names *account) error {
	if len(o.query.Brands) > 0 {
		ids, err := names.brandIDs(ctx, "--brand", o.query.Brands)
		if err != nil {
			return err
		}
		o.query.Brands = ids
	}
	if o.query.Collection != "" {
		id, err := names.collection(ctx, "--collection", o.query.Collection)
		if err != nil {
			return err
		}
		o.query.Collection = id
	}
	o.query.Properties = nil
	for _, text := range o.properties {
		name, value, _ := strings.Cut(text, "=")
		key, options, err := names.filter(ctx, "--property", strings.TrimPrefix(name, "property_"), value)
		if err != nil {
			return err
		}
		o.addProperty(key, options...)
	}
	return nil
}

// orders are the fields by which a list can be ordered.
var orders = []string{"dateCreated", "dateModified", "datePublished", "name"}

// parseOrder parses one of orders with asc or desc, in any case, and returns it as the portal writes it. The default is asc.
func parseOrder(text string) (string, error) {
	words := strings.Fields(text)
	field, direction := -1, ""
	if len(words) > 0 {
		field = slices.IndexFunc(orders, func(name string) bool { return strings.EqualFold(name, words[0]) })
		direction = strings.ToLower(append(words, "asc")[1])
	}
	if field < 0 || len(words) > 2 || direction != "asc" && direction != "desc" {
		return "", &usageError{
			err:  fmt.Errorf("invalid --order %s: must be one of %s, with asc or desc", quote(text), strings.Join(orders, ", ")),
			hint: "write it as \"dateModified desc\"",
		}
	}
	return orders[field] + " " + direction, nil
}

// assetTypes are the documented types. Portals may have more, so an unknown one is rejected only if nothing was found.
var assetTypes = []string{"image", "document", "audio", "video", "3d"}

// checkTypes returns an error for an unknown type, for a search that found nothing.
func (o *filterFlags) checkTypes() error {
	for _, name := range o.query.Types {
		if slices.Contains(assetTypes, name) {
			continue
		}
		err := &usageError{err: fmt.Errorf("--type: nothing matches, and %s is not a documented type; valid types: %s", quote(name),
			strings.Join(spelling.Closest(name, assetTypes, len(assetTypes)), ", "))}
		if near, ok := spelling.Nearest(name, assetTypes); ok {
			err.hint = "did you mean " + quote(near) + "?"
		}
		return err
	}
	return nil
}
