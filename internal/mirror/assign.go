package mirror

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/naming"
)

// assignment gives each wanted file its path. Paths are compared folded (naming.Folded) everywhere in it.
//
// It goes in rounds: a file that leaves its path makes room for another, and one that finds no new path stays. If its
// old one has been given away by then, there is another round, in which it has that.
type assignment struct {
	in      *Input
	files   []file
	removes bool // files of assets that are known to be gone are removed

	// held are the files of the state that are in place, one for each path; heldFolders are folders with such files, and
	// goneFolders those with files that the plan removes.
	held                     map[string]int
	heldSidecars             bool // one of held has a path that may be that of a sidecar
	heldFolders, goneFolders map[string]struct{}
	described                map[string][]*file // the files of the state that have metadata, by path; made when it is needed
	queue                    []int              // the files that look for a path, in their order

	// keptFolders are those that a file of an earlier round could not leave.
	keptFolders map[string]struct{}

	// Of one round.
	claims  map[string]int      // who is to have a path, or stays there
	folders map[string]struct{} // the folders of claims, but for those of files that the plan removes
	again   bool
}

// maxRounds is after how many rounds no file is moved any more. Two rounds are rare.
const maxRounds = 8

func newAssignment(in *Input, files []file) *assignment {
	a := &assignment{
		in: in, files: files, held: make(map[string]int, len(files)), heldFolders: make(map[string]struct{}), goneFolders: make(map[string]struct{}),
		keptFolders: make(map[string]struct{}),
	}
	for i := range files {
		if files[i].own() {
			a.hold(i)
		}
	}
	for i := range files {
		f := &files[i]
		if !f.edited() || f.givenUp() {
			continue
		}
		if _, ok := a.heldFolders[naming.Folded(f.record.Path)]; ok {
			f.standing = NotThere // what has its path is a folder of sync's
			continue
		}
		a.hold(i)
	}
	removed := 0
	for i := range files {
		f := &files[i]
		if f.own() && f.verdict != Unconfirmed {
			removed++
		}
		if a.heldSidecars && f.record != nil && lastListed(f.record).Metadata != "" {
			if other, ok := a.held[naming.Folded(f.record.Path)+foldedSuffix]; ok && files[other].own() {
				f.forgetSidecar()
			}
		}
	}
	a.removes = in.Delete && removed <= in.MaxDelete
	for i := range files {
		if a.removable(&files[i]) {
			addFolders(a.goneFolders, naming.Folded(files[i].record.Path))
		}
	}
	a.line()
	return a
}

// forgetSidecar makes the record of a file one without metadata, because what has their path is the file of another record.
func (f *file) forgetSidecar() {
	record, listed := *f.record, *f.record.Listed
	listed.Metadata = ""
	record.Listed, f.record = &listed, &record
}

// hold notes that a file has its path. If a file of another record has it too, there is one file, and the other record's
// was lost.
func (a *assignment) hold(i int) {
	path := naming.Folded(a.files[i].record.Path)
	if other, ok := a.held[path]; ok {
		if a.betterClaim(i, other) {
			i, other = other, i
		}
		a.files[i].standing = NotThere
		i = other
	}
	a.held[path] = i
	a.heldSidecars = a.heldSidecars || strings.HasSuffix(path, foldedSuffix)
	addFolders(a.heldFolders, path)
}

// betterClaim reports whether what is at a path of two records is rather the file of i.
func (a *assignment) betterClaim(i, other int) bool {
	f, g := &a.files[i], &a.files[other]
	if f.own() != g.own() {
		return f.own()
	}
	if (f.wanted != nil) != (g.wanted != nil) {
		return f.wanted != nil
	}
	return f.atPlain() && !g.atPlain()
}

// atPlain reports whether the state has the file at the path of the template.
func (f *file) atPlain() bool {
	return f.record != nil && f.places() && samePath(f.record.Path, f.wanted.Path)
}

func samePath(a, b string) bool { return a == b || naming.Folded(a) == naming.Folded(b) }

// line puts the files that look for a path in their order: those that have it already; those that had it and were
// lost; then the older asset, one without a date last.
func (a *assignment) line() {
	var lost, others []int
	for i := range a.files {
		f := &a.files[i]
		switch {
		case !f.places() || f.edited():
		case !f.atPlain():
			others = append(others, i)
		case f.own():
			a.queue = append(a.queue, i)
		default:
			lost = append(lost, i)
		}
	}
	for _, rank := range [][]int{lost, others} {
		slices.SortFunc(rank, func(i, j int) int {
			v, w := a.files[i].wanted.Created, a.files[j].wanted.Created
			if order := cmp.Or(compareBool(v.IsZero(), w.IsZero()), v.Compare(w)); order != 0 {
				return order
			}
			return cmp.Compare(i, j) // which is by id and selector
		})
		a.queue = append(a.queue, rank...)
	}
}

