package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/location"
)

// messageLimit is how much of one message of a server is shown, in bytes.
const messageLimit = 1000

// Totals are the numbers that only the caller of the engine has at the end of a run.
type Totals struct {
	// APICalls is the number of calls of the portal's API, tries included.
	APICalls int64
	// CallEach is set if every file costs a call of its own.
	CallEach bool
	// NotStarted counts ids that were read and have no result.
	NotStarted int
	// Share is the share of the ids that the run is for, such as "3 of 6"; "" if it is for all.
	Share string
	// OtherShares counts ids that were read and belong to other shares.
	OtherShares int
	// InputUnread is set if the run stopped before the end of its input.
	InputUnread bool
}

// storageURL matches how errors of transfers name the URL of storage (package transfer), and any other URL.
var storageURL = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\bget https?://\S+: (storage )?|(https?://[^\s/?#"'<>]+)[/?#][^\s"'<>,;)]*`)
})

// Message returns a message of a transfer as it is shown: without the URL of storage, which users need only with --verbose,
// and of other URLs the host. With verbose, URLs lose only their queries.
func Message(text string, verbose bool) string {
	if verbose {
		return location.WithoutQueries(text)
	}
	return storageURL().ReplaceAllStringFunc(text, func(found string) string {
		switch host := storageURL().FindStringSubmatch(found)[2]; {
		case host != "":
			return host + "/..."
		case strings.HasSuffix(found, " storage "):
			return "storage "
		default:
			return "storage: "
		}
	})
}

// failure returns what happened to a file that failed, or whose metadata were not written, and a hint, if there is one.
// The URL of storage is in it only if verbose is set.
func failure(r download.Result, verbose bool) (what, hint string) {
	if what = fileName(r.Name, r.MediaID, r.Selector); what != "" {
		what += ": "
	}
	message := string(cause(r))
	if problem := r.Problem(); problem != nil {
		message = Message(cmp.Or(problem.Message, message), verbose)
		hint = Clip(Clean(problem.Hint), messageLimit)
	}
	return what + clipMiddle(Clean(message), messageLimit), hint
}

// fileName returns how messages name a file: "<name> (<mediaId>)", or the media id alone if the name is not known. The
// selector of a file that is not the asset's original follows: "<mediaId>: derivative/mini". It is "" if nothing is known
// of the file.
func fileName(name, mediaID, selector string) string {
	shown := Clip(Clean(mediaID), messageLimit)
	if name = Clip(Clean(name), messageLimit); name != "" {
		shown = strings.TrimSuffix(name+" ("+shown+")", " ()")
	}
	if selector == "" || selector == "original" {
		return shown
	}
	return strings.TrimPrefix(shown+": "+Clip(Clean(selector), messageLimit), ": ")
}

// summary returns the summary of a run for many files.
func (t *tally) summary(now time.Time, totals Totals) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.byPlan) > 0 {
		return t.planned(totals)
	}
	var counts []string
	for _, s := range []download.Status{download.Downloaded, download.Unchanged, download.Skipped, download.Failed} {
		if n := t.byStatus[s]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if t.suspect > 0 {
		counts = append(counts, fmt.Sprintf("%d suspect", t.suspect))
	}
	if t.bare > 0 {
		counts = append(counts, fmt.Sprintf("%d without metadata", t.bare))
	}
	if totals.NotStarted > 0 {
		counts = append(counts, fmt.Sprintf("%d not started", totals.NotStarted))
	}
	if len(counts) == 0 {
		counts = append(counts, totals.noIDs())
	}
	lines := totals.lines(said(strings.Join(counts, ", ")))
	if len(t.byChoice) > 0 {
		lines = append(lines, said("from "+choices(t.byChoice)))
	}
	if len(t.byCause) > 0 {
		lines = append(lines, said("failed by cause: "+byCount(t.byCause)))
	}
	lines = append(lines, said(t.traffic(now, totals)))
	if totals.InputUnread {
		lines = append(lines, said("stopped early; remaining input not read"))
	}
	return lines
}

