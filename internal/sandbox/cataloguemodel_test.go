package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// modelAsset is an asset as a script writes it.
type modelAsset struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Version      int      `json:"version"`
	Size         int64    `json:"size"`
	DateModified string   `json:"dateModified"`
	Tags         []string `json:"tags"`
	Rights       rights   `json:"rights"`
	Trash        bool     `json:"trash"`
}

// change does what people do to a portal.
func change(random *rand.Rand, assets map[string]*modelAsset, round int) {
	id := fmt.Sprintf("a%d", random.IntN(20))
	a := assets[id]
	if a == nil { // an upload, or a restoration
		assets[id] = &modelAsset{
			ID: id, Name: fmt.Sprintf("Name %d", random.IntN(5)), Version: 1, Size: random.Int64N(3000), Tags: []string{"x"},
			DateModified: "2026-01-01T00:00:00Z", Rights: rightsDownload,
		}
		return
	}
	switch random.IntN(8) {
	case 0:
		a.Version++
	case 1:
		a.Size = random.Int64N(3000)
	case 2:
		a.Name = fmt.Sprintf("Name %d", random.IntN(5))
	case 3:
		a.Tags = []string{[]string{"x", "y"}[random.IntN(2)]}
	case 4:
		a.DateModified = fmt.Sprintf("2026-02-01T%02d:%02d:00Z", round/60, round%60)
	case 5:
		a.Rights = []rights{rightsDownload, rightsView, rightsNone}[random.IntN(3)]
	case 6:
		a.Trash = !a.Trash
	case 7:
		delete(assets, id)
	}
}

// However a catalogue changes, the portal is as it is now, and a file is a function of asset, version and size.
func TestRandomCatalogue(t *testing.T) {
	for seed := range uint64(2) {
		random := rand.New(rand.NewPCG(seed, 1))
		c := startFile(t)
		assets := map[string]*modelAsset{}
		etags, files := map[string]string{}, map[string]string{} // of files, and back
		for round := range 80 {
			change(random, assets, round)
			var lines, all, tagged []string
			for _, id := range slices.Sorted(maps.Keys(assets)) {
				a := assets[id]
				line, err := json.Marshal(a)
				if err != nil {
					t.Fatal(err)
				}
				lines = append(lines, string(line))
				if !a.Trash && a.Rights != rightsNone {
					all = append(all, id)
					if a.Tags[0] == "x" {
						tagged = append(tagged, id)
					}
				}
			}
			c.write(lines...)
			at := fmt.Sprintf("seed %d, round %d", seed, round)
			check(t, at+", all", sortedWords(c.list("")), strings.Join(all, " "))
			check(t, at+", of a tag", sortedWords(c.list("tags=x")), strings.Join(tagged, " "))
			c.checkFile(at, fmt.Sprintf("a%d", random.IntN(20)), assets, etags, files)
			if t.Failed() {
				return
			}
		}
	}
}

func sortedWords(text string) string {
	return strings.Join(slices.Sorted(slices.Values(strings.Fields(text))), " ")
}

// checkFile compares what the portal has of an asset with what it must have, and its file with all earlier ones.
func (c onFile) checkFile(at, id string, assets map[string]*modelAsset, etags, files map[string]string) {
	c.t.Helper()
	a := assets[id]
	media, download := 200, 200
	switch {
	case a == nil || a.Trash:
		media, download = 404, 404
	case a.Rights == rightsNone:
		media, download = 403, 403
	case a.Rights == rightsView:
		download = 403
	}
	check(c.t, at+", "+id, c.api("/api/v4/media/"+id+"/").StatusCode, media)
	check(c.t, at+", location of "+id, c.api("/api/v4/media/"+id+"/download/").StatusCode, download)
	if download != 200 {
		return
	}
	s := c.look(id)
	check(c.t, at+", name", fmt.Sprint(s.fields["name"]), a.Name)
	check(c.t, at+", dateModified", fmt.Sprint(s.fields["dateModified"]), a.DateModified)
	check(c.t, at+", size", int64(len(s.body)), a.Size)
	if a.Size < stampSize {
		return // too short to differ from all others
	}
	file, seen := fmt.Sprintf("%s %d %d", id, a.Version, a.Size), s.etag+s.derivatives["mini"]
	if etag, known := etags[file]; known {
		check(c.t, at+", file "+file, seen, etag)
	}
	if other, known := files[s.etag]; known {
		check(c.t, at+", the file of "+seen, file, other)
	}
	etags[file], files[s.etag] = seen, file
}
