package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/spelling"
)

func newProperties(s Streams) *cobra.Command {
	return accountList(s, &cobra.Command{
		Use:   "properties [name]",
		Short: "List the metaproperties of the portal, or the options of one",
		Long: `List the metaproperties of the portal, or the options of the one with a name or
label. Costs one API call; more only if the portal lists metaproperties without
their options.

Prints a table to a terminal. Otherwise prints lines of tab-separated fields.
For metaproperties: name (for --property and --name), label, type, number of
options, id. For options: name, label, the name of the option that it is below,
id. Unknown values are empty.`,
		Example: `  # List the metaproperties
  bynder properties

  # List the options of one
  bynder properties region

  # Count the assets of each option
  bynder properties region | cut -f 1 | while read -r option; do
    echo "$option: $(bynder search --property "region=$option" | wc -l)"
  done`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && spelling.Trim(args[0]) == "" {
				return &usageError{err: errors.New("specify one metaproperty, or none to list them"), hint: "bynder properties [name]"}
			}
			return nil
		},
	}, func(ctx context.Context, p *portal, screen *report.Screen, json bool, args []string) error {
		if len(args) == 1 {
			return listOptions(ctx, p, screen, json, spelling.Trim(args[0]))
		}
		all, err := p.client.Properties(ctx)
		if err == nil {
			p.storeNames("properties", namesOfProperties(all))
		}
		listing := report.NewListing(screen, propertyColumns, json)
		return writeWhole(listing, screen, "metaproperties", all, err, propertyRow)
	})
}

var propertyColumns = []report.Column{
	{Title: "NAME", Width: 40, Least: 16},
	{Title: "LABEL", Width: 40, Least: 16, Drop: 1},
	{Title: "TYPE", Width: 14, Least: 8, Drop: 2},
	{Title: "OPTIONS", Width: 7, Right: true, Drop: 3},
}

func propertyRow(p bynder.Property) report.Row {
	options := strconv.Itoa(len(p.Options))
	if p.Unlisted {
		options = ""
	}
	return report.Row{
		Cells:  []string{p.Name, p.Label, p.Type, options},
		Fields: []string{p.Name, p.Label, p.Type, options, p.ID},
		Object: p,
	}
}

// listOptions lists the options of the metaproperty with a name or label.
func listOptions(ctx context.Context, p *portal, screen *report.Screen, json bool, name string) error {
	account := newAccount(p.client, screen.Say)
	list, err := account.propertyList(ctx)
	if err == nil && list.err != nil {
		err = list.err
	}
	if err != nil {
		return fmt.Errorf("looking for the metaproperty: %w", err)
	}
	key, err := list.find("properties", name)
	if err != nil {
		return err
	}
	listing := report.NewListing(screen, optionColumns, json)
	property := account.byName[key]
	if !property.Unlisted || property.ID == "" {
		return writeWhole(listing, screen, "options", property.Options, nil, optionRow)
	}
	pages, err := p.client.Options(property.ID)
	if err != nil {
		return fmt.Errorf("cannot list the options: %w", err)
	}
	var all []bynder.Option
	for options, each := range pages.Each(ctx) {
		if each != nil {
			all, err = nil, each
			break
		}
		all = append(all, options...)
	}
	return writeWhole(listing, screen, "options", all, err, optionRow)
}

var optionColumns = []report.Column{
	{Title: "NAME", Width: 40, Least: 16},
	{Title: "LABEL", Width: 40, Least: 16, Drop: 1},
	{Title: "BELOW", Width: 30, Least: 12, Drop: 2},
}

func optionRow(o bynder.Option) report.Row {
	label := ""
	if len(o.Labels) > 0 {
		label = o.Labels[0]
	}
	fields := []string{o.Name, label, o.Parent, o.ID}
	return report.Row{Cells: fields[:3], Fields: fields, Object: o}
}
