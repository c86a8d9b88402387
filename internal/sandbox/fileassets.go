package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fileAsset is an asset as a catalogue file has it: a JSON object whose keys are those of assetKeys.
type fileAsset struct {
	asset
	trash       bool
	collections []string // names
}

// rights are what the caller may do with an asset.
type rights string

const (
	rightsDownload rights = "download"
	rightsView     rights = "view" // 403 in place of a location
	rightsNone     rights = "none" // in no list, and 403
)

// listing is which lists show an asset.
type listing string

const (
	inAllLists listing = "all"
	inListByID listing = "by-id" // a page leaves it out, unless it is asked for by its id
	inNoList   listing = "none"
	// Lists with filters, or all lists, count it and leave it out.
	inListWithoutFilters listing = "unfiltered"
	onlyCounted          listing = "counted"
)

// lackable are what an asset of a catalogue file may lack, besides derivatives.
var lackable = []string{
	"id", "name", "type", "extension", "activeVersion", "fileSize", "dateCreated", "dateModified", "tags", "brandId", "thumbnails",
	"transformBaseUrl",
}

// Bounds of the numbers in a catalogue file.
const (
	maxVersion  = 1000
	maxFileSize = 1 << 40 // bytes
)

var (
	assetID   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`) })
	extension = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]{1,10}$`) })
)

// usualExtensions are the types of assets with the extension of a file of that type.
var usualExtensions = map[string]string{"image": "jpg", "document": "pdf", "audio": "mp3", "video": "mp4", "3d": "glb"}

// assetKeys are the keys of an asset: what their values must be, and what reads them.
var assetKeys = map[string]struct {
	wants string
	read  func(*fileAsset, []byte) bool
}{
	"id": {"1 to 100 letters, digits, - and _", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.id, assetID().MatchString)
	}},
	"name": {"a text that is not empty", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.name, notEmpty)
	}},
	"description": {"a text", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.description, nil)
	}},
	"copyright": {"a text", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.copyright, nil)
	}},
	"type": {"image, document, audio, video or 3d", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.kind, func(kind string) bool { return usualExtensions[kind] != "" })
	}},
	"extension": {"1 to 10 letters and digits", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.ext, extension().MatchString)
	}},
	"version": {"a number from 1 to 1000", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.versions, func(n int) bool { return n >= 1 && n <= maxVersion })
	}},
	"size": {"a number of bytes, at most 1 TiB", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.size, func(n int64) bool { return n >= 0 && n <= maxFileSize })
	}},
	"dateCreated": {"a date such as 2026-01-31 or 2026-01-31T12:00:00Z", func(a *fileAsset, raw []byte) bool {
		return intoDate(raw, &a.created)
	}},
	"dateModified": {"a date such as 2026-01-31 or 2026-01-31T12:00:00Z", func(a *fileAsset, raw []byte) bool {
		return intoDate(raw, &a.edited)
	}},
	"tags": {"a list of texts", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.tags, noneEmpty)
	}},
	"brand": {"House, Premium or Outlet", func(a *fileAsset, raw []byte) bool {
		var name string
		read := into(raw, &name, nil)
		a.brand = slices.IndexFunc(brands, func(b brand) bool { return b.name == name })
		return read && a.brand >= 0
	}},
	"collections": {"a list of names", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.collections, noneEmpty)
	}},
	"rights": {"download, view or none", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.rights, func(r rights) bool { return r == rightsDownload || r == rightsView || r == rightsNone })
	}},
	"lists": {"all, by-id, unfiltered, counted or none", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.lists, func(l listing) bool {
			return slices.Contains([]listing{inAllLists, inListByID, inListWithoutFilters, onlyCounted, inNoList}, l)
		})
	}},
	"lacks": {"a list of fields (" + strings.Join(lackable, ", ") + ") and derivatives", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.lacks, func(names []string) bool {
			return !slices.ContainsFunc(names, func(name string) bool {
				isName := func(d derivative) bool { return d.name == name }
				return !slices.Contains(lackable, name) && !slices.ContainsFunc(derivatives, isName)
			})
		})
	}},
	"properties": {"an object with metaproperties of the sandbox, each a list of texts", func(a *fileAsset, raw []byte) bool {
		return into(raw, &a.properties, func(properties map[string][]string) bool {
			for name, values := range properties {
				if metaproperties(0)[name] == nil || !noneEmpty(values) {
					return false
				}
			}
			return true
		})
	}},
	"trash":       {"true or false", func(a *fileAsset, raw []byte) bool { return into(raw, &a.trash, nil) }},
	"archive":     {"true or false", func(a *fileAsset, raw []byte) bool { return into(raw, &a.archived, nil) }},
	"limited":     {"true or false", func(a *fileAsset, raw []byte) bool { return into(raw, &a.limited, nil) }},
	"isPublic":    {"true or false", func(a *fileAsset, raw []byte) bool { return into(raw, &a.public, nil) }},
	"watermarked": {"true or false", func(a *fileAsset, raw []byte) bool { return into(raw, &a.watermarked, nil) }},
}

// into reads a value of the field's type that fits.
func into[T any](raw []byte, field *T, fits func(T) bool) bool {
	return string(raw) != "null" && json.Unmarshal(raw, field) == nil && (fits == nil || fits(*field))
}

func intoDate(raw []byte, field *time.Time) bool {
	var text string
	if !into(raw, &text, nil) {
		return false
	}
	date, err := parseDate(text)
	*field = date.Truncate(time.Second) // as the portal writes it
	return err == nil
}

func notEmpty(text string) bool     { return text != "" }
func noneEmpty(texts []string) bool { return !slices.Contains(texts, "") }

// catalogueParser reads a catalogue file.
type catalogueParser struct {
	text []byte
	json *json.Decoder
	at   int64 // offset of what is read, for errors
}

