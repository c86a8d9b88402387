package input

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// requests is a set of requested files that stores 64-bit fingerprints, as Distinct does, with the first line for each
// file and the path in it.
type requests struct {
	seed  maphash.Seed
	first fingerprint.Table[firstRequest]
}

// firstRequest is the first line for a file.
type firstRequest struct {
	path uint32 // the fingerprint of its path, 0 if it has none
	line uint32 // 0 for an argument
}

func newRequests() requests { return requests{seed: maphash.MakeSeed()} }

// add adds a line, and reports whether it is the first for its key. The error is that of a line with another path than
// the first one. A line without a path accepts any.
func (r *requests) add(l *line) (isNew bool, err error) {
	e := &l.entry
	path := uint32(0)
	if e.SaveAs != "" {
		path = max(1, uint32(maphash.String(r.seed, e.SaveAs)))
	}
	key := maphash.String(r.seed, l.key)
	before, known := r.first.Get(key)
	switch {
	case !known:
		r.first.Put(key, firstRequest{path, uint32(e.Line)})
		return true, nil
	case l.mistake() || path == 0 || path == before.path:
		return false, nil
	case before.line == 0:
		return false, errors.New("an argument requests the same file without this path")
	case before.path == 0:
		return false, fmt.Errorf("line %d requests the same file without this path", before.line)
	default:
		return false, fmt.Errorf("line %d requests the same file with another path", before.line)
	}
}

// addID adds the id of an asset whose lines are not added, and reports whether it is new.
func (r *requests) addID(id string) (isNew bool) {
	return r.first.Put(maphash.String(r.seed, id), firstRequest{})
}

// object returns the line of NDJSON for a row.
func (e *Entry) object() string {
	text, err := json.Marshal(struct {
		MediaID string `json:"mediaId,omitempty"`
		ItemID  string `json:"itemId,omitempty"`
		SaveAs  string `json:"saveAs,omitempty"`
	}{e.MediaID, e.ItemID, e.SaveAs})
	if err != nil { // cannot happen with three strings
		return ""
	}
	return string(text)
}
