package cli

import (
	"context"
	"errors"
	"iter"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
)

// downloadOptions are what `bynder download` was asked for.
type downloadOptions struct {
	transferFlags
	derivativeFlags
	ids        []string
	additional bool
	version    int
	allItems   bool
}

// newDownload makes the command; run is runDownload, or a test's.
func newDownload(s Streams, run func(context.Context, *downloadOptions) error) *cobra.Command {
	o := downloadOptions{}
	o.streams = s
	cmd := &cobra.Command{
		Use:   "download <mediaId>... | -",
		Short: "Download files of assets: originals, versions, derivatives, all items",
		Long: `Download a file of each asset: the original, or by flag another one.

The path of each file that is there is printed on standard output. A file appears
under its name only when it is whole; what a run leaves behind when it is interrupted
ends in .part, and the next run continues it.

An id is 1 to 128 letters, digits, - and _, or a link to an asset's page in the portal,
which contains mediaId=. Ids that begin with - come after --.

An original costs one API call. Derivatives come from lists: one call for about 190
assets, none if search --json gives the list. --derivative webimage,mini,original takes
the first that an asset has; an original taken this way costs one call more.

--transform takes images of any size, which portals with Dynamic Asset Transformation
make: fill,width:800,height:600. Their names are {stem}-fill-width800-height600.{ext}.
` + metadataHelp + nameHelp,
		Example: `  bynder download D4AC0B41-141B-47D2-98B4FECDA8894CB2
  bynder download -d assets/logos --derivative webimage,mini --from ids.txt
  bynder download --transform fill,width:800,height:600 --format jpg --from ids.txt
  bynder download -o - D4AC0B41-141B-47D2-98B4FECDA8894CB2 | sha256sum
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
	f.BoolVar(&o.additional, "additional", false, "the newest additional file")
	f.IntVar(&o.version, "version", 0, "the original of version `N`")
	f.BoolVar(&o.allItems, "all-items", false, "all media items: original, web and additional ones")
	return cmd
}

// check refuses what cannot be meant, before any call.
func (o *downloadOptions) check(given func(flag string) bool) error {
	versionGiven, chosen := given("version"), 0
	for _, chooses := range []bool{len(o.derivative) > 0, o.additional, versionGiven, o.allItems, len(o.transform) > 0} {
		if chooses {
			chosen++
		}
	}
	switch {
	case len(o.ids) == 0 && len(o.from)+len(o.from0) == 0:
		return &usageError{err: errors.New("no media id was given"), hint: "bynder download <mediaId>"}
	case chosen > 1:
		return usagef("--derivative, --additional, --version, --all-items and --transform exclude each other")
	case versionGiven && o.version < 1:
		return usagef("--version is %d, and versions begin with 1", o.version)
	}
	if err := o.checkDerivatives(given); err != nil {
		return err
	}
	if _, err := readIDs(o.ids, mediaIDOf("")); err != nil {
		return err
	}
	return o.transferFlags.check(o.single())
}

// single tells that one file is asked for.
func (o *downloadOptions) single() bool {
	return len(o.ids) == 1 && o.ids[0] != "-" && len(o.from)+len(o.from0) == 0 && !o.allItems && len(o.variants()) < 2
}

func runDownload(ctx context.Context, o *downloadOptions) error { return o.run(ctx, o.request()) }

// request is what the run is asked for.
func (o *downloadOptions) request() request {
	return request{
		ids: o.ids, named: func(id string) input.Entry { return input.Entry{MediaID: id} },
		choose: o.choose, callEach: len(o.variants()) == 0, single: o.single(),
		expands: o.allItems || len(o.variants()) > 1, steps: o.steps,
	}
}

// chosen is the file that the flags choose of every asset, the first of several.
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

// choose says which file a line means: an item where it names one, else what the flags
// say.
func (o *downloadOptions) choose(e input.Entry) (bynder.Selector, error) {
	chosen := o.chosen()
	if e.ItemID == "" {
		return chosen, nil
	}
	item := bynder.Selector{Kind: bynder.Item, ItemID: e.ItemID}
	if o.allItems || chosen != (bynder.Selector{}) {
		return item, errors.New("the line names an item, and a flag another file")
	}
	return item, nil
}

// steps returns what makes jobs of media items, or adds the metadata that flags and template need.
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
	} else if o.wantsMetadata() {
		steps.Complete = o.withOptionalMetadata
	}
	return steps
}
