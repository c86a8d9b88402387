package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/report"
)

// searchOptions are what `bynder search` was asked for.
type searchOptions struct {
	portalFlags
	query         bynder.Query
	properties    []string
	createdSince  string
	modifiedSince string
	modifiedUntil string
	archived      bool
	limited       bool
	public        bool
	limit         int
	json          bool
}

// newSearch makes the command; run is runSearch, or a test's.
func newSearch(s Streams, run func(context.Context, *searchOptions) error) *cobra.Command {
	o := searchOptions{}
	o.streams = s
	cmd := &cobra.Command{
		Use:   "search [filters]",
		Short: "List the assets that match",
		Long: `List the assets that match all of the filters, or all assets.

On a terminal as a table. Otherwise as lines of six fields with tabs between them: media
id, item id (always empty), name, type, size in bytes, modified; download reads them.
With --json as NDJSON with the whole asset; download then asks for no metadata again.

Dates are as 2026-01-31, 2026-01-31T12:00:00Z, or a span back from now: 12h, 7d, 4w.
A thousand assets cost one API call, if the portal gives as many in a page. A warning says
if the portal counted more than it listed: these credentials may not see the others.`,
		Example: `  bynder search --tag logo --type image
  set -o pipefail; bynder search --modified-since 7d | bynder download --if-exists overwrite -
  bynder search --property Season=Spring --json | bynder download --derivative webimage -`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(time.Now(), cmd.Flags().Changed); err != nil {
				return err
			}
			return run(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	o.add(f)
	f.StringVar(&o.query.Keyword, "keyword", "", "words in name, description and metadata")
	f.StringSliceVar(&o.query.Types, "type", nil, "image, document, audio, video or 3d (repeatable)")
	f.StringArrayVar(&o.query.Tags, "tag", nil, "a tag (repeatable)")
	f.StringSliceVar(&o.query.Brands, "brand", nil, "a brand's id (repeatable)")
	f.StringVar(&o.query.Collection, "collection", "", "a collection's id")
	f.StringArrayVar(&o.properties, "property", nil, "`NAME=VALUE` of the portal's own metadata (repeatable)")
	f.StringVar(&o.createdSince, "created-since", "", "created at or after this `date`")
	f.StringVar(&o.modifiedSince, "modified-since", "", "modified at or after this `date`")
	f.StringVar(&o.modifiedUntil, "modified-until", "", "modified at or before this `date`")
	f.BoolVar(&o.archived, "archived", false, "only archived assets, or with =false only others")
	f.BoolVar(&o.limited, "limited", false, "only limited assets, or with =false only others")
	f.BoolVar(&o.public, "public", false, "only public assets, or with =false only others")
	f.StringVar(&o.query.Order, "order", "", "order such as \"dateModified desc\" or \"name asc\"")
	f.IntVar(&o.limit, "limit", 0, "list at most so many; 0 is all")
	f.BoolVar(&o.json, "json", false, "one JSON object an asset, whole")
	return cmd
}

// check turns flags into a query, or refuses them.
func (o *searchOptions) check(now time.Time, given func(flag string) bool) error {
	if o.limit < 0 {
		return usagef("--limit is %d, and must not be negative", o.limit)
	}
	for _, d := range []struct {
		flag, text string
		until      bool
		to         *string
	}{
		{"created-since", o.createdSince, false, &o.query.CreatedFrom},
		{"modified-since", o.modifiedSince, false, &o.query.ModifiedFrom},
		{"modified-until", o.modifiedUntil, true, &o.query.ModifiedTo},
	} {
		if !given(d.flag) {
			continue
		}
		date, err := parseDate(d.text, now, d.until)
		if err != nil {
			return usagef("--%s: %w", d.flag, err)
		}
		*d.to = date
	}
	for flag, value := range map[string]**bool{"archived": &o.query.Archived, "limited": &o.query.Limited, "public": &o.query.Public} {
		if given(flag) {
			*value = map[string]*bool{"archived": &o.archived, "limited": &o.limited, "public": &o.public}[flag]
		}
	}
	for _, text := range o.properties {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" || value == "" {
			return usagef("--property: %q is not NAME=VALUE", text)
		}
		if o.query.Properties == nil {
			o.query.Properties = map[string][]string{}
		}
		name = strings.TrimPrefix(name, "property_")
		o.query.Properties[name] = append(o.query.Properties[name], value)
	}
	return nil
}

// parseDate reads a date, a time, or a span back from now, and spells it as the portal
// does: ISO 8601 in UTC. A day is its beginning in the local time zone, or its end where
// something is to last until that day.
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
	if text != "" {
		number, unit := text[:len(text)-1], text[len(text)-1]
		n, err := strconv.Atoi(number)
		if err == nil && n >= 0 && n < 100_000 {
			switch unit {
			case 'h':
				return spell(now.Add(-time.Duration(n) * time.Hour)), nil
			case 'd':
				return spell(now.AddDate(0, 0, -n)), nil
			case 'w':
				return spell(now.AddDate(0, 0, -7*n)), nil
			}
		}
	}
	return "", fmt.Errorf("%q is no date such as 2026-01-31 or 7d", text)
}

func runSearch(ctx context.Context, o *searchOptions) error {
	return o.writeListing(ctx, func(ctx context.Context, p *portal, screen *report.Screen) error {
		listing := report.NewListing(o.streams.Out, assetColumns, o.json)
		o.query.Limit = o.limit
		return listAssets(ctx, listing, screen, p.client.Assets(o.query), o.limit)
	})
}
