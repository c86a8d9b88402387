package download

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// page is a kind of text with which servers report errors.
type page struct {
	name  string
	types []string // media types, in lower case; "+json" stands for all that end with it
	// extensions are those of files that properly have such a type.
	extensions []string
}

// pages are the kinds of text with which a portal, a proxy or a login page answers in place of a
// file. The types of office documents are not among them.
var pages = []page{
	{"HTML", []string{"text/html", "application/xhtml+xml"}, []string{
		"html", "htm", "shtml", "xhtml", "xht", "mht", "mhtml", "xml",
	}},
	{"JSON", []string{"application/json", "text/json", "application/problem+json", "+json"}, []string{
		"json", "jsonl", "ndjson", "geojson", "topojson", "jsonld", "gltf", "har", "ipynb", "map", "webmanifest",
	}},
	{"XML", []string{"text/xml", "application/xml", "+xml"}, []string{
		"xml", "svg", "svgz", "xhtml", "xht", "html", "htm", "rss", "atom", "rdf", "owl", "kml", "gpx", "tcx", "gml", "osm", "xsl", "xslt", "xsd",
		"wsdl", "xmp", "plist", "dae", "x3d", "amf", "musicxml", "mml", "mathml", "ttml", "dfxp", "smil", "mpd", "ism", "isml", "ismc",
		"f4m", "xspf", "fodt", "fods", "fodp", "fodg", "fb2", "xlf", "xliff", "tmx", "opf", "ncx", "drawio", "xaml", "resx", "idms", "icml",
		"fcpxml",
	}},
}

// suspicion returns why the bytes in storage are probably not the job's file: their type is that of a
// page and does not match the name, or they are fewer than half of what the portal reports and not packed. It is ""
// if there is no reason. size is their number, -1 if it is not known yet. The bytes themselves are
// not examined.
func suspicion(job Job, name string, object transfer.Object, size int64) string {
	mediaType, _, _ := strings.Cut(object.ContentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	if object.Name != "" {
		name = object.Name
	}
	extension := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	for _, p := range pages {
		if !p.is(mediaType) {
			continue
		}
		if job.Selector.Kind == bynder.Transform && !strings.HasPrefix(mediaType, "image/") {
			return fmt.Sprintf("storage sent %s (%s) in place of an image", p.name, mediaType)
		}
		if extension != "" && !slices.Contains(p.extensions, extension) {
			return fmt.Sprintf("storage sent %s (%s) as %s", p.name, mediaType, path.Base(name))
		}
		break
	}
	if reported := reportedSize(job); size >= 0 && size < reported/2 && object.Kept == "" {
		return fmt.Sprintf("storage has %d bytes, and the portal reports %d", size, reported)
	}
	return ""
}

func (p page) is(mediaType string) bool {
	return slices.ContainsFunc(p.types, func(t string) bool {
		return mediaType == t || t[0] == '+' && strings.HasSuffix(mediaType, t)
	})
}

// reportedSize returns the size in bytes that the portal reports for the job's file; 0 if it reports none.
// The download may be larger, because portals write metadata into it.
func reportedSize(job Job) int64 {
	kind := job.Selector.Kind
	if kind == bynder.Derivative && job.Selector.ItemID == "" && job.Chosen == bynder.OriginalChoice {
		kind = bynder.Original
	}
	switch kind {
	case bynder.Original:
		if job.Asset != nil && job.Asset.Size > 0 {
			return job.Asset.Size
		}
		return job.Size
	case bynder.Item:
		return job.Size // from the input, or from WithItems or AllItems
	default:
		return 0
	}
}

// errSuspect returns the error of a suspect file with Options.Strict, or of one that came so.
func errSuspect(why string, via Via) error {
	advice := "look at the asset in the portal; without --strict such a file is kept, with a warning"
	if via == ViaDirect { // and its bytes were written to a stream
		advice = "discard the output and run the command again without --direct"
	}
	return &Error{Code: CodeIntegrity, Err: fmt.Errorf("suspect file: %s", why), Advice: advice}
}
