package mirror

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bynder-cli/bynder/internal/download"
)

const (
	// usualPercent of the files of the state may be removed if no limit is given, but
	usualPercent = 10
	// usualLeast of them in any case.
	usualLeast = 5
)

// Limit returns how many files a run may remove, if the state has so many files: text is a number, or a percentage such
// as 10%, of which parts of a file are dropped. If text is empty, it is 10% and at least 5.
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
	ids := make(map[string]struct{})
	for _, r := range records {
		if r.Portal == portal {
			ids[r.MediaID] = struct{}{}
		}
	}
	for i := range wanted {
		if wanted[i].File.Portal == portal {
			delete(ids, wanted[i].File.MediaID)
		}
	}
	return slices.Sorted(maps.Keys(ids))
}
