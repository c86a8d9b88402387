package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/spelling"
)

// collectionsOptions are the flags of `bynder collections`.
type collectionsOptions struct {
	portalFlags
	keyword string
	limit   int
	list    assetListing
}

func newCollections(s Streams) *cobra.Command {
	o := collectionsOptions{}
	o.streams = s
	list := func(cmd *cobra.Command, _ []string) error { return listCollections(cmd.Context(), &o) }
	cmd := &cobra.Command{
		Use:   "collections [list | show <id or name>]",
		Short: "List collections, or the assets of one",
		Long: `List the collections, or the assets of one, without deleted ones.

Prints a table to a terminal. Otherwise prints lines of tab-separated fields:
a collection's id, name, number of assets and creation date; for assets, the
fields that search prints.`,
		Example: `  # List the collections
  bynder collections

  # Download the assets of a collection
  bynder collections show "Spring campaign" | bynder download -d spring -`,
		Args: noArgs,
		RunE: list,
	}
	lists := &cobra.Command{
		Use: "list", Short: "List the collections", Args: noArgs, RunE: list,
		Example: `  # List the collections that have a word in their name or description
  bynder collections list --keyword spring`,
	}
	show := &cobra.Command{
		Use:   "show <id or name>",
		Short: "List the assets of a collection",
		Long: `List the assets of a collection, without deleted ones, as search does.
` + fieldsHelp,
		Example: `  # List the assets of a collection
  bynder collections show "Spring campaign"

  # List two fields of each asset as CSV
  bynder collections show "Spring campaign" --csv --fields name,fileSize`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || spelling.Trim(args[0]) == "" {
				return &usageError{err: errors.New("specify one collection"), hint: "bynder collections show <id or name>"}
			}
			if !bynder.LooksLikeID(spelling.Visible(args[0])) {
				return nil // it is a name, and may contain anything
			}
			_, err := readIDs(args, bynder.ReadID)
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.list.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return showCollection(cmd.Context(), &o, spelling.Trim(args[0]))
		},
	}
	o.add(cmd.PersistentFlags())
	cmd.PersistentFlags().BoolVar(&o.list.json, "json", false, "one JSON object per line")
	for _, each := range []*cobra.Command{cmd, lists} {
		each.Flags().StringVar(&o.keyword, "keyword", "", "`words` in name and description")
	}
	o.list.add(show.Flags())
	show.Flags().IntVar(&o.limit, "limit", 0, "maximum number of results (0 = no limit)")
	cmd.AddCommand(lists, show)
	return cmd
}

var collectionColumns = []report.Column{
	{Title: "ID", Width: 36, Least: 35},
	{Title: "NAME", Width: 60, Least: 20, Drop: 1},
	{Title: "ASSETS", Width: 8, Right: true, Drop: 2},
	{Title: "CREATED", Width: 10, Drop: 3},
}

func listCollections(ctx context.Context, o *collectionsOptions) error {
	return o.writeListing(ctx, func(ctx context.Context, p *portal, screen *report.Screen) error {
		listing := report.NewListing(screen, collectionColumns, o.list.json)
		var names []string
		err := listEach(ctx, listing, screen, p.client.Collections(o.keyword), listed[*bynder.Collection]{
			noun: "collection", nothing: "no collections",
			row: func(c *bynder.Collection) report.Row {
				names = append(names, c.Name)
				return collectionRow(c)
			},
		})
		if err == nil && o.keyword == "" {
			p.storeNames("collections", names)
		}
		return err
	})
}

// collectionRow returns a collection as a row of a listing.
func collectionRow(c *bynder.Collection) report.Row {
	return report.Row{
		Cells:  []string{c.ID, c.Name, formatOptional(c.Count), dayOf(c.Created)},
		Fields: []string{c.ID, c.Name, formatOptional(c.Count), c.Created},
		Object: c,
	}
}

func showCollection(ctx context.Context, o *collectionsOptions, name string) error {
	return o.writeListing(ctx, func(ctx context.Context, p *portal, screen *report.Screen) error {
		id, err := findCollection(ctx, p.client, name)
		if err != nil {
			return err
		}
		if err := o.list.resolve(ctx, newAccount(p.client, screen.Say)); err != nil {
			return err
		}
		return listEach(ctx, o.list.listing(screen), screen, p.client.Assets(bynder.Query{Collection: id}), o.list.listed(o.limit))
	})
}

// findCollection returns the id of the collection with that id or, if there is none, that name. If several have the name,
// the error lists their ids.
func findCollection(ctx context.Context, client *bynder.Client, name string) (string, error) {
	list, err := newAccount(client, nil).collections(ctx, name)
	if err != nil {
		return "", fmt.Errorf("looking for the collection: %w", err)
	}
	id, err := list.find("collections show", name)
	if list.err != nil && err != nil {
		return "", fmt.Errorf("looking for the collection: %w", err)
	}
	return id, err
}
