package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
)

// downloadOptions are the flags and arguments of `bynder download`.
type downloadOptions struct {
	transferFlags
	derivativeFlags
	ids        []string
	additional bool
	version    int
	allItems   bool
}

// newDownload returns the command; run is runDownload, or a function of a test.
func newDownload(s Streams, run func(context.Context, *downloadOptions) error) *cobra.Command {
	o := downloadOptions{}
	o.streams = s
	cmd := &cobra.Command{
		Use:   "download <mediaId>... | -",
		Short: "Download originals, versions, derivatives or all files of assets",
		Long: `Download one file per asset: the original, unless a flag selects another.

Prints the path of each completed file to standard output. A file appears under
its name only when it is complete; an interrupted run leaves files that end in
.part, and the next run continues them.

An id is 1 to 128 letters, digits, - and _, or a link to an asset's page in the
portal that contains mediaId=. Write -- before ids that begin with -.

An original costs one API call, with --direct one per 190 public originals, none
for a list from search --json: it is fetched from the URL in the asset's
metadata if the portal publishes one there, and may then lack the metadata that
the portal embeds in downloads. The URLs of derivatives come from lists: one
call per 190 assets, none for a list from search --json. --derivative
webimage,mini,original takes the first that an asset has; an original taken this
way costs one more call.

--transform downloads images of any size, which portals with Dynamic Asset
Transformation make: fill,width:800,height:600 saves a file named
{stem}-fill-width800-height600.{ext}.
` + metadataHelp + nameHelp,
		Example: `  # Download the original of an asset to the current folder
  bynder download D4AC0B41-141B-47D2-98B4FECDA8894CB2

  # Download a list of assets: the derivative webimage, or mini if missing
  bynder download -d assets/logos --derivative webimage,mini --from ids.txt

  # Download JPEGs of 800x600 pixels
  bynder download --transform fill,width:800,height:600 --format jpg \
    --from ids.txt

  # Write an original to standard output
  bynder download -o - D4AC0B41-141B-47D2-98B4FECDA8894CB2 | sha256sum

  # Download all assets with a tag, but keep existing files
  bynder search --tag logo | bynder download --if-exists skip -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.ids = args
			if err := o.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return run(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	o.add(f)
	o.addDerivatives(f)
	f.BoolVar(&o.additional, "additional", false, "download the newest additional file")
	f.IntVar(&o.version, "version", 0, "download the original of version `N`")
	f.BoolVar(&o.direct, "direct", false, "fetch public originals from the URLs in their metadata: one API call per 190 assets")
	f.BoolVar(&o.allItems, "all-items", false, "download all media items: original, web and additional files")
	return cmd
}

// check rejects invalid flags and arguments before any call.
func (o *downloadOptions) check(given func(flag string) bool) error {
	versionGiven, chosen := given("version"), 0
	for _, chooses := range []bool{len(o.derivative) > 0, o.additional, versionGiven, o.allItems, len(o.transform) > 0} {
		if chooses {
			chosen++
		}
	}
	switch {
	case len(o.ids) == 0 && len(o.from)+len(o.from0) == 0:
		return &usageError{err: errors.New("no media id given"), hint: "bynder download <mediaId>"}
	case chosen > 1:
		return usagef("--derivative, --additional, --version, --all-items and --transform exclude each other")
	case chosen > 0 && o.direct:
		return usagef("--direct is for originals, and excludes --derivative, --additional, --version, --all-items and --transform")
	case versionGiven && o.version < 1:
		return usagef("--version is %d, and must be at least 1", o.version)
	}
	if err := o.checkDerivatives(given); err != nil {
		return err
	}
	if _, err := readIDs(o.ids, mediaIDOf("")); err != nil {
		return err
	}
	return o.transferFlags.check(o.single())
}

// single reports whether one file is requested.
func (o *downloadOptions) single() bool {
	return len(o.ids) == 1 && o.ids[0] != "-" && len(o.from)+len(o.from0) == 0 && !o.allItems && len(o.variants()) < 2
}

func runDownload(ctx context.Context, o *downloadOptions) error { return o.run(ctx, o.request()) }

// request returns what the run is to download.
func (o *downloadOptions) request() request {
	return request{
		ids: o.ids, named: func(id string) input.Entry { return input.Entry{MediaID: id} },
		choose: o.choose, callEach: len(o.variants()) == 0 && !o.direct, single: o.single(),
		expands: o.allItems || len(o.variants()) > 1, steps: o.steps,
	}
}

// chosen returns the file that the flags select of every asset, the first of several.
func (o *downloadOptions) chosen() bynder.Selector {
	switch {
	case len(o.derivatives) > 0:
		return bynder.Selector{Kind: bynder.Derivative, Name: o.derivatives[0]}
	case len(o.transforms) > 0:
		return bynder.Selector{Kind: bynder.Transform, Name: o.transforms[0]}
	case o.additional:
		return bynder.Selector{Kind: bynder.Additional}
	case o.version > 0:
		return bynder.Selector{Kind: bynder.Version, Version: o.version}
	default:
		return bynder.Selector{}
	}
}

// selectingFlag returns the name of the flag that selects a file other than the original.
func (o *downloadOptions) selectingFlag() string {
	switch {
	case len(o.derivatives) > 0:
		return "derivative"
	case len(o.transforms) > 0:
		return "transform"
	case o.additional:
		return "additional"
	case o.version > 0:
		return "version"
	default:
		return "all-items"
	}
}

// choose returns the file of a line: its item if it has one, else the file that the flags select.
func (o *downloadOptions) choose(e input.Entry) (bynder.Selector, error) {
	chosen := o.chosen()
	if e.ItemID == "" {
		return chosen, nil
	}
	item := bynder.Selector{Kind: bynder.Item, ItemID: e.ItemID}
	if o.allItems || chosen != (bynder.Selector{}) {
		return item, fmt.Errorf("an item id cannot be combined with --%s", o.selectingFlag())
	}
	return item, nil
}

// steps returns the functions that turn assets into jobs for their items, and add the metadata that flags and template need.
func (o *downloadOptions) steps(expanded func(download.Job, int)) download.Steps {
	var known []string
	if o.version > 0 {
		known = append(known, "version")
	}
	var steps download.Steps
	switch {
	case o.allItems:
		steps.Expand = func(ctx context.Context, p download.Portal, jobs iter.Seq[download.Job]) iter.Seq[download.Job] {
			return download.AllItems(ctx, p, jobs, expanded)
		}
		return steps
	case len(o.variants()) > 1:
		steps.Expand = download.EachName(o.variants(), expanded)
	}
	if needMetadata(o.derivatives) || len(o.transforms) > 0 || o.template.NeedsMetadata(known...) {
		steps.Complete = o.withMetadata
	} else if o.wantsMetadata() || o.direct {
		steps.Complete = o.withOptionalMetadata
	}
	return steps
}
