package cli

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/terminal"
)

// showOptions are the flags and arguments of `bynder show`.
type showOptions struct {
	portalFlags
	ids        []string
	image      string
	imageGiven bool
	json, urls bool

	pictures terminal.Pictures // set by check
}

// newShow returns the command; run is runShow, or a function of a test.
func newShow(s Streams, run func(context.Context, *showOptions) error) *cobra.Command {
	o := showOptions{}
	o.streams = s
	cmd := &cobra.Command{
		Use:   "show <mediaId>...",
		Short: "Show everything about an asset, with a picture",
		Long: `Show what the portal says about each asset: name, description, type, size,
dates, tags, brand, metaproperties with their labels, versions, media items,
derivatives, flags, and the address of its page. Prints lines of a key, a colon
and a value; unknown and empty values are left out. With --json, each line has
the whole asset with its media items.

A terminal also shows a picture, and so does the preview window of fzf: the
smallest of the derivatives mini, thul and webimage that fills the space. auto
shows it with kitty's graphics protocol in kitty, Ghostty and WezTerm, and in
other terminals as half blocks, in 24-bit color if COLORTERM is truecolor; it
shows none if NO_COLOR is set or TERM is dumb. If a picture cannot be shown,
-v says why. --image kitty and --image blocks also apply to pipes and files.

An asset costs one API call, and its picture one request to storage. Labels and
the name of the brand cost one call each per run.`,
		Example: `  # Show an asset
  bynder show D4AC0B41-141B-47D2-98B4FECDA8894CB2

  # Print all fields and the media items as JSON
  bynder show --json D4AC0B41-141B-47D2-98B4FECDA8894CB2`,
		Args: someMediaIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.ids, o.imageGiven = args, cmd.Flags().Changed("image")
			if err := o.check(); err != nil {
				return err
			}
			return run(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	o.add(f)
	addImageFlag(f, &o.image)
	f.BoolVar(&o.json, "json", false, "one JSON object per asset, with its mediaItems")
	f.BoolVar(&o.urls, "urls", false, "with --json, include temporary URLs")
	return cmd
}

// check rejects invalid flags before any call.
func (o *showOptions) check() (err error) {
	if o.pictures, err = terminal.ParsePictures(o.image); err != nil {
		return usagef("--image: %w", err)
	}
	return o.portalFlags.check()
}

func runShow(ctx context.Context, o *showOptions) error {
	return o.writeListing(ctx, func(ctx context.Context, p *portal, screen *report.Screen) error {
		ids, err := readIDs(o.ids, p.client.ReadMediaID)
		if err != nil {
			return err
		}
		s := showing{showOptions: o, portal: p, screen: screen, account: newAccount(p.client, screen.Say)}
		s.page = terminal.NewPage(o.streams.Out, o.streams.Getenv)
		s.canvas, s.hasCanvas = terminal.NewCanvas(s.page, o.pictures, o.imageGiven, o.streams.Getenv)
		result, err := p.eachAsset(ctx, screen, distinct(ids), func(_ string, asset *bynder.Asset) (int, error) {
			return s.show(ctx, asset)
		})
		if err != nil {
			return err
		}
		return result.orNil()
	})
}

// showing is one run of the command.
type showing struct {
	*showOptions
	portal    *portal
	screen    *report.Screen
	account   *account
	page      terminal.Page
	canvas    terminal.Canvas
	hasCanvas bool
	shown     int
}

// show writes one asset, and returns 1 if it did. The error is that of its first malformed item, or that of a call.
func (s *showing) show(ctx context.Context, asset *bynder.Asset) (n int, err error) {
	items, malformed := readItems(asset)
	if s.json {
		line, err := report.JSONLine(wholeAsset{asset, s.urls})
		if err == nil {
			err = s.write(line)
		}
		if err != nil {
			return 0, err
		}
		return 1, malformed
	}
	if s.shown++; s.shown > 1 {
		if err := s.write([]byte("\n")); err != nil {
			return 0, err
		}
	}
	if s.hasCanvas { // first, because names and labels take further calls
		if err := s.write(s.picture(ctx, asset)); err != nil {
			return 0, err
		}
	}
	details, err := s.details(ctx, asset, items)
	if err != nil {
		return 0, err
	}
	if err := s.write(report.Details(details, s.page.Columns)); err != nil {
		return 0, err
	}
	return 1, malformed
}

// write writes to standard output.
func (s *showing) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	_, err := s.screen.Write(text)
	return written(err)
}

// wholeAsset is an asset with its media items, as JSON.
type wholeAsset struct {
	asset *bynder.Asset
	urls  bool
}

var _ json.Marshaler = wholeAsset{}

func (w wholeAsset) MarshalJSON() ([]byte, error) { return w.asset.JSONWithItems(w.urls) }
