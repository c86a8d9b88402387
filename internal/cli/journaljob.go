package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/input"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/report"
)

// journalTotals are the totals of one journal of a job that several processes do, or of the ids that have none.
type journalTotals struct {
	journal      string
	number       int         // of the journal in the job
	share        input.Shard // as the journal's name says; the zero value if it does not
	done, failed int
	missing      int // ids of the list without a record
	bytes        int64
}

var jobColumns = []report.Column{
	{Title: "JOURNAL", Width: 40, Least: 12},
	{Title: "DONE", Width: 10, Least: 7, Right: true},
	{Title: "FAILED", Width: 10, Least: 7, Right: true},
	{Title: "MISSING", Width: 10, Least: 7, Right: true},
	{Title: "SIZE", Width: 8, Right: true},
}

// showJob writes a row for each journal, then one for each share without a journal and one for ids that belong to none,
// and on a terminal the sums.
func (o journalShow) showJob(ctx context.Context, s Streams, files []string) error {
	var all []journalTotals
	var failed error
	job, recorded, otherLines := journal.NewJob(len(files)), input.NewRecorded(), 0
	note := recorded.Add
	if len(o.from) == 0 {
		note = nil
	}
	for i, file := range files {
		others, err := o.addTo(ctx, s, job, i, file, note)
		if ctx.Err() != nil {
			return err
		}
		otherLines += others
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		all = append(all, journalTotals{journal: file, number: i, share: shareOfName(file)})
	}
	for i := range all {
		sums := job.Totals(all[i].number)
		all[i].done, all[i].failed, all[i].bytes = sums.Done, sums.Failed, sums.Bytes
	}
	all = append(all, sharesWithout(all)...)
	invalid := 0
	if len(o.from) > 0 {
		var err error
		if all, invalid, err = o.countMissing(ctx, s, all, recorded); err != nil {
			return errors.Join(failed, err)
		}
	}
	if err := o.writeJob(s, all); err != nil {
		return &stdoutError{err}
	}
	sayOtherLines(s, otherLines)
	if invalid > 0 {
		s.screen().Say("lines of the list without a valid id: %d", invalid)
	}
	return failed
}

// addTo adds a journal to the job.
func (o journalShow) addTo(ctx context.Context, s Streams, job *journal.Job, number int, file string, note func(mediaID, itemID string)) (otherLines int, err error) {
	from, done, err := o.openSource(ctx, s, file)
	if err != nil {
		return 0, err
	}
	defer done()
	return job.Add(ctx, number, from, note)
}

var shareInName = regexp.MustCompile(`(?:^|[^0-9])([0-9]{1,9})-of-([0-9]{1,9})(?:[^0-9]|$)`)

// shareOfName returns the share that {shard} has put into the name of a journal.
func shareOfName(file string) input.Shard {
	found := shareInName.FindStringSubmatch(filepath.Base(file))
	if found == nil {
		return input.Shard{}
	}
	share, err := input.ParseShard(found[1]+"/"+found[2], nil)
	if err != nil {
		return input.Shard{}
	}
	return share
}

// mostAbsent is the most shares without a journal that are listed.
const mostAbsent = 10_000

// sharesWithout returns the shares that have no journal, if all journals are of shares of one division.
func sharesWithout(all []journalTotals) (absent []journalTotals) {
	if len(all) == 0 {
		return nil
	}
	of, found := all[0].share.Of, map[int]bool{}
	for _, t := range all {
		if t.share.Of != of || of == 0 || of > mostAbsent {
			return nil
		}
		found[t.share.Index%of] = true
	}
	for index := 1; index <= of; index++ {
		if !found[index%of] {
			absent = append(absent, journalTotals{share: input.Shard{Index: index, Of: of}})
		}
	}
	return absent
}

// countMissing counts the ids of the lists that no journal has, for the share that they belong to. Ids of no share get
// a row of their own. It also returns the number of lines without a valid id.
func (o journalShow) countMissing(ctx context.Context, s Streams, all []journalTotals, recorded *input.Recorded) (_ []journalTotals, invalid int, err error) {
	flags := transferFlags{from: o.from}
	flags.streams = s
	sources, err := flags.openSources(ctx, request{})
	if err != nil {
		return all, 0, err
	}
	defer sources.Close()
	list, err := input.New(ctx, input.Options{Sources: sources, Choose: func(e input.Entry) (bynder.Selector, error) {
		return bynder.Selector{Kind: bynder.Item, ItemID: e.ItemID}, nil
	}})
	if err != nil {
		return all, 0, err
	}
	defer list.Discard()
	var inNone journalTotals
	lacks := func(mediaID string) {
		i := slices.IndexFunc(all, func(t journalTotals) bool { return t.share.Of > 0 && t.share.Holds(mediaID) })
		if i < 0 {
			inNone.missing++
			return
		}
		all[i].missing++
	}
	for job := range list.Jobs(ctx) {
		switch {
		case job.Err != nil:
			invalid++
		case recorded.Lacks(job.MediaID, job.Selector.ItemID):
			lacks(job.MediaID)
		}
	}
	for _, mediaID := range recorded.Rest() {
		lacks(mediaID)
	}
	if inNone.missing > 0 {
		all = append(all, inNone)
	}
	return all, invalid, errors.Join(ctx.Err(), list.Err())
}

// writeJob writes the rows.
func (o journalShow) writeJob(s Streams, all []journalTotals) error {
	listing := o.listing(s, jobColumns, []string{"journal", "share", "done", "failed", "missing", "bytes"})
	var sum journalTotals
	for _, t := range all {
		sum.done, sum.failed, sum.missing, sum.bytes = sum.done+t.done, sum.failed+t.failed, sum.missing+t.missing, sum.bytes+t.bytes
		if err := listing.Row(o.jobRow(t)); err != nil {
			return err
		}
	}
	if listing.IsTable() {
		sum.journal = "all"
		if err := listing.Row(o.jobRow(sum)); err != nil {
			return err
		}
	}
	return listing.Header()
}

func (o journalShow) jobRow(t journalTotals) report.Row {
	missing, share, name := "", "", t.journal
	if len(o.from) > 0 {
		missing = strconv.Itoa(t.missing)
	}
	if t.share.Of > 0 {
		share = fmt.Sprintf("%d/%d", t.share.Index, t.share.Of)
		name = cmp.Or(name, fmt.Sprintf("(no journal of share %s)", share))
	}
	return report.Row{
		Cells:  []string{cmp.Or(name, "(in no journal)"), strconv.Itoa(t.done), strconv.Itoa(t.failed), missing, report.Bytes(t.bytes)},
		Fields: []string{t.journal, share, strconv.Itoa(t.done), strconv.Itoa(t.failed), missing, strconv.FormatInt(t.bytes, 10)},
		Object: jobObject{t, share, len(o.from) > 0},
	}
}

// jobObject is the totals of a journal as JSON.
type jobObject struct {
	journalTotals
	shareText string
	listed    bool // missing is known
}

// MarshalJSON implements json.Marshaler.
func (j jobObject) MarshalJSON() ([]byte, error) {
	var missing *int
	if j.listed {
		missing = &j.missing
	}
	return json.Marshal(struct {
		Journal string `json:"journal,omitempty"`
		Share   string `json:"share,omitempty"`
		Done    int    `json:"done"`
		Failed  int    `json:"failed"`
		Missing *int   `json:"missing,omitempty"`
		Bytes   int64  `json:"bytes"`
	}{j.journal, j.shareText, j.done, j.failed, missing, j.bytes})
}
