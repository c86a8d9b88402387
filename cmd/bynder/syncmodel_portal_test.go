//go:build unix

package main

import (
	"cmp"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// modelTag is the tag of the assets that the search of the model selects.
const modelTag = "kept"

// modelAsset is an asset in the catalogue file of the model.
type modelAsset struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Extension   string   `json:"extension"`
	Version     int      `json:"version"`
	Size        int64    `json:"size"`
	Description string   `json:"description"`
	Created     string   `json:"dateCreated"`
	Modified    string   `json:"dateModified"`
	Tags        []string `json:"tags"`
	Rights      string   `json:"rights"`
	Lists       string   `json:"lists"`
	Lacks       []string `json:"lacks,omitempty"`
	Trash       bool     `json:"trash,omitempty"`
}

// chosen reports whether the portal has the asset, and the search selects it, whatever a page leaves out.
func (a *modelAsset) chosen() bool {
	return !a.Trash && a.Rights != "none" && slices.Contains(a.Tags, modelTag)
}

// told reports whether the list has the asset.
func (a *modelAsset) told() bool { return a.chosen() && a.Lists == "all" }

// modelFile is the file of an asset with a version and size.
type modelFile struct {
	id      string
	version int
	size    int64
}

func (a *modelAsset) file() modelFile { return modelFile{a.ID, a.Version, a.Size} }

// modelPortal is the portal of the model: a catalogue that changes, and every file that it ever had.
type modelPortal struct {
	*sandbox.Sandbox
	random    *rand.Rand
	catalogue string // a path
	selector  string
	embeds    bool // each location has other bytes
	assets    map[string]*modelAsset
	added     int
	now       int // minutes, for dateModified
	objects   map[modelFile]sandbox.Object
	files     map[digestSum]modelFile // by their bytes
	serial    int                     // of the last location that was looked at
}

type digestSum = [md5.Size]byte

func newModelPortal(t *testing.T, random *rand.Rand, selector string, embeds bool) *modelPortal {
	p := &modelPortal{
		random: random, catalogue: t.TempDir() + "/assets.json", selector: selector, embeds: embeds,
		assets: map[string]*modelAsset{}, objects: map[modelFile]sandbox.Object{}, files: map[digestSum]modelFile{},
	}
	for range 4 + random.IntN(12) {
		p.upload(p.name())
	}
	p.write(t)
	p.Sandbox = startSandbox(t, sandbox.Options{Catalogue: p.catalogue, NoRateLimit: true})
	p.remember(t)
	return p
}

// modelNames are few, so that they meet; some differ in case or normalization alone.
var modelNames = []string{
	"Logo", "logo", "LOGO", "Hero image", "hero image", "Café", "Cafe\u0301", "CAFÉ", "Sheet", "Sheet.jpg", "Plan", "Map", "a", "b", "c", "d", "e",
	"Logo.jpg.metadata", "Map.png.metadata", // which, with the extension json, is where the metadata of another one are
}

func (p *modelPortal) name() string { return modelNames[p.random.IntN(len(modelNames))] }

// upload adds an asset.
func (p *modelPortal) upload(name string) *modelAsset {
	p.added++
	lacks := [][]string{nil, nil, {"activeVersion"}, {"fileSize"}, {"activeVersion", "fileSize"}}
	a := &modelAsset{
		ID: fmt.Sprintf("asset%03d", p.added), Name: name, Type: "image", Extension: extension(name, p.random),
		Version: 1, Size: 64 + p.random.Int64N(6000), Created: fmt.Sprintf("2026-01-%02d", 1+p.random.IntN(9)),
		Modified: p.later(), Tags: []string{modelTag}, Rights: "download", Lists: "all", Lacks: lacks[p.random.IntN(len(lacks))],
	}
	p.assets[a.ID] = a
	return a
}

// extension returns one that an asset with a name has.
func extension(name string, random *rand.Rand) string {
	if strings.HasSuffix(name, ".metadata") {
		return "json"
	}
	return []string{"jpg", "png"}[random.IntN(2)]
}

func (p *modelPortal) later() string {
	p.now++
	return fmt.Sprintf("2026-03-%02dT%02d:%02d:00Z", 1+p.now/1440%28, p.now/60%24, p.now%60)
}

// replace gives an asset another file, in a way that its list shows: by version, size or URLs.
func (p *modelPortal) replace(a *modelAsset, version bool) {
	tellsVersion, tellsSize := !slices.Contains(a.Lacks, "activeVersion"), !slices.Contains(a.Lacks, "fileSize")
	if version || tellsVersion && !tellsSize {
		a.Version++
	}
	if !version || tellsSize && !tellsVersion || p.random.IntN(2) == 0 {
		a.Size += 1 + p.random.Int64N(500)
	}
	a.Modified = p.later()
}

