package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/report"
)

// searchOptions are the flags of `bynder search`.
type searchOptions struct {
	portalFlags
	filterFlags
	limit int
	list  assetListing
}

// newSearch returns the command; run is runSearch, or a function of a test.
func newSearch(s Streams, run func(context.Context, *searchOptions) error) *cobra.Command {
	o := searchOptions{}
	o.streams = s
	cmd := &cobra.Command{
		Use:   "search [filters]",
		Short: "List the assets that match filters",
		Long: `List the assets that match all of the filters, or all assets.

Prints a table to a terminal. Otherwise prints lines of six tab-separated
fields: media id, item id (always empty), name, type, size in bytes, modified.
With --json, each line has the whole asset; download reads both, and with JSON
needs no more calls for metadata. --csv prints a spreadsheet.

` + filterHelp + `

One API call lists up to 1,000 assets. A warning is printed if the portal counts
more assets than it lists; your credentials may not have access to the rest.
` + fieldsHelp,
		Example: `  # List images with a tag
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
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.limit < 0 {
				return usagef("--limit is %d, and must not be negative", o.limit)
			}
			if cmd.Flags().Changed("order") {
				var err error
				if o.query.Order, err = parseOrder(o.query.Order); err != nil {
					return err
				}
			}
			if err := o.list.check(cmd.Flags().Changed); err != nil {
				return err
			}
			if err := o.checkFilters(time.Now(), cmd.Flags().Changed); err != nil {
				return err
			}
			return run(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	o.add(f)
	o.addFilters(f)
	f.StringVar(&o.query.Order, "order", "", "`order` of results: dateCreated, dateModified, datePublished or name, with asc or desc: \"dateModified desc\"")
	f.IntVar(&o.limit, "limit", 0, "maximum number of results (0 = no limit)")
	f.BoolVar(&o.list.json, "json", false, "one JSON object per asset")
	o.list.add(f)
	f.BoolVar(&o.list.failEmpty, "fail-empty", false, "exit with status 1 if nothing matches")
	return cmd
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
		o.query.Limit = o.limit
		return o.list.list(ctx, screen, p.client.Assets(o.query), o.limit, o.checkTypes)
	})
}
