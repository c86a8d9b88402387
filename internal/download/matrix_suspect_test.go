package download_test

import (
	"context"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sink"
)

// stored is the outcome of a file whose bytes are probably not its own.
var stored = outcome{status: "downloaded, suspect", verified: "md5", fetched: "0.0", folder: theFile}

var suspectRows = []row{
	{what: "an HTML page is stored in its place", faults: "page=html", content: shorter, want: stored},
	{what: "the same, as XHTML", faults: "page=xhtml", content: shorter, want: stored},
	{what: "JSON is stored in its place", faults: "page=json", content: shorter, want: stored},
	{what: "the same, as a problem", faults: "page=problem", content: shorter, want: stored},
	{what: "XML is stored in its place", faults: "page=xml", content: shorter, want: stored},
	{what: "an HTML page as an image, and the portal sent the size", faults: "page=untyped", play: told, content: shorter, want: stored},
	{what: "the same, and no length is sent", faults: "page=untyped no-length", play: told, content: shorter, want: stored},
	{what: "the first 1,000 bytes are stored, and the portal sent the size", faults: "stub=1000", play: told, content: shorter, want: stored},
	{what: "a small image of very many pixels is stored, and the portal sent the size", faults: "image=bomb", play: told, content: shorter, want: stored},
	{what: "slightly fewer bytes are stored than the portal sent as the size", faults: "stub=183000", play: told, content: shorter,
		want: outcome{status: "downloaded", verified: "md5", fetched: "1.0", folder: theFile}},
	{what: "an HTML page, with --strict", faults: "page=html", play: strict, want: refused.failed("integrity")},
	{what: "the first 1,000 bytes, with --strict", faults: "stub=1000", play: strict, want: refused.failed("integrity")},
	{what: "the same, and no length is sent", faults: "stub=1000 no-length", play: strict, want: refused.failed("integrity")},
	{what: "an HTML page, over another file with --if-exists overwrite", faults: "page=html", play: suspectOver, mend: removeInTheWay,
		want: refused.failed("exists").leaves(theFile)},
	{what: "the same, and only its length shows it, at the end", faults: "page=untyped no-length", play: suspectOver, mend: removeInTheWay,
		want: refused.failed("exists").leaves(theFile)},
}

// told gets the file when the portal has told its size.
func told(ctx context.Context, g *rig) (download.Result, error) {
	g.told = g.object().Size
	return g.get(ctx)
}

// strict gets the file with --strict.
func strict(ctx context.Context, g *rig) (download.Result, error) {
	g.strict = true
	r, err := told(ctx, g)
	g.strict = false
	return r, err
}

// suspectOver gets the file with --if-exists overwrite where another one has its name.
func suspectOver(ctx context.Context, g *rig) (download.Result, error) {
	g.told = g.object().Size
	return policy(sink.Overwrite)(ctx, g)
}
