package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/report"
)

// accountListOptions are the flags of the commands that print a list of the account.
type accountListOptions struct {
	portalFlags
	json bool
}

// accountList completes a command that prints a list of the account: write is called with the arguments.
func accountList(s Streams, cmd *cobra.Command, write func(context.Context, *portal, *report.Screen, bool, []string) error) *cobra.Command {
	o := accountListOptions{}
	o.streams = s
	if cmd.Args == nil {
		cmd.Args = noArgs
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return o.writeListing(cmd.Context(), func(ctx context.Context, p *portal, screen *report.Screen) error {
			return write(ctx, p, screen, o.json, args)
		})
	}
	o.add(cmd.Flags())
	cmd.Flags().BoolVar(&o.json, "json", false, "one JSON object per line, with the portal's own fields")
	return cmd
}

// writeWhole writes a list that was read as a whole. noun is for its entries.
func writeWhole[T any](l *report.Listing, screen *report.Screen, noun string, all []T, err error, row func(T) report.Row) error {
	if err != nil {
		return fmt.Errorf("cannot list the %s: %w", noun, err)
	}
	if len(all) == 0 {
		screen.Say("no %s", noun)
	}
	for _, entry := range all {
		if err := l.Row(row(entry)); err != nil {
			return &stdoutError{err}
		}
	}
	return nil
}

func newDerivatives(s Streams) *cobra.Command {
	return accountList(s, &cobra.Command{
		Use:   "derivatives",
		Short: "List the derivatives of the account",
		Long: `List the derivatives that the portal makes of originals. Not every asset has
each: videos have others than images. Costs one API call.

Prints a table to a terminal. Otherwise prints lines of tab-separated fields:
name (for --derivative), extension, width and height in pixels, made on the fly
(true or false), public (true or false), id. Unknown values are empty.`,
		Example: `  # List the derivatives
  bynder derivatives

  # List the names of those that are public
  bynder derivatives | awk -F '\t' '$6 == "true" { print $1 }'`,
	}, func(ctx context.Context, p *portal, screen *report.Screen, json bool, _ []string) error {
		all, err := p.client.Derivatives(ctx)
		if err == nil {
			p.storeNames("derivatives", namesOfDerivatives(all))
		}
		return writeWhole(report.NewListing(screen, derivativeColumns, json), screen, "derivatives", all, err, derivativeRow)
	})
}

var derivativeColumns = []report.Column{
	{Title: "NAME", Width: 36, Least: 12},
	{Title: "EXTENSION", Width: 10, Drop: 1},
	{Title: "WIDTH", Width: 6, Right: true, Drop: 2},
	{Title: "HEIGHT", Width: 6, Right: true, Drop: 3},
	{Title: "ON THE FLY", Width: 10, Drop: 5},
	{Title: "PUBLIC", Width: 6, Drop: 4},
}

func derivativeRow(d bynder.AccountDerivative) report.Row {
	yes := map[bool]string{true: "yes"}
	width, height := formatOptional(d.Width), formatOptional(d.Height)
	return report.Row{
		Cells:  []string{d.Name, d.Extension, width, height, yes[d.OnTheFly], yes[d.Public]},
		Fields: []string{d.Name, d.Extension, width, height, strconv.FormatBool(d.OnTheFly), strconv.FormatBool(d.Public), d.ID},
		Object: d,
	}
}

func newTags(s Streams) *cobra.Command {
	return accountList(s, &cobra.Command{
		Use:   "tags",
		Short: "List the tags of the portal",
		Long: `List the tags of the portal. Costs one API call per 1,000 tags, and one or two
more to find the end of the list.

Prints a table to a terminal. Otherwise prints lines of tab-separated fields:
tag, number of assets, id. Unknown values are empty.`,
		Example: `  # List the tags
  bynder tags

  # List the ten tags that most assets have
  bynder tags | sort -t "$(printf '\t')" -k 2,2nr | head`,
	}, func(ctx context.Context, p *portal, screen *report.Screen, json bool, _ []string) error {
		var names []string
		err := listEach(ctx, report.NewListing(screen, tagColumns, json), screen, p.client.Tags(), listed[bynder.Tag]{
			noun: "tag", nothing: "no tags",
			row: func(t bynder.Tag) report.Row {
				names = append(names, t.Name)
				return tagRow(t)
			},
		})
		if err == nil {
			p.storeNames("tags", names)
		}
		return err
	})
}

var tagColumns = []report.Column{
	{Title: "TAG", Width: 60, Least: 20},
	{Title: "ASSETS", Width: 8, Right: true, Drop: 1},
}

func tagRow(t bynder.Tag) report.Row {
	assets := formatOptional(t.Assets)
	return report.Row{Cells: []string{t.Name, assets}, Fields: []string{t.Name, assets, t.ID}, Object: t}
}

func newBrands(s Streams) *cobra.Command {
	return accountList(s, &cobra.Command{
		Use:   "brands",
		Short: "List the brands of the portal",
		Long: `List the brands of the portal. Costs one API call.

Prints a table to a terminal. Otherwise prints lines of tab-separated fields:
id, name, description. Unknown values are empty.`,
		Example: `  # List the brands
  bynder brands

  # Count the assets of each brand
  bynder brands | cut -f 1 | while read -r brand; do
    echo "$brand: $(bynder search --brand "$brand" | wc -l)"
  done`,
	}, func(ctx context.Context, p *portal, screen *report.Screen, json bool, _ []string) error {
		all, err := p.client.Brands(ctx)
		if err == nil {
			p.storeNames("brands", namesOfBrands(all))
		}
		return writeWhole(report.NewListing(screen, brandColumns, json), screen, "brands", all, err, brandRow)
	})
}

var brandColumns = []report.Column{
	{Title: "ID", Width: 36, Least: 35},
	{Title: "NAME", Width: 40, Least: 16, Drop: 1},
	{Title: "DESCRIPTION", Width: 60, Least: 16, Drop: 2},
}

func brandRow(b bynder.Brand) report.Row {
	fields := []string{b.ID, b.Name, b.Description}
	return report.Row{Cells: fields, Fields: fields, Object: b}
}