// run gives each file its path.
func (a *assignment) run() {
	for round := 1; ; round++ {
		a.again = false
		a.claims = make(map[string]int, len(a.files))
		a.folders = make(map[string]struct{})
		for i := range a.files {
			f := &a.files[i]
			switch {
			case f.stays:
			case (f.own() || f.edited() && !f.givenUp()) && (!f.places() || f.edited()):
				f.path = f.record.Path
			case f.own() && round > maxRounds:
				f.stays, f.path, f.err = true, f.record.Path, stuck(f)
			default:
				continue
			}
			a.take(i, naming.Folded(f.path))
		}
		for _, i := range a.queue {
			if !a.files[i].stays {
				a.decide(i)
			}
		}
		if !a.again {
			break
		}
	}
	for i := range a.files {
		a.compareEdited(i)
		if a.removes && a.files[i].wanted != nil {
			a.displace(&a.files[i])
		}
	}
	for i := range a.files {
		switch f := &a.files[i]; {
		case f.displaces == nil:
		case f.displaces.first:
			f.displaces = nil
		default:
			f.displaces.displaced = true
		}
	}
}

// decide gives a file the path of the template or, if another wanted file has it, that with the KEY.
func (a *assignment) decide(i int) {
	f := &a.files[i]
	f.adopts, f.displaces, f.err = false, nil, nil
	plain := f.wanted.Path
	found := a.place(i, plain)
	if found == free {
		return
	}
	key := naming.Renamed(plain, f.wanted.Key)
	switch {
	case f.own() && samePath(f.record.Path, key):
		if a.isForeign(key, naming.Folded(key)) { // it has another case
			key = f.record.Path
		}
		a.stay(i, key)
	case found == foreign && (!f.own() || !inOwnFolder(f.record.Path)): // no file stays in .bynder for another's sake
		a.fail(i, notOurs(f, plain, a.in.Folder.Adoptable(plain)))
	case a.place(i, key) != free:
		a.fail(i, bothTaken(f, key))
	}
}

// fail notes why a file has neither path. One that is in place stays where it is.
func (a *assignment) fail(i int, err error) {
	f := &a.files[i]
	f.err, f.path = err, f.wanted.Path
	if f.own() {
		a.stay(i, f.record.Path)
	}
}

// stay lets a file have the path that it has, or one that differs from it in case or normalization alone.
func (a *assignment) stay(i int, path string) {
	folded := naming.Folded(path)
	a.files[i].path = path
	if a.conflicts(i, path, folded) {
		kept := false
		for folder := range foldersOf(folded) {
			for range a.claimants(folder) {
				a.keptFolders[folder], kept = struct{}{}, true
			}
		}
		a.files[i].stays, a.again = !kept, true
		return
	}
	a.take(i, folded)
}

// outcome is what was found at a path.
type outcome int

const (
	free    outcome = iota
	claimed         // by another file of sync
	foreign         // something has it that sync has not written
)

// place gives a file a path if that is free, or will be.
func (a *assignment) place(i int, path string) outcome {
	f := &a.files[i]
	folded := naming.Folded(path)
	if a.conflicts(i, path, folded) {
		return claimed
	}
	f.adopts = false
	if a.isForeign(path, folded) {
		if _, ok := a.heldFolders[folded]; ok { // with other files in it, too
			return claimed
		}
		if f.own() || !a.in.Adopt || !a.in.Folder.Adoptable(path) {
			return foreign
		}
		f.adopts = true
	}
	if other, ok := a.claims[folded]; ok && other != i {
		f.displaces = &a.files[other]
	}
	a.take(i, folded)
	f.path = path
	return free
}

func (a *assignment) take(i int, path string) {
	a.claims[path] = i
	if !a.removable(&a.files[i]) {
		addFolders(a.folders, path)
	}
}

// compareEdited finds out whether an edited file is where it should be.
func (a *assignment) compareEdited(i int) {
	f := &a.files[i]
	if !f.edited() || !f.places() || f.record.Path == f.wanted.Path {
		return
	}
	plain := naming.Folded(f.wanted.Path)
	if f.record.Path == naming.Renamed(f.wanted.Path, f.wanted.Key) &&
		(a.conflicts(i, f.wanted.Path, plain) || a.isForeign(f.wanted.Path, plain)) {
		return
	}
	f.err = editedRenamed(f, a.in.Folder.Adoptable(f.record.Path))
}
