package input

import (
	"hash/maphash"
	"strings"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// Recorded is what journals have of the assets of a list, in 20 to 40 bytes per file. Case of media ids does not matter.
type Recorded struct {
	files *Distinct
	// unlisted has, for each asset, how many of its recorded items no line of the list names.
	unlisted fingerprint.Table[int32]
	waiting  []string
}

// NewRecorded returns an empty Recorded.
func NewRecorded() *Recorded { return &Recorded{files: NewDistinct()} }

// Add adds a file that a journal has; itemID is "" unless it belongs to a media item.
func (r *Recorded) Add(mediaID, itemID string) {
	if r.files.First(recordedAs(mediaID, itemID)) && itemID != "" {
		r.note(mediaID, 1)
	}
}

// Lacks reports whether a file of the list is not recorded and no line before has named it. For an asset without an
// item of which only items are recorded it returns false: the items may be those of --all-items, or of other
// lines. When the list has ended, Rest tells.
func (r *Recorded) Lacks(mediaID, itemID string) bool {
	file := recordedAs(mediaID, itemID)
	switch {
	case !r.files.First(file + "\tlisted"):
	case !r.files.First(file):
		if itemID != "" {
			r.note(mediaID, -1)
		}
	case itemID == "" && r.items(mediaID) > 0:
		r.waiting = append(r.waiting, mediaID)
	default:
		return true
	}
	return false
}

// Rest returns the assets of the list that are not recorded after all: other lines named all their items that are.
func (r *Recorded) Rest() (lacking []string) {
	for _, id := range r.waiting {
		if r.items(id) <= 0 {
			lacking = append(lacking, id)
		}
	}
	return lacking
}

func (r *Recorded) items(mediaID string) int32 {
	n, _ := r.unlisted.Get(r.print(mediaID))
	return n
}

func (r *Recorded) note(mediaID string, more int32) {
	r.unlisted.Put(r.print(mediaID), r.items(mediaID)+more)
}

func (r *Recorded) print(mediaID string) uint64 {
	return maphash.String(r.files.seed, strings.ToUpper(mediaID))
}

func recordedAs(mediaID, itemID string) string { return strings.ToUpper(mediaID) + "\t" + itemID }