// lines returns the first lines of a summary, and the one about the share after them.
func (t *Totals) lines(first ...string) []string {
	switch {
	case t.Share == "":
		return first
	case t.OtherShares == 1:
		return append(first, said("share "+t.Share+": 1 id belongs to another share"))
	default:
		return append(first, said(fmt.Sprintf("share %s: %d ids belong to other shares", t.Share, t.OtherShares)))
	}
}

// noIDs returns what a summary has in place of counts.
func (t *Totals) noIDs() string {
	if t.OtherShares > 0 {
		return "no ids of this share"
	}
	return "no ids given"
}

// continueHint returns how to go on after an interruption of files; "" if there was none, nothing can be continued, or
// the same command would fail again: what has ended the run, such as a full disk, has a hint of its own then.
func (r *Reporter) continueHint() string {
	t := r.tally
	if err := r.screen.Err(); err != nil && !errors.Is(err, syscall.EPIPE) {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.byCause[download.CodeInterrupted] == 0, t.byCause[download.CodeDiskFull] > 0, r.options.NoPartials:
		return ""
	case t.moved == 0:
		return "run the same command again to continue"
	case r.options.NoResume:
		return "run the same command again without --no-resume: partial downloads that can be continued were kept"
	}
	return "run the same command again: partial downloads that can be continued were kept"
}

// traffic returns the bytes that came from storage, the time, and the number of API calls.
func (t *tally) traffic(now time.Time, totals Totals) string {
	took := now.Sub(t.began)
	text := fmt.Sprintf("%s in %s", Bytes(t.moved), Duration(took))
	if t.moved > 0 && took >= meterStep {
		text += fmt.Sprintf(" (%s/s)", Bytes(int64(float64(t.moved)/took.Seconds())))
	}
	return fmt.Sprintf("%s, API calls: %d", text, totals.APICalls)
}

// planned returns the summary of a dry run for many files.
func (t *tally) planned(totals Totals) []string {
	n := t.byPlan[download.PlanNew] + t.byPlan[download.PlanChanged]
	total := fmt.Sprintf("%s to fetch", Bytes(t.fetch))
	if t.sizeless > 0 {
		total += fmt.Sprintf(", and %d of unknown size", t.sizeless)
	}
	var counts []string
	for _, plan := range []download.Plan{download.PlanNew, download.PlanChanged, download.PlanUnchanged, download.PlanExists} {
		n := t.byPlan[plan]
		switch {
		case n == 0:
		case plan == download.PlanExists && t.kept > 0 && t.kept < n:
			counts = append(counts, fmt.Sprintf("%d %s (%d skipped, %d failed)", n, plan, t.kept, n-t.kept))
		default:
			counts = append(counts, fmt.Sprintf("%d %s", n, plan))
		}
	}
	if t.suspect > 0 {
		counts = append(counts, fmt.Sprintf("%d suspect", t.suspect))
	}
	if totals.NotStarted > 0 {
		counts = append(counts, fmt.Sprintf("%d not started", totals.NotStarted))
	}
	lines := totals.lines(said(fmt.Sprintf("%s, %s", files(n), total)), said(strings.Join(counts, ", ")))
	if len(t.byChoice) > 0 {
		lines = append(lines, said("from "+choices(t.byChoice)))
	}
	if len(t.byCause) > 0 {
		lines = append(lines, said("failed by cause: "+byCount(t.byCause)))
	}
	cost := "about as many"
	if totals.CallEach {
		cost += ", one per file that is not recorded in the journal"
	}
	lines = append(lines, said(fmt.Sprintf("API calls: %d; the run makes %s", totals.APICalls, cost)))
	if totals.InputUnread {
		lines = append(lines, said("stopped early; remaining input not read"))
	}
	return lines
}

// files returns "1 file" or "2,014 files".
func files(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n == 1 {
		return digits + " file"
	}
	return digits + " files"
}

// choices returns "webimage 40, original 2": the most frequent first.
func choices(taken map[string]int) string {
	names := slices.SortedFunc(maps.Keys(taken), func(a, b string) int {
		return cmp.Or(taken[b]-taken[a], strings.Compare(a, b))
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%s %d", Clip(Clean(name), messageLimit), taken[name])
	}
	return strings.Join(parts, ", ")
}

// byCount returns "12 not_found, 3 network": the most frequent cause first.
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
