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
	// Stands says what has become of a record's file.
	Stands(r *download.Result) Standing
	// Taken reports whether anything has a path, below the folder with /, such as a file, a folder or a link; or
	// whether a file has the path of one of its folders.
	Taken(path string) bool
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
	Wanted  []Wanted
	Records []*download.Result // the files of the state, each with its latest record
	Folder  Folder
	// Gone says, by media id, what was found out about assets that Wanted does not have.
	Gone map[string]Verdict
	// Delete says that files of confirmed verdicts are removed, at most MaxDelete of them or none.
	Delete    bool
	MaxDelete int
	// Adopt says that files which are at planned paths become sync's own, as they are.
	Adopt bool
	// Metadata says that each file has one with its asset's metadata beside it.
	Metadata bool
}

// Step is one thing to do. Its zero Action closes Record: sync gives the file up, and nothing is said.
type Step struct {
	Action download.Action
	Wanted *Wanted          // nil of a deletion, and where only a record is closed
	Record *download.Result // of the state; nil for a file that sync has not written
	Path   string           // below the folder, with /: where the file is to be, or is
	From   string           // of a move, as Path
	// Replaces says that a fetched file takes the place of Record's, which is at Path.
	Replaces bool
	// Displaces is the file at Path of an asset that is gone, which the step replaces and so deletes.
	Displaces *download.Result
	Why       string // of a deletion: what has become of the asset
	// Err is why the step cannot be done, or why a file is kept: a *download.Error. Its file is not in place as it
	// should be.
	Err error
}