// change does what people do to a portal, and says what.
func (p *modelPortal) change() string {
	ids := p.ids()
	if len(ids) == 0 || len(ids) < 20 && p.random.IntN(5) == 0 {
		a := p.upload(p.name())
		return "upload " + a.ID + " " + a.Name
	}
	a := p.assets[ids[p.random.IntN(len(ids))]]
	switch kind := p.random.IntN(14); kind {
	case 0, 1:
		p.replace(a, kind == 0)
		return fmt.Sprintf("another file of %s: version %d, %d bytes", a.ID, a.Version, a.Size)
	case 2, 3:
		a.Name = p.name()
		a.Extension = extension(a.Name, p.random)
		return "rename " + a.ID + " to " + a.Name
	case 4:
		if a.Name = strings.ToLower(a.Name); p.random.IntN(2) == 0 && !strings.Contains(a.Name, ".") {
			a.Name = strings.ToUpper(a.Name)
		}
		return "rename " + a.ID + " to " + a.Name
	case 5:
		b := p.assets[ids[p.random.IntN(len(ids))]]
		a.Name, b.Name, a.Extension, b.Extension, a.Type, b.Type = b.Name, a.Name, b.Extension, a.Extension, b.Type, a.Type
		return "exchange the names of " + a.ID + " and " + b.ID
	case 6:
		a.Description, a.Modified = p.later(), p.later()
		return "metadata of " + a.ID
	case 7:
		a.Trash = !a.Trash
		return fmt.Sprint("trash ", a.ID, " ", a.Trash)
	case 8:
		delete(p.assets, a.ID)
		b := p.upload(a.Name)
		b.Extension, b.Type = a.Extension, a.Type
		return "delete " + a.ID + ", and upload " + b.ID + " under its name " + a.Name
	case 9:
		delete(p.assets, a.ID)
		return "delete " + a.ID
	case 10:
		a.Rights = []string{"download", "view", "none"}[p.random.IntN(3)]
		return "rights of " + a.ID + ": " + a.Rights
	case 11:
		a.Lists = []string{"all", "by-id", "none"}[p.random.IntN(3)]
		return "lists have " + a.ID + ": " + a.Lists
	case 12:
		a.Tags = [][]string{{}, {modelTag}}[p.random.IntN(2)]
		return fmt.Sprint("tags of ", a.ID, ": ", a.Tags)
	default:
		a.Type = map[bool]string{true: "image", false: "document"}[a.Type == "document"]
		return "type of " + a.ID + ": " + a.Type
	}
}

func (p *modelPortal) ids() []string {
	var ids []string
	for id := range p.assets {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// told are the assets that the list has, the oldest first.
func (p *modelPortal) told() []*modelAsset {
	var all []*modelAsset
	for _, id := range p.ids() {
		if p.assets[id].told() {
			all = append(all, p.assets[id])
		}
	}
	slices.SortFunc(all, func(a, b *modelAsset) int {
		return cmp.Or(strings.Compare(a.Created, b.Created), strings.Compare(a.ID, b.ID))
	})
	return all
}

func (p *modelPortal) write(t *testing.T) {
	all := []*modelAsset{}
	for _, id := range p.ids() {
		all = append(all, p.assets[id])
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.catalogue+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(p.catalogue+".new", p.catalogue); err != nil {
		t.Fatal(err)
	}
}

// remember notes the files that the portal has now.
func (p *modelPortal) remember(t *testing.T) {
	for _, a := range p.assets {
		if o, ok := p.Object(a.ID, p.selector); ok && p.objects[a.file()].Key == "" {
			p.objects[a.file()] = o
			if !p.embeds {
				p.files[sumOf(t, o.Reader())] = a.file()
			}
		}
	}
}

func sumOf(t *testing.T, r io.Reader) (sum digestSum) {
	t.Helper()
	h := md5.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Fatal(err)
	}
	return [md5.Size]byte(h.Sum(nil))
}

// identify finds out which file of the portal some new content is, if any. Where metadata is embedded it is that of a
// location that was given out since the last call of look.
func (p *modelPortal) identify(content []byte, sum digestSum, until int) (modelFile, bool) {
	if f, known := p.files[sum]; known || !p.embeds {
		return f, known
	}
	head := make([]byte, 16)
	for f, o := range p.objects {
		if int64(len(content)) <= o.Size || int64(len(content)) > o.Size+4<<10 {
			continue
		}
		for serial := p.serial; serial <= until; serial++ {
			given := o.WithMetadata("SANDBOX" + strconv.Itoa(serial))
			if given.Size != int64(len(content)) {
				continue
			}
			if _, err := given.ReadAt(head, 0); err == nil && string(head) == string(content[:16]) {
				whole, _ := io.ReadAll(given.Reader())
				if string(whole) == string(content) {
					p.files[sum] = f
					return f, true
				}
			}
		}
	}
	return modelFile{}, false
}

// issued is the number of the location that the portal gives out now.
func (p *modelPortal) issued(t *testing.T) int {
	t.Helper()
	for _, id := range p.ids() {
		if a := p.assets[id]; a.Trash || a.Rights != "download" {
			continue
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.PortalURL()+"/api/v4/media/"+id+"/download/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+modelToken)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		var location struct {
			URL string `json:"s3_file"`
		}
		err = json.NewDecoder(answer.Body).Decode(&location)
		answer.Body.Close()
		u, err2 := url.Parse(location.URL)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		for _, values := range u.Query() {
			if n, err := strconv.Atoi(strings.TrimPrefix(values[0], "SANDBOX")); err == nil && strings.HasPrefix(values[0], "SANDBOX") {
				return n
			}
		}
		t.Fatal("a location without a number: ", location.URL)
	}
	return p.serial
}

// modelToken is a permanent token of the sandbox.
const modelToken = "sandbox-permanent-token-3f9a7c51"
