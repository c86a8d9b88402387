package download

import (
	"context"
	"fmt"
	"hash/maphash"
	"iter"
	"strings"
	"sync"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// Place is a path at which a sink can put a file.
type Place struct {
	Path string // as Result.Path has it
	// Same says that an identical file has the path already.
	Same bool
	// Kept says that a different file has the path and is to keep it, as if it were this one.
	Kept bool
	// Replaces is the size in bytes of the different file that would be replaced there; nil if there is none.
	Replaces *int64
	// Blocked is what the file fails with if what is there keeps it out, whatever becomes of earlier files.
	Blocked error
}

// Paths says which file of a run gets which path: the one that stands first in the input, whichever
// finishes first. Each file tells the places where it can go, in the order in which it wants them, as
// soon as they are known, and often before an earlier file does. What it gets is decided when all
// earlier files have told theirs: of its places that none of them keeps it out of, the first one with an identical
// file, or else the first one that is not blocked. So the outcome depends on the order of the input, and on what
// was in place before the run, alone.
//
// A path keeps others out of itself and, as it is one of a file, of all paths below it; its folders can be shared,
// but become no files. So does the path of its metadata, if they are written.
//
// What the files contain does not matter: two of the same bytes meet as any others do. A file that fails
// gives up its path; a later one that was refused it before does not get it back.
type Paths struct {
	sink   Sink                     // says which paths are one, and how they are shown
	beside func(path string) string // Options.Beside
	seed   maphash.Seed

	mu   sync.Mutex
	next int64            // the number of the first file that is not decided
	told map[int64]*Claim // files from next on that have told their places, by number
	// taken has the owner of each path that a file has got.
	taken fingerprint.Table[owner]
	// described has the owner of each path that the metadata of such a file have.
	described fingerprint.Table[owner]
	// below has how many of those paths are below each folder.
	below fingerprint.Table[int32]
}

// owner is the asset and the media item whose file has a path, as hashes. The zero owner is that of a path which
// was given up.
type owner struct{ asset, item uint32 }

// NewPaths returns the paths of a run into a sink whose files are numbered from 1 on. beside returns the path of the
// metadata of the file at a path; it is nil if none are written.
func NewPaths(to Sink, beside func(path string) string) *Paths {
	return &Paths{sink: to, beside: beside, seed: maphash.MakeSeed(), next: 1, told: map[int64]*Claim{}}
}

// Claim is the part of one file in the paths of its run. A nil Claim is that of a file that is alone.
type Claim struct {
	paths   *Paths
	number  int64
	owner   owner
	decided chan struct{}
	lost    func() // is called when it is decided that the file gets no place

	// Guarded by paths.mu.
	places  []Place // that the file told
	got     *Place  // what was decided; nil for no place
	refused error   // what a file without a place fails with
	ended   bool
}

// Claim returns the part of a job's file. Each number needs one that is ended. lost is called,
// at most once, when it is decided that the file gets none of its places.
func (p *Paths) Claim(job Job, lost func()) *Claim {
	by := owner{asset: max(p.short(job.MediaID), 1)}
	if id := job.Selector.ItemID; id != "" {
		by.item = max(p.short(id), 1)
	}
	return &Claim{paths: p, number: job.Number, owner: by, decided: make(chan struct{}), lost: lost}
}

// Tell says where the file can go, the place that it wants most first, and returns the place to expect. There must
// be one at least; the error is that of a file that gets none of them, and of unexported type if that may still change.
// What is expected changes only if an earlier file turns out to have that place. A file may tell again, what it got
// stays, unless it is blocked there now.
func (c *Claim) Tell(places []Place) (Place, error) {
	if c == nil {
		at := choose(places, func(Place) bool { return false })
		if at == nil {
			return Place{}, places[len(places)-1].Blocked
		}
		return *at, nil
	}
	p := c.paths
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.isDecided() {
		c.places = places
		p.told[c.number] = c
		p.decide()
	}
	if c.isDecided() {
		return c.now(places)
	}
	if at := c.best(); at != nil {
		return *at, nil
	}
	return Place{}, &expected{c.refusal()}
}

// now returns what a decided file gets if its places have changed.
func (c *Claim) now(places []Place) (Place, error) {
	if c.got == nil {
		return Place{}, c.refused
	}
	for _, place := range places {
		if place.Path == c.got.Path && place.Blocked == nil {
			return place, nil
		}
	}
	// Another program has put a file there.
	at := choose(places, func(at Place) bool { return at.Path != c.got.Path && c.paths.conflict(at.Path) != noConflict })
	if at == nil {
		return Place{}, places[len(places)-1].Blocked
	}
	return *at, nil
}

// expected is the error of a file that gets no place unless an earlier file gives up its own.
type expected struct{ error }

func (e *expected) Unwrap() error { return e.error }

// Decided returns a channel that is closed when it is decided which path the file gets.
func (c *Claim) Decided() <-chan struct{} { return c.decided }

// Got returns the place that the file got, or the error of one that got none. ok is false before that is
// decided, and for a file that is alone.
func (c *Claim) Got() (at Place, ok bool, err error) {
	if c == nil {
		return Place{}, false, nil
	}
	c.paths.mu.Lock()
	defer c.paths.mu.Unlock()
	switch {
	case !c.isDecided():
		return Place{}, false, nil
	case c.got == nil:
		return Place{}, true, c.refused
	default:
		return *c.got, true, nil
	}
}

// Expected returns the path that the file got or, before that is decided, would get now, as Result.Path has it; "" for
// none.
func (c *Claim) Expected() string {
	c.paths.mu.Lock()
	defer c.paths.mu.Unlock()
	at := c.got
	if !c.isDecided() {
		at = c.best()
	}
	if at == nil {
		return ""
	}
	return at.Path
}

// Refused returns the error of a file that got no place; nil for any other.
func (c *Claim) Refused() error {
	_, _, err := c.Got()
	return err
}

// Wait waits until it is decided which place the file gets. The error is that of a file that gets none, or
// ctx's cause if it ends before.
func (c *Claim) Wait(ctx context.Context) error {
	select {
	case <-c.decided:
		return c.Refused()
	case <-ctx.Done():
		return fmt.Errorf("waiting for earlier files to get their paths: %w", context.Cause(ctx))
	}
}

// End ends the file's part. One that is not in place gives up its path, also if it told none yet.
func (c *Claim) End(inPlace bool) {
	p := c.paths
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case c.ended:
	case !c.isDecided():
		c.places = nil
		p.told[c.number] = c
		p.decide()
	case c.got != nil && !inPlace:
		p.hold(c.got.Path, owner{}, -1)
	}
	c.ended = true
}

