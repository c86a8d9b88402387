package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/report"
)

// searchOptions are what `bynder search` was asked for.
type searchOptions struct {
	portalFlags
	filterFlags
	limit int
	list  assetListing
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
With --csv as a spreadsheet.

` + filterHelp + `

A thousand assets cost one API call, if the portal gives as many in a page. A warning says
if the portal counted more than it listed: these credentials may not see the others.
` + fieldsHelp,
		Example: `  bynder search --tag logo --type image
  set -o pipefail; bynder search --modified-since 7d | bynder download --if-exists overwrite -
  bynder search --property Season=Spring --json | bynder download --derivative webimage -
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
	f.StringVar(&o.query.Order, "order", "", "order by dateCreated, dateModified, datePublished or name, as \"dateModified desc\" or \"name asc\"")
	f.IntVar(&o.limit, "limit", 0, "list at most so many; 0 is all")
	f.BoolVar(&o.list.json, "json", false, "one JSON object per asset")
	o.list.add(f)
	f.BoolVar(&o.list.failEmpty, "fail-empty", false, "exit with 1 if nothing matches")
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
		return o.list.list(ctx, o.streams.Out, screen, p.client.Assets(o.query), o.limit, o.checkTypes)
	})
}
