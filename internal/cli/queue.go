package cli

import (
	"iter"
	"time"

	"github.com/bynder-cli/bynder/internal/budget"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
	"github.com/bynder-cli/bynder/internal/report"
)

// queue tells the reporter how many files a run is to get: all at once where their number is known, else as
// they come, and nothing where it is one file.
type queue struct {
	list     *input.List
	reporter *report.Reporter
	callEach bool
	total    int  // lines, 0 where their number is not known
	counting bool // files are counted as they come
}

// newQueue tells the reporter of all files where the number of lines is known and each is one file.
func newQueue(r request, list *input.List, reporter *report.Reporter, lines int, known bool) *queue {
	q := &queue{list: list, reporter: reporter, callEach: r.callEach}
	switch {
	case r.single:
	case known && !r.expands:
		q.total = lines
		reporter.Queued(lines)
		reporter.QueueClosed()
	default:
		q.counting = true
	}
	return q
}

// expanded notes that the line behind a job has become n files.
func (q *queue) expanded(job download.Job, n int) {
	q.list.Expanded(job, n)
	if q.counting {
		q.reporter.Queued(n - 1)
	}
}

// counted tells the reporter of the files that are wanted as they come, where it has not
// been told of all of them.
func (q *queue) counted(jobs iter.Seq[download.Job]) iter.Seq[download.Job] {
	if !q.counting {
		return jobs
	}
	return func(yield func(download.Job) bool) {
		defer q.reporter.QueueClosed()
		for job := range jobs {
			q.reporter.Queued(1)
			if !yield(job) {
				return
			}
		}
	}
}

// holdAndTimeLeft says what API calls wait for and, where that can be told, how long it takes
// to ask for all that is left.
func (q *queue) holdAndTimeLeft(h budget.Hold) string {
	text := holdText(h)
	left := q.total - q.list.Ended()
	if !q.callEach || h.Kind != budget.Allowance || h.Rate <= 0 || left <= 0 {
		return text
	}
	return text + ", about " + report.Duration(time.Duration(float64(left)/h.Rate*float64(time.Second))) + " left"
}
