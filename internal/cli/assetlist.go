package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/report"
)

// assetListing says how assets are listed.
type assetListing struct {
	json, csv, urls bool
	failEmpty       bool // no asset is an error
	fields          []string

	names []string // fields as check reads them; nil without --fields
}

const fieldsHelp = `
--fields selects the fields of --csv, --json and tab-separated lines. Their
names are those of the API: id, name, fileSize, tags, property_Season (costs one
more call), ... Several values are joined by commas. In CSV, a cell that a
spreadsheet could take for a formula starts with an apostrophe.

Temporary URLs are left out unless --urls is given: null in JSON, an empty cell
elsewhere. Without them, downloading such a derivative from the list costs one
API call per 190 assets. URLs without a query, or with sizes, formats and
versions only, are not temporary and always written.`

// csvFields are the columns of CSV without --fields.
var csvFields = []string{"id", "name", "type", "extension", "fileSize", "width", "height", "dateCreated", "dateModified", "tags"}

// add adds all flags but --json, whose help depends on the command.
func (o *assetListing) add(f *pflag.FlagSet) {
	f.BoolVar(&o.csv, "csv", false, "comma-separated values below a header")
	f.StringSliceVar(&o.fields, "fields", nil, "print only these `fields`, separated by commas")
	f.BoolVar(&o.urls, "urls", false, "include temporary URLs")
}

// check rejects invalid flags before any call.
func (o *assetListing) check(given func(flag string) bool) error {
	if o.csv && o.json {
		return usagef("--csv and --json exclude each other")
	}
	if !given("fields") {
		return nil
	}
	valid := "valid fields: " + strings.Join(bynder.AssetFields(), ", ")
	for _, text := range o.fields {
		name, ok := bynder.AssetField(strings.TrimSpace(text))
		if !ok {
			return &usageError{err: fmt.Errorf("--fields: unknown field %q", text), hint: valid}
		}
		if !slices.Contains(o.names, name) {
			o.names = append(o.names, name)
		}
	}
	if len(o.names) == 0 {
		return &usageError{err: errors.New("--fields is empty"), hint: valid}
	}
	return nil
}

// resolve finds the portal's own fields among those that are named, with one call if there are any.
func (o *assetListing) resolve(ctx context.Context, portal *account) error {
	for i, name := range o.names {
		property, ok := strings.CutPrefix(name, "property_")
		if !ok {
			continue
		}
		known, err := portal.property(ctx, "--fields", property)
		if err != nil {
			return err
		}
		o.names[i] = "property_" + known
	}
	return nil
}

var assetColumns = []report.Column{
	{Title: "MEDIA ID", Width: 36, Least: 35},
	{Title: "NAME", Width: 60, Least: 20, Drop: 1},
	{Title: "TYPE", Width: 8, Drop: 2},
	{Title: "SIZE", Width: 8, Right: true, Drop: 3},
	{Title: "MODIFIED", Width: 10, Drop: 4},
}

// columns returns the columns of the table.
func (o *assetListing) columns() []report.Column {
	if o.names == nil {
		return assetColumns
	}
	columns := make([]report.Column, len(o.names))
	for i, name := range o.names {
		columns[i] = report.Column{Title: strings.ToUpper(name), Width: 40, Least: 12, Drop: i}
		if name == "id" {
			columns[i].Width, columns[i].Least = 36, 35
		}
	}
	return columns
}

func (o *assetListing) listing(out io.Writer) *report.Listing {
	if !o.csv {
		return report.NewListing(out, o.columns(), o.json)
	}
	if o.names == nil {
		o.names = csvFields
	}
	return report.NewCSV(out, o.names)
}

// row returns an asset in all forms of a listing.
func (o *assetListing) row(a *bynder.Asset) report.Row {
	object := assetObject{a, o}
	if o.names != nil {
		if o.json {
			return report.Row{Object: object}
		}
		texts := a.Texts(o.names, o.urls)
		return report.Row{Cells: texts, Fields: texts}
	}
	size := ""
	if a.Size >= 0 {
		size = report.Bytes(a.Size)
	}
	return report.Row{
		Cells:  []string{a.ID, a.Name, a.Type, size, dayOf(a.Modified)},
		Fields: []string{a.ID, "", a.Name, a.Type, formatOptional(a.Size), a.Modified},
		Object: object,
	}
}

// assetObject is an asset as JSON.
type assetObject struct {
	asset *bynder.Asset
	as    *assetListing
}

var _ json.Marshaler = assetObject{}

func (o assetObject) MarshalJSON() ([]byte, error) { return o.asset.JSON(o.as.names, o.as.urls) }

// listed describes how at most limit assets are listed (0 = no limit).
func (o *assetListing) listed(limit int) listed[*bynder.Asset] {
	return listed[*bynder.Asset]{noun: "asset", nothing: "nothing matches", limit: limit, fail: o.failEmpty, row: o.row}
}
