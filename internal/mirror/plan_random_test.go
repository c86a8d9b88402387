package mirror

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// names are paths that get in each other's way.
var names = []string{
	"a.jpg", "A.jpg", "b.jpg", "c.jpg", "d.jpg", "a-1.jpg", "a-2.jpg", "b-1.jpg", "d/a.jpg", "d/b.jpg", "D/a.jpg", "d", "e", "e/f/g", "e/f",
	"\u00e9.jpg", "e\u0301.jpg", "a.jpg.metadata.json", "b.jpg.metadata.json", ".bynder/x",
	"d.metadata.json", "e/f.metadata.json", "A.jpg.metadata.json", "a.jpg.metadata.json/x", "a.jpg.metadata.json.metadata.json",
}

// portalFiles is what the portal has, by asset and selector.
type portalFiles map[download.FileID]*Wanted

// TestPlanOfRandomChanges plays many nights: the portal's list and the folder change at random, a plan is made and carried out.
func TestPlanOfRandomChanges(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 15))
			w := &world{
				t: t, folder: &memory{files: map[string]string{}, folds: seed%2 == 1},
				records: map[download.FileID]*download.Result{},
			}
			portal := portalFiles{}
			pool := names[:4+random.IntN(len(names)-3)]
			for range 25 {
				for range 1 + random.IntN(4) {
					portal.change(random, pool)
					w.change(random, pool)
				}
				w.night(random, portal)
			}
		})
	}
}

// change changes an asset of the portal.
func (l portalFiles) change(random *rand.Rand, pool []string) {
	id := download.FileID{Portal: testPortal, MediaID: fmt.Sprint(1 + random.IntN(6))}
	selector := bynder.Selector{}
	if random.IntN(4) == 0 {
		selector = bynder.Selector{Kind: bynder.Derivative, Name: "web"}
	}
	id.Selector = selector.String()
	w := l[id]
	if w == nil {
		w = &Wanted{File: id, Selector: selector, Path: pool[random.IntN(len(pool))], Key: id.MediaID, Listed: download.Listed{Version: 1, URL: "u"}}
		if random.IntN(3) > 0 {
			w.Created = time.Date(2020+random.IntN(5), 1, 1, 0, 0, 0, 0, time.UTC)
		}
		l[id] = w
		return
	}
	changed := *w
	switch random.IntN(6) {
	case 0:
		delete(l, id)
		return
	case 1:
		changed.Listed.Version++
		changed.Listed.URL += "u"
	case 2:
		changed.Listed.Modified += "m"
	case 3:
		changed.Err = &download.Error{Code: download.CodeNotFound, Err: errors.New("not found")}
	default:
		changed.Err = nil
		changed.Path = pool[random.IntN(len(pool))]
	}
	l[id] = &changed
}

// change lets a user change the folder.
func (w *world) change(random *rand.Rand, pool []string) {
	files := slices.Sorted(maps.Keys(w.folder.files))
	if len(files) == 0 {
		return
	}
	file := files[random.IntN(len(files))]
	other := pool[random.IntN(len(pool))]
	switch random.IntN(12) {
	case 0:
		delete(w.folder.files, file)
	case 1:
		w.folder.files[file] = fmt.Sprint("edited ", random.Uint64())
	case 2:
		if !w.folder.Taken(other) {
			w.folder.files[other] = fmt.Sprint("foreign ", random.Uint64())
		}
	case 3:
		if content := w.folder.files[file]; !w.folder.Taken(other) {
			delete(w.folder.files, file)
			w.folder.files[other] = content
		}
	case 4: // a run that was killed left a file in .bynder
		for _, r := range w.list() {
			if name, ok := w.folder.find(r.Path); ok && w.folder.files[name] == r.MD5 && !inOwnFolder(name) {
				delete(w.folder.files, name)
				if sidecar, own := w.ownSidecar(r, r.Path); own {
					delete(w.folder.files, sidecar)
				}
				moved := *r
				moved.Path = ".bynder/moving-" + r.MediaID + r.Selector[:1]
				if !w.folder.Taken(moved.Path) {
					w.records[r.File()] = &moved
					w.folder.files[moved.Path] = r.MD5
				}
				break
			}
		}
	}
}

