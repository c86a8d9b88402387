package mirror

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

const (
	// usualPercent of the files of the state may be removed if no limit is given, but
	usualPercent = 10
	// usualLeast files in any case.
	usualLeast = 5
)

// Limit returns how many files a run may remove from a state that has a number of files. text is a number, or a
// percentage such as 10%, of which parts of a file are dropped. If text is empty, it is 10% and at least 5.
func Limit(text string, files int) (int, error) {
	if text == "" {
		return max(files*usualPercent/100, usualLeast), nil
	}
	digits, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseUint(digits, 10, 31)
	switch {
	case err != nil || percent && n > 100:
		return 0, errors.New("must be a number of files, or a percentage such as 10%")
	case percent:
		return int(uint64(files) * n / 100), nil
	default:
		return int(n), nil
	}
}

// Gone returns the media ids, sorted, of those records of a portal whose assets are not wanted: what is to be confirmed
// before a file of theirs is removed.
func Gone(wanted []Wanted, records []*download.Result, portal string) []string {
	gone, spelled := compareIDs(wanted, records, portal)
	return without(gone, spelled)
}

// compareIDs returns the media ids, sorted, of those records of a portal that no wanted file has in the same spelling;
// and, by the folded id, how the state spells the ids of assets that are wanted in another spelling alone.
func compareIDs(wanted []Wanted, records []*download.Result, portal string) (gone []string, spelled map[string]string) {
	ids := make(map[string]bool) // whether they are wanted
	for _, r := range records {
		if r.Portal == portal {
			ids[r.MediaID] = false
		}
	}
	for i := range wanted {
		if _, had := ids[wanted[i].File.MediaID]; had && wanted[i].File.Portal == portal {
			ids[wanted[i].File.MediaID] = true
		}
	}
	others := make(map[string]string)
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if !ids[id] {
			gone, others[bynder.FoldedID(id)] = append(gone, id), id
		}
	}
	if len(gone) == 0 { // as almost always, and there may be millions
		return nil, nil
	}
	spelled = make(map[string]string)
	for i := range wanted {
		folded := bynder.FoldedID(wanted[i].File.MediaID)
		if id, ok := others[folded]; ok && wanted[i].File.Portal == portal && !ids[wanted[i].File.MediaID] {
			spelled[folded] = id
		}
	}
	return gone, spelled
}
