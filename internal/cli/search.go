package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/report"
)

// searchOptions are the flags of `bynder search`.
type searchOptions struct {
	portalFlags
	filterFlags
	limit      int
	limitGiven bool
	list       assetListing
}

// tableLimit is the number of assets in a table without --limit.
const tableLimit = 50

// newSearch returns the command; run is runSearch, or a function of a test.
func newSearch(s Streams, run func(context.Context, *searchOptions) error) *cobra.Command {
	o := searchOptions{}
	o.streams = s
	cmd := &cobra.Command{
		Use:   "search [words]... [filters]",
		Short: "List the assets that match words and filters",
		Long: `List the assets that match all words and filters, or all assets. Words are
searched for in name, description and metadata, as with --keyword.

Prints a table of the first 50 assets to a terminal (--limit changes that), and
how many more match. Otherwise prints all assets, as lines of six tab-separated
fields: media id, item id (always empty), name, type, size in bytes, modified.
With --json, each line has the whole asset; download reads both, and with JSON
needs no more calls for metadata. --csv prints a spreadsheet.

` + filterHelp + `

One API call lists up to 1,000 assets. A warning is printed if the portal counts
more assets than it lists; your credentials may not have access to the rest.
` + fieldsHelp,
		Example: `  # Find images
  bynder search photo amsterdam --type image

  # List images with a tag
  bynder search --tag logo --type image

  # Download what was modified this week, in place of older files
  set -o pipefail
  bynder search --modified-since 7d |
    bynder download -d new --if-exists overwrite -

  # Download a derivative of each asset of a campaign
  bynder search --property Season=Spring --json |
    bynder download -d spring --derivative webimage -

  # Save a spreadsheet
  bynder search --csv --fields id,name,tags,property_Season`,
		RunE: func(cmd *cobra.Command, words []string) error {
			if err := o.check(words, cmd.Flags().Changed); err != nil {
				return err
			}
			return run(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	o.add(f)
	o.addFilters(f)
	f.StringVar(&o.query.Order, "order", "", "`order` of results: dateCreated, dateModified, datePublished or name, with asc or desc: \"dateModified desc\"")
	f.IntVar(&o.limit, "limit", 0, "maximum number of results (0 = no limit; default for a table: 50)")
	f.BoolVar(&o.list.json, "json", false, "one JSON object per asset")
	o.list.add(f)
	f.BoolVar(&o.list.failEmpty, "fail-empty", false, "exit with status 1 if nothing matches")
	return cmd
}

// check turns words and flags into a query, and rejects invalid ones before any call.
func (o *searchOptions) check(words []string, given func(flag string) bool) error {
	if err := o.setWords(words); err != nil {
		return err
	}
	if o.limitGiven = given("limit"); o.limit < 0 {
		return usagef("--limit is %d, and must not be negative", o.limit)
	}
	if given("order") {
		var err error
		if o.query.Order, err = parseOrder(o.query.Order); err != nil {
			return err
		}
	}
	if err := o.list.check(given); err != nil {
		return err
	}
	return o.checkFilters(time.Now(), given)
}

// setWords takes the words that are arguments as the keyword.
func (o *searchOptions) setWords(words []string) error {
	switch {
	case len(words) == 0:
		return nil
	case o.query.Keyword != "":
		return &usageError{err: fmt.Errorf("the word %s and --keyword exclude each other", quote(words[0])), hint: "give all words as arguments"}
	case slices.ContainsFunc(words, func(word string) bool { return strings.TrimSpace(word) == "" }):
		return usagef("one of the words is empty") // usually a variable that a script did not set
	}
	o.query.Keyword = strings.Join(words, " ")
	return nil
}

func runSearch(ctx context.Context, o *searchOptions) error {
	return o.writeListing(ctx, func(ctx context.Context, p *portal, screen *report.Screen) error {
		names := newAccount(p.client, screen.Say)
		if err := o.resolveFilters(ctx, names); err != nil {
			return err
		}
		if err := o.list.resolve(ctx, names); err != nil {
			return err
		}
		listing, limit := o.list.listing(screen), o.limit
		if listing.IsTable() && !o.limitGiven {
			limit = tableLimit
		}
		o.query.Limit = limit
		by := o.list.listed(limit)
		by.empty = o.checkTypes
		if listing.IsTable() && limit > 0 {
			by.limited = func(n int, counted int64) { screen.Say("%s", limitedText(n, counted)) }
		}
		return listEach(ctx, listing, screen, p.client.Assets(o.query), by)
	})
}

// limitedText returns how many assets of those that match a table shows, and how to see more. A negative number that
// the portal counted is unknown.
func limitedText(n int, counted int64) string {
	shown := "the first " + count(n, "asset")
	if counted >= 0 {
		shown = fmt.Sprintf("%d of %s", n, count(int(counted), "asset"))
	}
	return shown + "; --limit 0 lists all, as does a pipe"
}
