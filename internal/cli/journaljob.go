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
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/report"
)

// journalTotals are the totals of one journal of a job that several processes do, or of the ids that have none.
type journalTotals struct {
	journal      string
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
	recorded, otherLines := input.NewDistinct(), 0
	for _, file := range files {
		t, others, err := o.totalsOf(ctx, s, file, recorded)
		if ctx.Err() != nil {
			return err
		}
		otherLines += others
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		all = append(all, t)
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

// totalsOf adds up a journal and, if they are compared with a list, adds its ids to those recorded.
func (o journalShow) totalsOf(ctx context.Context, s Streams, file string, recorded *input.Distinct) (t journalTotals, otherLines int, err error) {
	t = journalTotals{journal: file, share: shareOfName(file)}
	from, done, err := o.openSource(ctx, s, file)
	if err != nil {
		return t, 0, err
	}
	defer done()
	groups, otherLines, err := journal.Summarize(ctx, from)
	if err == nil && len(o.from) > 0 {
		err = journal.EachID(ctx, from, func(mediaID, itemID string) {
			recorded.First(jobKey(mediaID, ""))
			recorded.First(jobKey(mediaID, itemID))
		})
	}
	for _, g := range groups {
		if g.Status == download.Failed {
			t.failed += g.Files
			continue
		}
		t.done, t.bytes = t.done+g.Files, t.bytes+g.Bytes
	}
	return t, otherLines, err
}

// jobKey returns what a file is recorded as: an id of an asset, which may be spelled in two ways, and an item.
func jobKey(mediaID, itemID string) string { return strings.ToUpper(mediaID) + "\t" + itemID }

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
func (o journalShow) countMissing(ctx context.Context, s Streams, all []journalTotals, recorded *input.Distinct) (_ []journalTotals, invalid int, err error) {
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
	rest := 0
	for job := range list.Jobs(ctx) {
		switch {
		case job.Err != nil:
			invalid++
		case recorded.First(jobKey(job.MediaID, job.Selector.ItemID)):
			i := slices.IndexFunc(all, func(t journalTotals) bool { return t.share.Of > 0 && t.share.Holds(job.MediaID) })
			if i < 0 {
				rest++
				continue
			}
			all[i].missing++
		}
	}
	if rest > 0 {
		all = append(all, journalTotals{missing: rest})
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