// night makes a plan, carries it out, and compares the outcome with what is promised.
func (w *world) night(random *rand.Rand, portal portalFiles) {
	in := Input{
		Folder: w.folder, Gone: map[string]Verdict{}, Delete: random.IntN(2) == 0, MaxDelete: random.IntN(4),
		Adopt: random.IntN(8) == 0, Metadata: random.IntN(2) == 0, Records: w.list(),
	}
	for _, wanted := range portal {
		in.Wanted = append(in.Wanted, *wanted)
	}
	slices.SortFunc(in.Wanted, func(a, b Wanted) int { return compareFile(a.File, b.File) })
	if len(in.Wanted) == 0 {
		return
	}
	for _, id := range Gone(in.Wanted, in.Records, testPortal) {
		in.Gone[id] = []Verdict{AssetDeleted, AssetHidden, AssetLeft, Unconfirmed}[random.IntN(4)]
	}
	w.before = fmt.Sprint("metadata ", in.Metadata, " folder ", w.folder, " state ", w.stateText(), "\nwanted")
	for _, v := range in.Wanted {
		w.before += fmt.Sprint("; ", v.File.MediaID, v.File.Selector, " ", v.Path, " ", v.Err != nil, v.Created.Year())
	}
	steps := Plan(in)
	w.sameInAnyOrder(random, in, steps)
	before, foreign := maps.Clone(w.folder.files), w.foreignFiles(in)
	w.carryOut(in, steps)
	for path, is := range foreign {
		if is && w.folder.files[path] != before[path] {
			w.errorf("%s is %q, and was %q, after %s", path, w.folder.files[path], before[path], stepsText(steps))
		}
	}
	w.compareOutcome(in, steps)
	w.planAgain(in, steps)
}

func (w *world) sameInAnyOrder(random *rand.Rand, in Input, steps []Step) {
	in.Wanted, in.Records = slices.Clone(in.Wanted), slices.Clone(in.Records)
	random.Shuffle(len(in.Wanted), func(i, j int) { in.Wanted[i], in.Wanted[j] = in.Wanted[j], in.Wanted[i] })
	random.Shuffle(len(in.Records), func(i, j int) { in.Records[i], in.Records[j] = in.Records[j], in.Records[i] })
	if one, other := stepsText(steps), stepsText(Plan(in)); one != other {
		w.errorf("in another order %s\nis %s", one, other)
	}
}

// foreignFiles are those that no record of the state explains.
func (w *world) foreignFiles(in Input) map[string]bool {
	foreign := map[string]bool{}
	for path, content := range w.folder.files {
		// What a killed run, or the user, left of an asset's metadata is JSON with its id, which may be replaced.
		foreign[path] = !strings.HasSuffix(path, sidecarEnd) || !strings.HasPrefix(content, "metadata of")
	}
	for _, r := range in.Records {
		if name, ok := w.folder.find(r.Path); ok && w.folder.files[name] == r.MD5 {
			delete(foreign, name)
		}
		if name, own := w.ownSidecar(r, r.Path); own {
			delete(foreign, name)
		}
	}
	return foreign
}

// compareOutcome fails unless each wanted file is in place, or a step says why it is not, at a path of its own.
func (w *world) compareOutcome(in Input, steps []Step) {
	explained := map[download.FileID]bool{}
	for _, s := range steps {
		if s.Wanted != nil && (s.Err != nil || s.Action == download.ActionAdopt) {
			explained[s.Wanted.File] = true
		}
	}
	paths := map[string]download.FileID{}
	for _, wanted := range in.Wanted {
		r := w.records[wanted.File]
		if explained[wanted.File] {
			continue
		}
		if r == nil || w.folder.Stands(r) == NotThere {
			w.errorf("%v is not in place after %s", wanted.File, stepsText(steps))
		}
		if other, ok := paths[naming.Folded(r.Path)]; ok {
			w.errorf("%v and %v have the path %s after %s", wanted.File, other, r.Path, stepsText(steps))
		}
		paths[naming.Folded(r.Path)] = wanted.File
		key := naming.Renamed(wanted.Path, wanted.Key)
		if w.folder.Stands(r) == AsWritten && (changed(&wanted, r) || !samePath(r.Path, wanted.Path) && !samePath(r.Path, key)) {
			w.errorf("%v at %s, which should have %s, is not as it should be after %s", wanted.File, r.Path, wanted.Path, stepsText(steps))
		}
	}
}

// planAgain fails unless the next plan has nothing to do, if all was done.
func (w *world) planAgain(in Input, steps []Step) {
	if w.failed > 0 {
		return
	}
	in.Records = w.list()
	if again := Plan(in); len(again) > 0 {
		w.errorf("%s\nafter %s\nthe next plan is %s", w.before, stepsText(steps), stepsText(again))
	}
}
