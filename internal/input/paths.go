package input

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// paths remembers by fingerprints which path a line gave a file. Lines of lists that give none are not remembered.
type paths struct {
	seed  maphash.Seed
	given fingerprint.Table[given] // by what the line asks for
}

// given is the path that a line gave.
type given struct {
	path uint32
	line uint32
}

func newPaths() paths { return paths{seed: maphash.MakeSeed()} }

// check remembers the path of a line that is the first to ask for its file, and refuses another path for
// the same file. A line without a path does not mind which one it has.
func (p *paths) check(l *line, first bool) error {
	e := &l.entry
	gives := e.SaveAs != "" || e.table != nil && e.table.path >= 0
	if !gives {
		return nil
	}
	key, path := maphash.String(p.seed, l.key), uint32(maphash.String(p.seed, e.SaveAs))
	before, known := p.given.Get(key)
	switch {
	case first:
		p.given.Put(key, given{path, uint32(e.Line)})
		return nil
	case e.SaveAs == "" || known && before.path == path:
		return nil
	case known:
		return fmt.Errorf("line %d asks for the same file with another path", before.line)
	default:
		return errors.New("an argument or another list asks for the same file without this path")
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
