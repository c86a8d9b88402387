package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
)

// change is what sync does with a file, as summaries call it.
type change string

// The changes, in the order of a summary.
const (
	fileAdded     change = "new"
	fileReplaced  change = "changed"
	fileDescribed change = "with new metadata"
	fileMoved     change = "moved"
	fileDeleted   change = "deleted"
	fileAdopted   change = "adopted"
	fileKept      change = "kept"
	fileFailed    change = "failed"
	// fileSame was asked for because the portal told otherwise of it, and was found to be the same. It is in no summary.
	fileSame change = "unchanged"
)

var changes = []change{fileAdded, fileReplaced, fileDescribed, fileMoved, fileDeleted, fileAdopted, fileKept, fileFailed}

// changeOf returns what a result of sync says.
func changeOf(r download.Result) change {
	switch {
	case r.Status == download.Failed:
		return fileFailed
	case r.Status == download.Kept, r.Action == download.ActionKeep:
		return fileKept
	case r.Error != nil: // of a dry run
		return fileFailed
	}
	switch r.Action {
	case download.ActionMetadata:
		return fileDescribed
	case download.ActionMove:
		return fileMoved
	case download.ActionDelete:
		return fileDeleted
	case download.ActionAdopt:
		return fileAdopted
	default:
	}
	switch r.Plan {
	case download.PlanChanged:
		return fileReplaced
	case download.PlanUnchanged:
		return fileSame
	default:
		return fileAdded
	}
}

// Changed reports what sync did with a file or, in a dry run, would do: a change of the folder, or why nothing changed.
func (r *Reporter) Changed(result download.Result) {
	r.tally.change(result)
	if show := r.options.Show; show != nil {
		for _, path := range []*string{&result.Path, &result.From} {
			if *path != "" {
				*path = show(*path)
			}
		}
	}
	if r.options.JSON {
		r.writeJSON(result)
	} else if line := changeLine(result, r.options.Print0, r.screen.stdoutIsTerminal); line != nil {
		r.screen.Result(line)
	}
	switch changeOf(result) {
	case fileFailed:
		if cause(result) != download.CodeInterrupted {
			r.screen.Fail(failure(result, r.options.Verbose))
		}
	case fileKept:
		why := download.Failure{}
		if result.Error != nil {
			why = *result.Error
		}
		why.Message = strings.TrimSuffix("kept: "+why.Message, ": ")
		result.Error = &why
		r.screen.Fail(failure(result, r.options.Verbose))
	default:
		r.writeWarning(result)
	}
	r.begun()
}

// Ended removes a file that has its result from the files in flight. The result may be reported later, by Changed.
func (r *Reporter) Ended(job download.Job) { r.tally.end(job) }

// changeLine returns the line for a change of the folder: + and the path of a new file, ~ and the path of one with other
// content, > and both paths of a moved file, - and the path of a deleted one, with the reason. It returns nil if nothing
// in the folder changes. Paths are written as in pathLine.
func changeLine(r download.Result, nul, terminal bool) []byte {
	shown := func(path string) string {
		if terminal && !nul {
			return Clean(path)
		}
		return path
	}
	var line string
	switch changeOf(r) {
	case fileAdded:
		line = "+ " + shown(r.Path)
	case fileReplaced, fileDescribed:
		line = "~ " + shown(r.Path)
	case fileMoved:
		line = "> " + shown(r.From) + " -> " + shown(r.Path)
	case fileDeleted:
		line = "- " + shown(r.Path) + " (" + r.Why + ")"
	default:
		return nil
	}
	if nul {
		return append([]byte(line), 0)
	}
	return append([]byte(line), '\n')
}

// change counts a result of sync.
func (t *tally) change(r download.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byStatus[r.Status]++
	kind := changeOf(r)
	t.byChange[kind]++
	switch {
	case kind == fileFailed:
		t.byCause[cause(r)]++
	case r.Action == download.ActionFetch && kind != fileKept && kind != fileSame && r.Bytes != nil:
		t.completed += *r.Bytes
		t.sized++
	}
	if r.Suspect != "" && kind != fileFailed {
		t.suspect++
	}
}

// end removes a file from those in flight.
func (t *tally) end(job download.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.flights, job.Number)
}

// changed returns the summary of a sync or, in a dry run, of what it would do; nil if that is nothing.
func (t *tally) changed(now time.Time, totals Totals, dryRun bool) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var counts []string
	for _, kind := range changes {
		if n := t.byChange[kind]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	if t.suspect > 0 {
		counts = append(counts, fmt.Sprintf("%d suspect", t.suspect))
	}
	if totals.NotStarted > 0 {
		counts = append(counts, fmt.Sprintf("%d not started", totals.NotStarted))
	}
	if len(counts) == 0 {
		return nil
	}
	first, last := "", t.traffic(now, totals)
	if dryRun {
		first, last = "dry run: ", fmt.Sprintf("%s to fetch, API calls: %d", Bytes(t.completed), totals.APICalls)
	}
	lines := []string{said(first + strings.Join(counts, ", "))}
	if len(t.byCause) > 0 {
		lines = append(lines, said("failed by cause: "+byCount(t.byCause)))
	}
	return append(lines, said(last))
}