// parseCatalogue reads a JSON array of assets.
func parseCatalogue(text []byte) (*fileCatalogue, error) {
	p := catalogueParser{text: text, json: json.NewDecoder(bytes.NewReader(text))}
	assets, err := p.assets()
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", p.line(p.at), err)
	}
	return newFileCatalogue(assets), nil
}

// line returns the number, from 1, of the line with the first value at or after an offset.
func (p *catalogueParser) line(at int64) int {
	rest := bytes.TrimLeft(p.text[at:], " \t\r\n,:")
	return 1 + bytes.Count(p.text[:len(p.text)-len(rest)], []byte("\n"))
}

func (p *catalogueParser) token() (json.Token, error) {
	p.at = p.json.InputOffset()
	token, err := p.json.Token()
	return token, unended(err)
}

// unended returns the error of a file that ends in the middle of its list.
func unended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends before its list does")
	}
	return err
}

func (p *catalogueParser) assets() ([]fileAsset, error) {
	if token, err := p.token(); err != nil {
		return nil, err
	} else if token != json.Delim('[') {
		return nil, errors.New("not a list of assets: [{\"id\": ...}, ...]")
	}
	var all []fileAsset
	seen := map[string]int64{} // where
	for p.json.More() {
		a, err := p.asset()
		if err != nil {
			if a.id != "" {
				return nil, fmt.Errorf("asset %q: %w", a.id, err)
			}
			return nil, fmt.Errorf("asset number %d: %w", len(all)+1, err)
		}
		if at := seen[a.id]; at > 0 {
			return nil, fmt.Errorf("asset %q is also in line %d", a.id, p.line(at))
		}
		seen[a.id] = p.at
		all = append(all, a)
	}
	if _, err := p.token(); err != nil { // the ]
		return nil, err
	}
	p.at = p.json.InputOffset()
	if len(bytes.TrimSpace(p.text[p.at:])) > 0 {
		return nil, errors.New("there is more after the list of assets")
	}
	return all, nil
}

// asset reads one asset. With an error it has what was read before that.
func (p *catalogueParser) asset() (a fileAsset, err error) {
	a.size = -1
	if token, err := p.token(); err != nil {
		return a, err
	} else if token != json.Delim('{') {
		return a, errors.New("not an object: {\"id\": ...}")
	}
	start := p.at
	given := map[string]bool{}
	for p.json.More() {
		token, err := p.token()
		if err != nil {
			return a, err
		}
		name, _ := token.(string) // a key always is one
		key, known := assetKeys[name]
		switch {
		case !known:
			return a, fmt.Errorf("unknown key %q (known: %s)", name, strings.Join(keyNames(), ", "))
		case given[name]:
			return a, fmt.Errorf("%q occurs twice", name)
		}
		given[name] = true
		var raw json.RawMessage
		if err := p.json.Decode(&raw); err != nil {
			return a, fmt.Errorf("%q: %w", name, unended(err))
		}
		if !key.read(&a, raw) {
			return a, fmt.Errorf("%q must be %s", name, key.wants)
		}
	}
	if _, err := p.token(); err != nil { // the }
		return a, err
	}
	p.at = start
	if !given["id"] {
		return a, errors.New(`"id" is missing`)
	}
	a.complete()
	return a, nil
}

func keyNames() []string {
	var names []string
	for name := range assetKeys {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// complete fills in what the file leaves out. It depends on the asset's own keys alone, so that
// a change to one asset does not change any other.
func (a *fileAsset) complete() {
	a.listed = true
	a.number = seedOf("listed", a.id)
	a.variant = int(a.number % variants)
	setDefault(&a.name, a.id)
	setDefault(&a.kind, "image")
	setDefault(&a.ext, usualExtensions[a.kind])
	setDefault(&a.versions, 1)
	setDefault(&a.rights, rightsDownload)
	setDefault(&a.lists, inAllLists)
	if a.size < 0 {
		a.size = listedSize(a.id, a.versions)
	}
	const minutesOfTwoYears = 2 * 365 * 24 * 60
	setDefault(&a.created, generatedEpoch.Add(time.Duration(a.number%minutesOfTwoYears)*time.Minute))
	setDefault(&a.edited, a.uploaded(a.versions))
	if a.tags == nil {
		a.tags = []string{}
	}
	if a.kind == "image" || a.kind == "video" {
		a.width, a.height = 1500, 1000
	}
}

// uploaded returns the time at which a version was uploaded.
func (a *asset) uploaded(version int) time.Time {
	return a.created.Add(time.Duration(version) * time.Hour)
}

// listedSize returns the size of a version for which the file gives none, from 1 to 128 KiB.
func listedSize(id string, version int) int64 {
	return int64(1<<10 + seedOf("size", id, strconv.Itoa(version))%(127<<10))
}

// listedItems returns the originals of all versions. What is not the active one has the size that the
// file gives none for. An item's id stands for asset, version and size, and its bytes and renditions
// for that id.
func (a *asset) listedItems() []item {
	items := make([]item, a.versions)
	for i := range items {
		version, size := i+1, a.size
		if version < a.versions {
			size = listedSize(a.id, version)
		}
		seed := seedOf("item", a.id, strconv.Itoa(version), strconv.FormatInt(size, 10))
		it := item{
			id: numberedID(itemSalt, seed), kind: "original", version: version, active: version == a.versions,
			file: strings.ReplaceAll(a.name, " ", "_") + "." + a.ext, stem: a.id,
			width: a.width, height: a.height, size: size, created: a.uploaded(version),
		}
		if size >= uploadPart {
			it.partSize = uploadPart
		}
		if size > largestDigested {
			it.recorded = undigested(seed)
		}
		items[i] = it
	}
	return items
}
