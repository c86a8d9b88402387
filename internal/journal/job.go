package journal

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// Job adds up the journals of one job, each of a share or of a machine. A file that several journals have counts once,
// for the journal with its latest result: by finishedAt and, where that is equal or unknown, by the order of reading.
type Job struct {
	seed     maphash.Seed
	journals []Totals
	latest   fingerprint.Table[latest]
}

// Totals are the files whose latest result a journal of a job has.
type Totals struct {
	Done, Failed int
	Bytes        int64 // of those that are done
}

// latest is the latest result of a file.
type latest struct {
	finished int64 // nanoseconds since 1970; 0 if unknown
	bytes    int64
	journal  int32
	failed   bool
}

// NewJob returns a Job of n journals, which have the numbers from 0.
func NewJob(n int) *Job { return &Job{seed: maphash.MakeSeed(), journals: make([]Totals, n)} }

// Add reads a journal. each, which may be nil, is called with the media id and the item id, which may be "", of each
// file that has a result in it. It reads as Summarize does.
func (j *Job) Add(ctx context.Context, number int, from Source, each func(mediaID, itemID string)) (otherLines int, err error) {
	return eachLatest(ctx, from, func(_ []byte, r *record) error {
		if each != nil {
			each(string(r.mediaID), string(r.itemID))
		}
		print, now := j.print(r), latest{finished: r.finishedAt(), bytes: min(max(r.bytes, 0), mostBytes), journal: int32(number), failed: r.is(download.Failed)}
		before, known := j.latest.Get(print)
		if known && before.finished > now.finished {
			return nil
		}
		if known {
			j.journals[before.journal].count(before, -1)
		}
		j.journals[number].count(now, 1)
		j.latest.Put(print, now)
		return nil
	})
}

// mostBytes bounds the size of a file, 8 TiB, so that the sum over a million files fits: other programs may have written any number.
const mostBytes = 8 << 40

// count adds n times a file.
func (t *Totals) count(l latest, n int) {
	if l.failed {
		t.Failed += n
		return
	}
	t.Done += n
	t.Bytes += int64(n) * l.bytes
}

// Totals returns those of a journal, by its number.
func (j *Job) Totals(number int) Totals { return j.journals[number] }

// EachFailure calls each with the failures of a journal that are the latest results of their files, in the journal's
// order. The journals of the job have been added, unless there is only one. It reads as Summarize does; an error of each ends it.
func (j *Job) EachFailure(ctx context.Context, number int, from Source, each func(download.Result) error) (otherLines int, err error) {
	return eachLatest(ctx, from, func(line []byte, r *record) error {
		if l, known := j.latest.Get(j.print(r)); !r.is(download.Failed) || known && (l.journal != int32(number) || !l.failed) {
			return nil
		}
		var failed download.Result
		if err := json.Unmarshal(line, &failed); err != nil {
			// Another program wrote it, with fields of other types: use those that are known.
			failed = r.result(download.Failed, string(r.path))
			failed.Error = &download.Failure{Code: download.Code(r.cause)}
		}
		if failed.Error == nil {
			failed.Error = &download.Failure{}
		}
		return each(failed)
	})
}

// print returns the fingerprint of a record's file. The case of an id does not matter.
func (j *Job) print(r *record) uint64 {
	file := r.file()
	file.MediaID = strings.ToUpper(file.MediaID)
	return maphash.Comparable(j.seed, file)
}

// finishedAt returns the time of a result in nanoseconds since 1970, or 0 if it is unknown.
func (r *record) finishedAt() int64 {
	t, err := time.Parse(time.RFC3339Nano, string(r.finished))
	if err != nil {
		return 0
	}
	return t.UnixNano()
}
