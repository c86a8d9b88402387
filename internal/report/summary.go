package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
)

const (
	// messageLimit is how much of one foreign message people are shown, in bytes.
	messageLimit = 1000
	// hintLimit is how many different hints are remembered as given.
	hintLimit = 100
)

// Totals is what only the caller of the engine knows at the end of a run.
type Totals struct {
	// APICalls is the number of calls of the portal's API, tries included.
	APICalls int64
	// NotStarted counts ids that were read and have no result.
	NotStarted int
	// InputUnread tells that the run stopped before the end of its input.
	InputUnread bool
}

// Failure says what happened to a file that is not there, and, if there is any
// advice, what to do: "bynder: <mediaId>: …" and "hint: …". A file that is not
// the asset's original is named by its selector after the id. It returns nothing
// for a result that is no failure.
func Failure(r download.Result) (what, hint string) {
	if r.Status != download.Failed {
		return "", ""
	}
	who := "bynder"
	if r.MediaID != "" {
		who += ": " + Clip(Clean(r.MediaID), messageLimit)
	}
	if r.Selector != "" && r.Selector != "original" {
		who += ": " + Clip(Clean(r.Selector), messageLimit)
	}
	message := string(cause(r))
	if r.Error != nil {
		if r.Error.Message != "" {
			message = r.Error.Message
		}
		if r.Error.Hint != "" {
			hint = "hint: " + Clip(Clean(r.Error.Hint), messageLimit)
		}
	}
	return who + ": " + Clip(Clean(message), messageLimit), hint
}

// Warning says that a file that did not fail is suspect, and why: "bynder: <name> (<mediaId>): warning:
// …". It is "" for any other result.
func Warning(r download.Result) string {
	if r.Suspect == "" || r.Status == download.Failed {
		return ""
	}
	who := Clip(Clean(r.MediaID), messageLimit)
	if r.Name != "" {
		who = fmt.Sprintf("%s (%s)", Clip(Clean(r.Name), messageLimit), who)
	}
	return fmt.Sprintf("bynder: %s: warning: this is probably not the file: %s", who, Clip(Clean(r.Suspect), messageLimit))
}

// summary is the end of a run for many files.
func (t *tally) summary(now time.Time, totals Totals) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	took := now.Sub(t.began)
	var counts []string
	for _, s := range []download.Status{download.Downloaded, download.Unchanged, download.Skipped, download.Failed} {
		if n := t.byStatus[s]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if t.suspect > 0 {
		counts = append(counts, fmt.Sprintf("%d suspect", t.suspect))
	}
	if totals.NotStarted > 0 {
		counts = append(counts, fmt.Sprintf("%d not started", totals.NotStarted))
	}
	if len(counts) == 0 {
		counts = append(counts, "no files were asked for")
	}
	lines := []string{"bynder: " + strings.Join(counts, ", ")}
	if len(t.byCause) > 0 {
		lines = append(lines, "bynder: failed by cause: "+byCount(t.byCause))
	}
	traffic := fmt.Sprintf("bynder: %s in %s", Bytes(t.moved), Duration(took))
	if t.moved > 0 && took >= meterStep {
		traffic += fmt.Sprintf(" (%s/s)", Bytes(int64(float64(t.moved)/took.Seconds())))
	}
	lines = append(lines, fmt.Sprintf("%s, API calls: %d", traffic, totals.APICalls))
	if totals.InputUnread {
		lines = append(lines, "bynder: the rest of the input was left unread")
	}
	return lines
}

// byCount is "12 not_found, 3 network": the most frequent cause first.
func byCount(causes map[download.Code]int) string {
	codes := slices.SortedFunc(maps.Keys(causes), func(a, b download.Code) int {
		return cmp.Or(causes[b]-causes[a], strings.Compare(string(a), string(b)))
	})
	said := make([]string, len(codes))
	for i, c := range codes {
		said[i] = fmt.Sprintf("%d %s", causes[c], c)
	}
	return strings.Join(said, ", ")
}
