package sandbox

import (
	"cmp"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"
)

// asset is an asset of the portal.
type asset struct {
	index   int    // in the catalogue
	variant int    // which spellings of the API it is described with
	number  uint64 // source of all that is generated
	id      string

	name, description, copyright string
	kind                         string // image, document, audio, video, 3d
	ext                          string
	brand                        int // index into brands
	created                      time.Time
	edited                       time.Time // when metadata or file last changed; zero: a while after created
	width, height                int
	versions                     int
	size                         int64 // of the active original
	archived, limited            bool
	public, watermarked          bool
	tags                         []string
	photographers                []string
	region                       string
	properties                   map[string][]string // further properties, by the names of metaproperties
	rights                       rights
	lists                        listing
	lacks                        []string // fields and derivatives that no answer has
	listed                       bool     // in a catalogue file
	items                        []item   // of fixed assets; generated ones make theirs
}

func (a *asset) modified() time.Time {
	if !a.edited.IsZero() {
		return a.edited
	}
	return a.created.Add(90 * time.Minute)
}

func (a *asset) orientation() string {
	switch {
	case a.width > a.height:
		return "landscape"
	case a.width < a.height:
		return "portrait"
	default:
		return "square"
	}
}

// item is a file of an asset.
type item struct {
	id            string
	kind          string // original, web, additional
	version       int
	active        bool
	unnamed       bool // fileName is null
	file          string
	stem          string // of the names of its renditions; "" for that of file
	width, height int    // 0 is null
	size          int64
	created       time.Time
	partSize      int64
	recorded      string
}

var generatedEpoch = time.Date(2018, 1, 1, 8, 0, 0, 0, time.UTC)

// generatedKinds is the mix of types in a hundred.
var generatedKinds = []struct {
	share uint64
	kind  string
	exts  []string
	stem  string
}{
	{60, "image", []string{"jpg", "png", "tif"}, "Photo"},
	{80, "document", []string{"pdf", "docx", "ai"}, "Document"},
	{88, "video", []string{"mp4", "mov"}, "Video"},
	{96, "audio", []string{"mp3", "wav"}, "Track"},
	{100, "3d", []string{"glb"}, "Model"},
}

var (
	places  = []string{"Amsterdam", "Boston", "Dubai", "London", "Barcelona", "San Mateo", "Rotterdam"}
	people  = []string{"A. de Vries", "M. O'Neill", "Zoë Ångström", "J. & K. Smith"}
	regions = []string{"emea", "americas", "apac"}
	seasons = []string{"Spring", "Summer", "Fall", "Winter"}
)

// springStep is the distance between generated assets of one season. Each but the first few between them has none.
const springStep = 12

func generatedAsset(n, index int) asset {
	h := mix64(uint64(n) + 0x5eed)
	kinds := generatedKinds
	for h%100 >= kinds[0].share {
		kinds = kinds[1:]
	}
	k := kinds[0]
	place := places[h>>8%uint64(len(places))]
	a := asset{
		index: index, variant: index, number: uint64(n), rights: rightsDownload, id: numberedID(assetSalt, uint64(n)),
		name: fmt.Sprintf("%s %s %06d", k.stem, place, n),
		kind: k.kind, ext: k.exts[h>>16%uint64(len(k.exts))],
		brand:    int(h >> 20 % uint64(len(brands))),
		created:  generatedEpoch.Add(time.Duration(n) * 2 * time.Minute),
		versions: 1 + int(h>>24%8/6), // a quarter has two
		size:     generatedSize(mix64(h)),
		archived: h>>28%50 == 0, limited: h>>32%50 == 1, watermarked: h>>36%50 == 2,
		public: h>>40%3 == 0,
		tags:   []string{"generated", tagOf(place)},
		region: regions[h>>44%3],
	}
	if a.kind == "image" || a.kind == "video" {
		a.width, a.height = 800+int(h>>48%3200), 600+int(h>>52%2400)
	}
	if a.kind == "image" && n%6 == 1 {
		a.tags = append(a.tags, "logo")
	}
	if n%springStep < len(seasons) {
		a.properties = map[string][]string{"Season": {seasons[n%springStep]}}
	}
	for i := range h >> 58 % 3 {
		a.photographers = append(a.photographers, people[(h>>60+i)%uint64(len(people))])
	}
	return a
}

// generatedSize returns a size in bytes: around 100 KiB for most h, with a tail to both sides.
func generatedSize(h uint64) int64 {
	const kib = 1 << 10
	roll, within := h%200, h>>8
	switch {
	case roll < 10:
		return int64(300 + within%(4*kib))
	case roll < 180:
		return int64(64*kib + within%(72*kib))
	case roll < 196:
		return int64(200*kib + within%(800*kib))
	case roll < 199:
		return int64(1024*kib + within%(3*1024*kib))
	default:
		return int64(9*1024*kib + within%(4*1024*kib)) // comes in parts
	}
}

// uploadPart is the part size of uploads in parts, which S3's own tools use from
// this size on.
const uploadPart = 8 << 20

