package input

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// requests remembers lines by 64-bit fingerprints of what they ask for, as Distinct does, with the line that asked
// first and the path that it gave.
type requests struct {
	seed  maphash.Seed
	first fingerprint.Table[firstRequest]
}

// firstRequest is the first line that asks for a file.
type firstRequest struct {
	path uint32 // the fingerprint of the path that it gave, 0 if it gave none
	line uint32 // 0 for an argument
}

func newRequests() requests { return requests{seed: maphash.MakeSeed()} }

// add remembers a line, and reports whether it is the first for its key. The error is that of a line that gives a file
// another path than the first one did. A line without a path accepts any.
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
		return false, errors.New("an argument asks for the same file without this path")
	case before.path == 0:
		return false, fmt.Errorf("line %d asks for the same file without this path", before.line)
	default:
		return false, fmt.Errorf("line %d asks for the same file with another path", before.line)
	}
}

// object is a line of NDJSON that asks for what a row asks for.
func (e *Entry) object() string {
	text, err := json.Marshal(struct {
		MediaID string `json:"mediaId,omitempty"`
		ItemID  string `json:"itemId,omitempty"`
		SaveAs  string `json:"saveAs,omitempty"`
	}{e.MediaID, e.ItemID, e.SaveAs})
	if err != nil { // three texts
		return ""
	}
	return string(text)
}
