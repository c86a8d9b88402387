package mirror

import (
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

// Wanted is a file that the folder should have, as the portal's list tells it.
type Wanted struct {
	File     download.FileID
	Selector bynder.Selector
	Name     string    // the asset's, foreign text
	Path     string    // where it should be: below the folder, with /, safe; by the template alone
	Key      string    // what distinguishes it from another file of that path (naming.Renamed)
	Created  time.Time // of the asset, zero if unknown
	Chosen   string    // of several derivatives, the one that the asset has
	Listed   download.Listed
	// Asset is as much of the asset as a transfer needs.
	Asset *bynder.Asset
	// Metadata says where a Spool has the asset's metadata.
	Metadata Span
	// Err is why there is no such file, or no path for it: a *download.Error.
	Err error
}

// Span is a part of a file, in bytes.
type Span struct{ Offset, Length int64 }

// Standing is what has become of a file that the state names.
type Standing int

// The standings.
const (
	AsWritten Standing = iota // of the same size, and of the same time or MD5
	Edited                    // something else has the path
	NotThere                  // nothing has the path
)

// Folder is what a plan asks of the destination.
type Folder interface {
	// Stands returns what has become of a record's file.
	Stands(r *download.Result) Standing
	// Proven is as Stands, and compares the MD5 of a file whose size and time are right, too.
	Proven(r *download.Result) Standing
	// Sidecar returns what has become of the file with metadata beside a record's path. If the record has no MD5 of it,
	// sync has not written the file, and it is Edited; with adopt, a file with metadata of the record's asset is
	// AsWritten then.
	Sidecar(r *download.Result, adopt bool) Standing
	// Taken reports whether anything has a path, below the folder with /, such as a file, a folder or a link; or
	// whether a file has the path of one of its folders.
	Taken(path string) bool
	// HasOnly reports whether a path is that of a folder that would be gone without the files that are accepted by the
	// function, which gets their paths: it has no other ones, and no empty folder.
	HasOnly(folder string, accepted func(path string) bool) bool
	// Adoptable reports whether what has a path can become sync's own: a regular file that can be read, and no link to
	// one.
	Adoptable(path string) bool
}

// Verdict is what has become of an asset that the list does not have any more.
type Verdict string

// The verdicts. Only a file whose asset has one of the first three may be removed.
const (
	AssetDeleted Verdict = "deleted" // the portal says 404
	AssetHidden  Verdict = "hidden"  // the portal says 403
	AssetLeft    Verdict = "left"    // the portal has it, and the filters do not choose it any more
	Unconfirmed  Verdict = ""        // the portal says neither, or was not asked
)

// Input is what a plan is made of.
type Input struct {
	// Wanted has the files of one portal. If it is empty, nothing is planned: an empty list is never taken for the
	// news that all assets are gone.
	Wanted  []Wanted
	Records []*download.Result // the files of the state, each with its latest record, and / in its path
	Folder  Folder
	// Gone says, by media id, what was found out about assets that Wanted does not have.
	Gone map[string]Verdict
	// Delete says that files of confirmed verdicts are removed, if there are at most MaxDelete. If there are more, the
	// plan has no step for any: the caller counts and reports them, and leaves Delete false if there are too many to
	// ask about.
	Delete    bool
	MaxDelete int
	// Adopt says that files which are at planned paths become sync's own, as they are.
	Adopt bool
	// Metadata says that each file has one with its asset's metadata beside it: a sidecar. ActionFetch and ActionAdopt
	// include it, ActionMove moves it along, and ActionDelete removes it; ActionMetadata writes it alone.
	Metadata bool
}

// Step is one thing to do. Its zero Action changes the state alone, and nothing is said: without Wanted it closes Record, as
// sync gives the file up; with Wanted, Record is to have what the list tells of it now (see learned).
type Step struct {
	Action download.Action
	Wanted *Wanted          // nil of a file that the list does not have
	Record *download.Result // of the state; nil for a file that sync has not written
	Path   string           // below the folder, with /: where the file is to be, or is; the sidecar's if that alone is kept
	From   string           // of a move, as Path
	// Via says that a move goes through a name in .bynder, because its target is not free before the file has left
	// From: the file leaves From when the step's turn comes, and gets Path after the last of the moves. Such moves
	// are the first steps.
	Via bool
	// Replaces says that a fetched file takes the place of Record's. That is at Path: if Record.Path is another one,
	// an earlier step moves it, and if that fails, nothing must be fetched.
	Replaces bool
	// Bare says that an adoption leaves the file's metadata alone: they were edited, and the portal has told no newer ones.
	Bare bool
	// Displaces is the file of an asset that is gone, which a fetch or a move replaces and so deletes. It has Path, or
	// one that differs from it in case or normalization.
	Displaces *download.Result
	// First says that a deletion comes before all other steps: another file needs the path of a folder of the deleted
	// one, a path below it, or that of its metadata.
	First bool
	Why   string // of a deletion, of Displaces, or of a record that is closed: what has become of the asset
	// Err is why the step cannot be done, or why a file is kept: a *download.Error. Its file is not in place as it
	// should be.
	Err error
}

// Plan returns the steps that make the folder what Wanted says. First come deletions of files that hinder others, and
// moves, in an order in which each target is free when its turn comes; then fetches, metadata, adoptions, what is kept,
// records that are closed; all other deletions are last. A file can have a move and then a fetch or metadata. The order of
// Wanted and Records makes no difference. After a plan that was carried out whole, the next one has no steps.
func Plan(in Input) []Step {
	if len(in.Wanted) == 0 {
		return nil
	}
	files, others := match(in)
	a := newAssignment(&in, files)
	a.run()
	p := planner{assignment: a, steps: make(map[download.Action][]Step), kept: make(map[string]bool)}
	for i := range files {
		p.add(&files[i])
	}
	for _, r := range others {
		p.put(&file{record: r}, Step{Action: closes, Path: r.Path})
	}
	return p.all()
}
