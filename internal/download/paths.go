package download

import (
	"hash/maphash"
	"iter"
	"strings"
	"sync"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// Place is a path at which a sink can put a file.
type Place struct {
	Path string // as in Result.Path
	// Same is set if an identical file has the path already.
	Same bool
	// Kept is set if a different file has the path and keeps it, as if it were this one.
	Kept bool
	// Replaces is the size in bytes of the different file that would be replaced there; nil if there is none.
	Replaces *int64
	// Blocked is the error of the file if an existing file has the path and keeps it.
	Blocked error
}

// Paths decides which file of a run gets which path: the first in the input, whichever finishes first. Each
// file proposes the places it can have, in order of preference, as soon as they are known, and often before an
// earlier file does. Its place is decided when all earlier files have proposed theirs: of its places without a
// conflict with an earlier file, it gets the first with an identical file, or else the first that is not
// blocked. So the outcome depends only on the order of the input, and on the files in place before the run.
//
// A file's path conflicts with the same path, all paths below it, and its own folders as paths of files. So does
// the path of its metadata, if they are written.
//
// The content of files does not matter: two files of the same bytes conflict as any others do. A file that fails
// gives up its path; a later file that was refused the path before does not get it.
type Paths struct {
	sink   Sink                     // decides which paths are equal, and how they are shown
	beside func(path string) string // Options.Beside
	seed   maphash.Seed

	mu       sync.Mutex
	next     int64            // the number of the first file that is not decided
	proposed map[int64]*Claim // files from next on that have proposed their places, by number
	// taken has the owner of each path that a file has got.
	taken fingerprint.Table[owner]
	// described has the owner of each path of metadata of such a file.
	described fingerprint.Table[owner]
	// below has how many of those paths are below each folder.
	below fingerprint.Table[int32]
}

// owner is the asset and the media item whose file has a path, as hashes. A path that was given up has the zero owner.
type owner struct{ asset, item uint32 }

// NewPaths returns the Paths of a run into a sink, whose files are numbered from 1 on. beside returns the path of the
// metadata of the file at a path; it is nil if no metadata are written.
func NewPaths(to Sink, beside func(path string) string) *Paths {
	return &Paths{sink: to, beside: beside, seed: maphash.MakeSeed(), next: 1, proposed: map[int64]*Claim{}}
}

// decide gives the files their paths, in their order, up to the first that has not proposed its places. The one that
// proposes gets its error from Propose, and is not interrupted: it still closes its connection in an orderly way.
func (p *Paths) decide(proposing *Claim) {
	for c := p.proposed[p.next]; c != nil; c = p.proposed[p.next] {
		delete(p.proposed, p.next)
		p.next++
		p.place(c)
		close(c.decided)
		if c.got == nil && c != proposing {
			c.lost()
		}
	}
}

// place gives a file the best of its places, or the error that none is free.
func (p *Paths) place(c *Claim) {
	c.refused = nil
	if c.got = c.best(); c.got != nil {
		p.setOwner(c.got.Path, c.owner, 1)
	} else {
		c.refused = c.refusal()
	}
}

// setOwner sets the owner of a path, and adds files to the counts of its folders.
func (p *Paths) setOwner(path string, by owner, files int32) {
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

// conflict is how a path is related to that of an earlier file, as messages say it.
type conflict string

const (
	noConflict  conflict = ""
	samePath    conflict = "the path"
	folderOf    conflict = "a folder"
	belowItself conflict = "below the path"
	metadataOf  conflict = "where the metadata are"
	itsMetadata conflict = "the path or a folder" // of the file that has the path of its metadata
)

// conflict returns why a file cannot have a path, "" if it can.
func (p *Paths) conflict(path string) conflict {
	found := p.relation(path)
	if found == noConflict && p.beside != nil && p.relation(p.beside(path)) != noConflict {
		return itsMetadata
	}
	return found
}

// relation returns how a path is related to that of an earlier file.
func (p *Paths) relation(path string) conflict {
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

// describes reports whether the path whose key has this hash is one of metadata.
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

// ownerOf returns the owner of the path whose key has this hash.
func (p *Paths) ownerOf(print uint64) owner {
	by, _ := p.taken.Get(print)
	return by
}

func (p *Paths) hash(key string) uint64 { return maphash.String(p.seed, key) }

func (p *Paths) short(id string) uint32 { return uint32(maphash.String(p.seed, id) >> 32) }