func (c *Claim) isDecided() bool {
	select {
	case <-c.decided:
		return true
	default:
		return false
	}
}

// best is the place that the file gets, as far as earlier files are known; nil for none.
func (c *Claim) best() *Place {
	return choose(c.places, func(at Place) bool { return c.paths.conflict(at.Path) != noConflict })
}

// choose returns the first place with an identical file, or else the first one that is not blocked, of those that
// are not taken; nil for none. So a file that is in place stays there, and is not transferred to another one.
func choose(places []Place, taken func(Place) bool) *Place {
	var first *Place
	for i := range places {
		switch at := &places[i]; {
		case at.Blocked != nil, taken(*at):
		case at.Same:
			return at
		case first == nil:
			first = at
		}
	}
	return first
}

// decide gives the files their paths, in their order, as far as they have told theirs.
func (p *Paths) decide() {
	for c := p.told[p.next]; c != nil; c = p.told[p.next] {
		delete(p.told, p.next)
		p.next++
		if c.got = c.best(); c.got != nil {
			p.hold(c.got.Path, c.owner, 1)
		} else {
			c.refused = c.refusal()
		}
		close(c.decided)
		if c.got == nil {
			c.lost()
		}
	}
}

// hold sets whose path is, and adds files to those below its folders.
func (p *Paths) hold(path string, by owner, files int32) {
	key := p.sink.PathKey(path)
	p.taken.Put(p.hash(key), by)
	if p.beside != nil {
		p.described.Put(p.hash(p.sink.PathKey(p.beside(path))), by)
	}
	for folder := range folders(key) {
		print := p.hash(folder)
		n, _ := p.below.Get(print)
		p.below.Put(print, n+files)
	}
}

// refusal returns the error of a file that gets none of its places; the last one counts. It is nil for a file that
// told no place.
func (c *Claim) refusal() error {
	if len(c.places) == 0 {
		return nil
	}
	last := c.places[len(c.places)-1]
	conflict := c.paths.conflict(last.Path)
	if conflict == noConflict {
		return last.Blocked
	}
	shown, by := last.Path, c.paths.ownerOf(c.paths.hash(c.paths.sink.PathKey(last.Path)))
	if conflict == itsMetadata {
		shown = c.paths.beside(last.Path)
	}
	apart := NameApart(c.owner.item != 0 || by.asset == c.owner.asset)
	if by == c.owner {
		apart = "--name '{derivative}/{filename}'"
	}
	if conflict != belowItself { // where its id does not help
		apart += ", or let --if-exists rename add its id"
	}
	return &Error{
		Code: CodeExists, Path: last.Path, Err: fmt.Errorf("%s is %s of an earlier file of this run", c.paths.sink.Show(shown), conflict),
		Advice: "give every file a path of its own with " + apart,
	}
}

// conflict is what a path is of a file that has got one, as messages say it.
type conflict string

const (
	noConflict  conflict = ""
	samePath    conflict = "the path"
	folderOf    conflict = "a folder"
	belowItself conflict = "below the path"
	metadataOf  conflict = "where the metadata are"
	itsMetadata conflict = "the path or a folder" // of the file that has the path of its metadata
)

// conflict returns what keeps a file out of a path.
func (p *Paths) conflict(path string) conflict {
	found := p.meets(path)
	if found == noConflict && p.beside != nil && p.meets(p.beside(path)) != noConflict {
		return itsMetadata
	}
	return found
}

// meets returns what a path is of a file that has got one.
func (p *Paths) meets(path string) conflict {
	key := p.sink.PathKey(path)
	print := p.hash(key)
	if p.ownerOf(print) != (owner{}) {
		return samePath
	}
	if p.describes(print) {
		return metadataOf
	}
	if n, _ := p.below.Get(print); n > 0 {
		return folderOf
	}
	for folder := range folders(key) {
		if p.ownerOf(p.hash(folder)) != (owner{}) {
			return belowItself
		}
		if p.describes(p.hash(folder)) {
			return metadataOf
		}
	}
	return noConflict
}

// describes reports whether the path whose key has this hash is that of metadata.
func (p *Paths) describes(print uint64) bool {
	by, _ := p.described.Get(print)
	return by != owner{}
}

// folders yields the folders that the path with this key is in, the innermost first.
func folders(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := strings.LastIndexByte(key, '/'); i > 0; i = strings.LastIndexByte(key[:i], '/') {
			if !yield(key[:i]) {
				return
			}
		}
	}
}

// ownerOf returns whose the path is whose key has this hash.
func (p *Paths) ownerOf(print uint64) owner {
	by, _ := p.taken.Get(print)
	return by
}

func (p *Paths) hash(key string) uint64 { return maphash.String(p.seed, key) }

func (p *Paths) short(id string) uint32 { return uint32(maphash.String(p.seed, id) >> 32) }
