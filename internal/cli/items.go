package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/input"
	"github.com/bynder-cli/bynder/internal/report"
)

// itemsOptions are the flags and arguments of `bynder items`.
type itemsOptions struct {
	portalFlags
	ids    []string
	kinds  []string
	active bool
	json   bool
	csv    bool
	urls   bool
}

// newItems returns the command; run is runItems, or a function of a test.
func newItems(s Streams, run func(context.Context, *itemsOptions) error) *cobra.Command {
	o := itemsOptions{}
	o.streams = s
	cmd := &cobra.Command{
		Use:   "items <mediaId>...",
		Short: "List the media items of an asset: its files",
		Long: `List the media items of each asset, in the portal's order. Each asset costs one
API call.

Prints a table to a terminal, in which * marks the active version. Otherwise
prints lines of ten tab-separated fields: media id, item id, type, version,
active (true or false), size in bytes, width, height, created, file name;
unknown values are empty. --csv prints the same fields below a header. An item
that is malformed or has no id is an error and not a line. In JSON, temporary
URLs are replaced with null unless --urls is given.`,
		Example: `  # List the files of an asset
  bynder items D4AC0B41-141B-47D2-98B4FECDA8894CB2

  # Download the web items of an asset
  bynder items --type web D4AC0B41-141B-47D2-98B4FECDA8894CB2 |
    bynder download -`,
		Args: someMediaIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.ids = args; o.csv && o.json {
				return usagef("--csv and --json exclude each other")
			}
			return run(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	o.add(f)
	f.StringArrayVar(&o.kinds, "type", nil, "only items of this `type`: original, web, additional, … (repeatable)")
	f.BoolVar(&o.active, "active", false, "only active items")
	f.BoolVar(&o.json, "json", false, "one JSON object per item, with mediaId and itemId")
	f.BoolVar(&o.csv, "csv", false, "comma-separated values below a header")
	f.BoolVar(&o.urls, "urls", false, "with --json, include temporary URLs")
	return cmd
}

var itemColumns = []report.Column{
	{Title: "ITEM ID", Width: 36, Least: 35},
	{Title: "TYPE", Width: 10, Drop: 3},
	{Title: "VER", Width: 4, Right: true, Drop: 2},
	{Title: "SIZE", Width: 8, Right: true, Drop: 4},
	{Title: "PIXELS", Width: 11, Least: 9, Right: true, Drop: 5},
	{Title: "CREATED", Width: 10, Drop: 6},
	{Title: "FILE NAME", Width: 60, Least: 12, Drop: 1},
}

func runItems(ctx context.Context, o *itemsOptions) error {
	return o.writeListing(ctx, func(ctx context.Context, p *portal, screen *report.Screen) error {
		ids, err := readIDs(o.ids, p.client.ReadMediaID)
		if err != nil {
			return err
		}
		o.ids = distinct(ids)
		listing := report.NewListing(o.streams.Out, itemColumns, o.json)
		if o.csv {
			listing = report.NewCSV(o.streams.Out, itemHeader)
		}
		items := 0
		result, err := p.eachAsset(ctx, screen, o.ids, func(id string, asset *bynder.Asset) (int, error) {
			n, err := o.print(listing, id, asset)
			items += n
			return n, err
		})
		if err != nil {
			return err
		}
		if items == 0 && result.failed == 0 {
			screen.Say("no such items")
		}
		if err := listing.Header(); err != nil {
			return &stdoutError{err}
		}
		return result.orNil()
	})
}

// eachAsset requests assets, with one call each, and calls print with each; print returns how many lines it has written. The
// error of an asset is printed and does not end the command, unless all others would fail as well.
func (p *portal) eachAsset(ctx context.Context, screen *report.Screen, ids []string, print func(id string, asset *bynder.Asset) (int, error)) (result runError, err error) {
	for _, id := range ids {
		n := 0
		asset, err := p.client.Asset(ctx, id)
		if err == nil {
			n, err = print(id, asset)
		}
		if n > 0 || err == nil {
			result.wanted++
		}
		if err == nil {
			continue
		}
		if _, ok := errors.AsType[*stdoutError](err); ok {
			return result, err
		}
		if ctx.Err() != nil || !goesOn(err) {
			return result, fmt.Errorf("%s: %w", id, err)
		}
		result.wanted++
		result.failed++
		screen.Fail(fmt.Sprintf("%s: %v", id, err), hintOf(err))
	}
	return result, nil
}

// print lists the items of one asset and returns their number. It leaves out items that are malformed or have no id; the
// error is that of the first.
func (o *itemsOptions) print(l *report.Listing, id string, asset *bynder.Asset) (n int, err error) {
	if len(o.ids) > 1 {
		if err := l.Heading(id + "  " + asset.Name); err != nil {
			return 0, &stdoutError{err}
		}
	}
	var first error
	malformed := 0
	for item, err := range asset.Items() {
		if err != nil {
			if malformed++; first == nil {
				first = err
			}
			continue
		}
		if o.active && !item.Active || !o.wants(item.Type) {
			continue
		}
		row := report.Row{Cells: itemCells(&item, asset), Fields: itemFields(&item, id), Object: itemObject{id, &item, o.urls}}
		if err := l.Row(row); err != nil {
			return n, &stdoutError{err}
		}
		n++
	}
	if malformed > 1 {
		return n, fmt.Errorf("%w (and %d more such items)", first, malformed-1)
	}
	return n, first
}

// wants reports whether items of that type are listed.
func (o *itemsOptions) wants(kind string) bool {
	return len(o.kinds) == 0 || slices.ContainsFunc(o.kinds, func(k string) bool { return strings.EqualFold(k, kind) })
}

// itemHeader names itemFields in CSV.
var itemHeader = []string{"mediaId", "itemId", "type", "version", "active", "size", "width", "height", "dateCreated", "fileName"}

// itemFields returns the ten columns that scripts read.
func itemFields(m *bynder.MediaItem, mediaID string) []string {
	fields := []string{mediaID, m.ID, m.Type, "", strconv.FormatBool(m.Active), formatOptional(m.Size), formatOptional(m.Width), formatOptional(m.Height), "", m.FileName}
	if m.HasVersion {
		fields[3] = strconv.FormatInt(m.Version, 10)
	}
	if !m.Created.IsZero() {
		fields[8] = m.Created.Format(time.RFC3339)
	}
	return fields
}

func itemCells(m *bynder.MediaItem, asset *bynder.Asset) []string {
	cells := []string{m.ID, m.Type, "", "", "", "", m.FileName}
	if m.HasVersion {
		cells[2] = strconv.FormatInt(m.Version, 10)
		if m.Version == asset.Version || asset.Version == 0 && m.Active {
			cells[2] += "*"
		}
	}
	if m.Size >= 0 {
		cells[3] = report.Bytes(m.Size)
	}
	if m.Width > 0 && m.Height > 0 {
		cells[4] = fmt.Sprintf("%dx%d", m.Width, m.Height)
	}
	if !m.Created.IsZero() {
		cells[5] = m.Created.Format(time.DateOnly)
	}
	return cells
}

// itemObject is an item with the id of its asset, as JSON.
type itemObject struct {
	mediaID string
	item    *bynder.MediaItem
	urls    bool
}

var _ json.Marshaler = itemObject{}

func (o itemObject) MarshalJSON() ([]byte, error) { return o.item.JSON(o.mediaID, o.urls) }

// goesOn reports whether other calls may succeed after this one failed.
func goesOn(err error) bool {
	api, isAPI := errors.AsType[*bynder.APIError](err)
	_, isProtocol := errors.AsType[*bynder.ProtocolError](err)
	return isProtocol || isAPI && !api.Unauthorized()
}

// distinct returns ids without repeated ones, in their order.
func distinct(ids []string) []string {
	seen := input.NewDistinct()
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !seen.First(id) })
}
