package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
)

// fetchItemOptions are the flags and arguments of `bynder fetch-item`.
type fetchItemOptions struct {
	transferFlags
	mediaID    string
	items      []string
	derivative []string
	hashed     bool

	derivatives []string // set by check
}

// newFetchItem returns the command; run is runFetchItem, or a function of a test.
func newFetchItem(s Streams, run func(context.Context, *fetchItemOptions) error) *cobra.Command {
	o := fetchItemOptions{}
	o.streams = s
	cmd := &cobra.Command{
		Use:   "fetch-item <mediaId> <itemId>... | -",
		Short: "Download media items by their ids",
		Long: "Download media items of an asset by their ids, as `bynder items` lists them.\n\n" +
			`With - or --from, a line of one column is an item id of the asset given as
<mediaId>. If lines have two columns, media id and item id, omit <mediaId>.

An item costs one API call. With --derivative, each asset costs one.
` + metadataHelp + nameHelp,
		Example: `  # Download one media item of an asset
  bynder fetch-item \
    D4AC0B41-141B-47D2-98B4FECDA8894CB2 1364B483-A8C2-41FA-8FEBB8A797696990

  # Download all web items of an asset
  bynder items --type web D4AC0B41-141B-47D2-98B4FECDA8894CB2 |
    bynder fetch-item -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && args[0] != "-" {
				o.mediaID, o.items = args[0], args[1:]
			} else {
				o.items = args
			}
			if err := o.check(); err != nil {
				return err
			}
			return run(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	o.add(f)
	f.StringArrayVar(&o.derivative, "derivative", nil, "download the item's derivative `NAME`, or the first that it has of A,B,original (repeatable)")
	f.BoolVar(&o.hashed, "hash", false, "treat item ids as hashed ids")
	return cmd
}

// check rejects invalid flags and arguments before any call.
func (o *fetchItemOptions) check() error {
	listed := len(o.from)+len(o.from0) > 0
	switch {
	case len(o.items) == 0 && !listed:
		return &usageError{err: errors.New("no item id given"), hint: "bynder fetch-item <mediaId> <itemId>; `bynder items <mediaId>` lists them"}
	case o.hashed && len(o.derivative) > 0:
		return usagef("--hash and --derivative exclude each other: metadata has no hashed ids")
	}
	var err error
	if o.derivatives, err = parseDerivatives(o.derivative); err != nil {
		return err
	}
	if o.mediaID != "" {
		if _, err := readIDs([]string{o.mediaID}, mediaIDOf("")); err != nil {
			return err
		}
	}
	if _, err := readIDs(o.items, bynder.ReadID); err != nil {
		return err
	}
	return o.transferFlags.check(o.single())
}

// single reports whether one file is requested.
func (o *fetchItemOptions) single() bool {
	return len(o.items) == 1 && o.items[0] != "-" && len(o.from)+len(o.from0) == 0 && len(o.derivatives) < 2
}

func runFetchItem(ctx context.Context, o *fetchItemOptions) error {
	return o.run(ctx, request{
		ids: o.items, named: func(id string) input.Entry { return input.Entry{ItemID: id} },
		format: input.Format{ItemColumn: true, AssetNamed: o.mediaID != ""}, mediaID: o.mediaID,
		choose: o.choose, callEach: len(o.derivatives) == 0, single: o.single(), expands: len(o.derivatives) > 1, steps: o.steps,
	})
}

// steps returns the functions that add the metadata that flags and template need.
func (o *fetchItemOptions) steps(expanded func(download.Job, int)) download.Steps {
	var steps download.Steps
	if len(o.derivatives) > 1 {
		steps.Expand = download.EachName(o.derivatives, expanded)
	}
	switch {
	case needMetadata(o.derivatives):
		steps.Complete = download.WithItems
	case o.template.NeedsMetadata():
		steps.Complete = o.withMetadata
	case o.wantsMetadata():
		steps.Complete = o.withOptionalMetadata
	}
	return steps
}

// choose returns the file of a line.
func (o *fetchItemOptions) choose(e input.Entry) (bynder.Selector, error) {
	switch {
	case e.ItemID == "":
		return bynder.Selector{}, errors.New("no item id")
	case e.MediaID == "":
		return bynder.Selector{}, errors.New("an item id without a media id")
	case len(o.derivatives) > 0:
		return bynder.Selector{Kind: bynder.Derivative, ItemID: e.ItemID, Name: o.derivatives[0]}, nil
	default:
		return bynder.Selector{Kind: bynder.Item, ItemID: e.ItemID, Hashed: o.hashed}, nil
	}
}