// allItems yields the files of an asset: originals from the oldest version up,
// the web version, additional files.
func (a *asset) allItems() []item {
	switch {
	case a.items != nil:
		return a.items
	case a.listed:
		return a.listedItems()
	}
	h := mix64(a.number ^ itemSalt)
	slot := uint64(0)
	id := func() string { slot++; return numberedID(itemSalt, a.number<<8|slot) }
	stem := strings.ReplaceAll(a.name, " ", "_")
	var items []item
	for v := 1; v <= a.versions; v++ {
		it := item{
			id: id(), kind: "original", version: v, active: v == a.versions,
			file: stem + "." + a.ext, width: a.width, height: a.height, size: a.size,
			created: a.modified().Add(time.Duration(v-a.versions) * time.Minute),
		}
		if !it.active {
			it.size = a.size/2 + int64(v)
		}
		if it.size >= uploadPart || h%40 == 0 {
			it.partSize = uploadPart
		}
		items = append(items, it)
	}
	if a.kind == "image" || a.kind == "document" {
		items = append(items, item{
			id: id(), kind: "web", version: a.versions, active: true, file: "web-" + stem + ".jpg",
			width: a.width / 2, height: a.height / 2, size: 20<<10 + a.size/8, created: a.modified(),
			unnamed: h>>8%5 == 0,
		})
	}
	if h>>16%10 == 0 {
		items = append(items, item{
			id: id(), kind: "additional", version: 1, active: true, file: stem + "-notes.txt",
			size: 300 + int64(h>>24%4000), created: a.modified(),
		})
	}
	return items
}

// original returns the file of one version, or of the active one if version is 0.
func (a *asset) original(version int) (item, bool) {
	return a.lastItem(func(it item) bool {
		return it.kind == "original" && (it.version == version || version == 0 && it.active)
	})
}

// active returns the file of the active version; without an id if there is no original.
func (a *asset) active() item {
	it, _ := a.original(0)
	return it
}

// additional returns the newest additional file.
func (a *asset) additional() (item, bool) {
	return a.lastItem(func(it item) bool { return it.kind == "additional" })
}

// item returns the file of an item id or, if hashed, of the hashed form of one.
func (a *asset) item(id string, hashed bool) (item, bool) {
	return a.lastItem(func(it item) bool { return it.id == id && !hashed || idHash(it.id) == id && hashed })
}

func (a *asset) lastItem(fits func(item) bool) (found item, ok bool) {
	for _, it := range a.allItems() {
		if fits(it) {
			found, ok = it, true
		}
	}
	return found, ok
}

// object returns the file of an item on storage.
func (a *asset) object(it item) Object {
	return Object{
		Key:  "media/" + url.PathEscape(a.id) + "/" + url.PathEscape(it.id) + "/" + url.PathEscape(it.file),
		Name: it.file, Size: it.size, LastModified: it.created,
		mediaID: a.id, seed: seedOf("media", a.id, it.id), partSize: it.partSize, recorded: it.recorded,
	}
}

// derivative is a rendition that the portal makes of an item.
type derivative struct {
	name      string
	ext       string
	size      uint64 // at least
	spread    uint64
	signed    bool // its URL expires, unlike those of the three built-in ones
	customFor string
	preview   bool // its URL is in videoPreviewURLs
	width     int  // that the account's list tells
}

var derivatives = []derivative{
	{name: "mini", ext: "png", size: 2 << 10, spread: 4 << 10, width: 80},
	{name: "webimage", ext: "png", size: 80 << 10, spread: 40 << 10, width: 800},
	{name: "thul", ext: "png", size: 8 << 10, spread: 16 << 10, width: 250},
	{name: "webshop", ext: "jpg", size: 90 << 10, spread: 20 << 10, signed: true, customFor: "image document video", width: 1200},
	{name: "print_rgb", ext: "tif", size: 200 << 10, spread: 200 << 10, signed: true, customFor: "image", width: 4000},
	{name: "WebPrimary", ext: "web", size: 300 << 10, spread: 100 << 10, customFor: "video", preview: true, width: 1280},
	{name: "Mobile", ext: "mp4", size: 100 << 10, spread: 100 << 10, customFor: "video", preview: true, signed: true, width: 640},
}

// derivativesOf yields the renditions of an item with their objects.
func (a *asset) derivativesOf(it item) iter.Seq2[derivative, Object] {
	return func(yield func(derivative, Object) bool) {
		for _, d := range derivatives {
			if d.customFor != "" && !slices.Contains(strings.Fields(d.customFor), a.kind) {
				continue
			}
			if !yield(d, a.derivative(it, d)) {
				return
			}
		}
	}
}

func (a *asset) derivative(it item, d derivative) Object {
	seed := seedOf("derivative", a.id, it.id, d.name)
	stem := cmp.Or(it.stem, strings.TrimSuffix(it.file, "."+a.ext))
	name := d.name + "-" + stem + "." + d.ext
	return Object{
		Key: "derivatives/" + url.PathEscape(a.id) + "/" + url.PathEscape(it.id) + "/" + d.name + "/" +
			url.PathEscape(name),
		Name: name, Size: int64(d.size + seed>>8%d.spread), LastModified: it.created,
		mediaID: a.id, seed: seed, scene: a.sceneOf(it, d.name),
	}
}
