package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/report"
)

func newJournal(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal <command>",
		Short: "Summarize a journal of finished files",
		Long: `Summarize a journal: the file in which download and fetch-item with
--journal FILE record finished files. It has one JSON object per line, as --json
prints them; the last line about a file counts.

Journals of several machines, such as those of --shard, can be shown together;
to merge them, concatenate them with cat.`,
		Example: `  # Download a list of assets with a journal; run it again to continue
  bynder download -d photos --from ids.txt --journal done.ndjson

  # Count the files of the journal by status
  bynder journal show done.ndjson

  # List the files that failed
  bynder journal show --failed done.ndjson`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
	}
	cmd.AddCommand(newJournalShow(s))
	return cmd
}

func newJournalShow(s Streams) *cobra.Command {
	var o journalShow
	cmd := &cobra.Command{
		Use:   "show <file>...",
		Short: "Count the files of a journal by status and cause",
		Long: `Count the files of a journal by status and, if they failed, by cause. The last
line about a file counts. A journal that is in use can be read, and one in a
bucket: s3://BUCKET/PREFIX/.

Prints a table to a terminal. Otherwise prints lines of tab-separated fields:
status, cause (empty unless failed), number of files, bytes. The number of lines
that are not results is printed to standard error.

Several journals are those of one job: a row for each has the files in place,
the files that failed and, with --from LIST, the ids of the list that no journal
has. A file that several journals have counts for the one with its latest
result. Shares are taken from the journals' names, where {shard} of --journal
has put them; those without a journal are listed, too. Lines have the fields
journal, share, done, failed, missing and bytes.

--failed lists the files whose last result is a failure, as input for download:
media id, item id, name, path, selector, cause, retryable (true or false),
message, hint and time; --csv adds a header. Give download the flags of the
first run again: without --derivative, it gets originals, with --csv under the
paths of the derivatives. In CSV, a cell that a spreadsheet could take for a
formula starts with an apostrophe.`,
		Example: `  # Count the files by status
  bynder journal show done.ndjson

  # Show how far the tasks of a job are
  bynder journal show --from ids.txt done-*.ndjson

  # Save the files that failed as a spreadsheet
  bynder journal show --failed --csv done.ndjson > failed.csv

  # Try the files that failed again
  bynder journal show --failed done.ndjson | bynder download -d photos -`,
		Args: someJournals,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.csv && o.json {
				return usagef("--csv and --json exclude each other")
			}
			switch {
			case o.failed && len(o.from) > 0:
				return usagef("--failed and --from exclude each other")
			case o.failed:
				return o.showFailed(cmd.Context(), s, args)
			case len(args) > 1 || len(o.from) > 0:
				return o.showJob(cmd.Context(), s, args)
			}
			return o.showTotals(cmd.Context(), s, args[0])
		},
	}
	cmd.Flags().BoolVar(&o.failed, "failed", false, "list the files that failed")
	cmd.Flags().StringArrayVar(&o.from, "from", nil, "count the ids in this `file` that no journal has (- = standard input)")
	cmd.Flags().BoolVar(&o.csv, "csv", false, "comma-separated values below a header")
	cmd.Flags().BoolVar(&o.json, "json", false, "one JSON object per line")
	cmd.Flags().StringVar(&o.caCert, "ca-cert", "", "`file` of additional trusted certificates in PEM format")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "with --failed: messages name the URLs of storage")
	return cmd
}

// journalShow are the flags of `bynder journal show`.
type journalShow struct {
	failed, csv, json, verbose bool

	from   []string
	caCert string
}

func (o journalShow) listing(s Streams, columns []report.Column, header []string) *report.Listing {
	if o.csv {
		return report.NewCSV(s.Out, header)
	}
	return report.NewListing(s.Out, columns, o.json)
}

// someJournals rejects arguments that do not name one or more journals.
func someJournals(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || slices.Contains(args, "") {
		return &usageError{err: errors.New("specify a journal file"), hint: cmd.CommandPath() + " <file>"}
	}
	for _, file := range args {
		if bucket.IsURL(file) {
			continue
		}
		if err := refuseURL(cmd.CommandPath(), file); err != nil {
			return err
		}
	}
	return nil
}

var journalColumns = []report.Column{
	{Title: "STATUS", Width: 10},
	{Title: "CAUSE", Width: 12, Least: 9},
	{Title: "FILES", Width: 10, Least: 7, Right: true},
	{Title: "SIZE", Width: 8, Right: true},
}

// showTotals writes the totals: first of files in place, then of failures, the most frequent first.
func (o journalShow) showTotals(ctx context.Context, s Streams, file string) error {
	from, done, err := o.openSource(ctx, s, file)
	if err != nil {
		return err
	}
	defer done()
	groups, otherLines, err := journal.Summarize(ctx, from)
	if err != nil {
		return err
	}
	slices.SortStableFunc(groups, func(a, b journal.Group) int {
		return cmp.Or(cmp.Compare(rank(a.Status), rank(b.Status)), -cmp.Compare(a.Files, b.Files), cmp.Compare(a.Cause, b.Cause))
	})
	listing := o.listing(s, journalColumns, []string{"status", "cause", "files", "bytes"})
	for _, g := range groups {
		size := ""
		if g.Status != download.Failed {
			size = report.Bytes(g.Bytes)
		}
		err := listing.Row(report.Row{
			Cells:  []string{string(g.Status), string(g.Cause), strconv.Itoa(g.Files), size},
			Fields: []string{string(g.Status), string(g.Cause), strconv.Itoa(g.Files), strconv.FormatInt(g.Bytes, 10)},
			Object: journalGroup(g),
		})
		if err != nil {
			return &stdoutError{err}
		}
	}
	if err := listing.Header(); err != nil {
		return &stdoutError{err}
	}
	if len(groups) == 0 {
		s.screen().Say("the journal is empty")
	}
	sayOtherLines(s, otherLines)
	return nil
}

var (
	failureColumns = []report.Column{
		{Title: "MEDIA ID", Width: 36, Least: 35},
		{Title: "FILE", Width: 40, Least: 8, Drop: 2},
		{Title: "CAUSE", Width: 12, Drop: 1},
		{Title: "MESSAGE", Width: 100, Least: 20, Drop: 3},
	}
	failureHeader = []string{"id", "itemId", "name", "path", "selector", "cause", "retryable", "message", "hint", "finishedAt"}
)

// showFailed lists the files whose latest result in a journal is a failure.
func (o journalShow) showFailed(ctx context.Context, s Streams, files []string) error {
	listing, n, otherLines := o.listing(s, failureColumns, failureHeader), 0, 0
	row := func(r download.Result) error {
		finished := ""
		if !r.FinishedAt.IsZero() {
			finished = r.FinishedAt.Format(time.RFC3339)
		}
		e := r.Error
		e.Message = report.Message(e.Message, o.verbose)
		n++
		err := listing.Row(report.Row{
			Cells: []string{r.MediaID, cmp.Or(r.Name, r.Path, r.Selector), string(e.Code), e.Message},
			Fields: []string{
				r.MediaID, r.ItemID, r.Name, r.Path, r.Selector, string(e.Code), strconv.FormatBool(e.Retryable), e.Message, e.Hint, finished,
			},
			Object: r,
		})
		if err != nil {
			return &stdoutError{err}
		}
		return nil
	}
	job := journal.NewJob(len(files))
	if len(files) > 1 { // which one has a file's latest result is known when all have been read
		for i, file := range files {
			if _, err := o.addTo(ctx, s, job, i, file, nil); err != nil {
				return err
			}
		}
	}
	for i, file := range files {
		from, done, err := o.openSource(ctx, s, file)
		if err != nil {
			return err
		}
		others, err := job.EachFailure(ctx, i, from, row)
		done()
		if otherLines += others; err != nil {
			return err
		}
	}
	if err := listing.Header(); err != nil {
		return &stdoutError{err}
	}
	if n == 0 {
		s.screen().Say("no file failed")
	}
	sayOtherLines(s, otherLines)
	return nil
}

// sayOtherLines prints how many lines of a journal are not results.
func sayOtherLines(s Streams, otherLines int) {
	switch {
	case otherLines == 1:
		s.screen().Say("1 line is not a result")
	case otherLines > 1:
		s.screen().Say("%d lines are not results", otherLines)
	}
}

// rank returns the position of a status in the table; unknown ones come last.
func rank(s download.Status) int {
	all := []download.Status{download.Downloaded, download.Unchanged, download.Skipped, download.Failed}
	if i := slices.Index(all, s); i >= 0 {
		return i
	}
	return len(all)
}

// journalGroup is a group of files as JSON.
type journalGroup journal.Group

// MarshalJSON implements json.Marshaler.
func (g journalGroup) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Status download.Status `json:"status"`
		Cause  download.Code   `json:"cause,omitempty"`
		Files  int             `json:"files"`
		Bytes  int64           `json:"bytes"`
	}{g.Status, g.Cause, g.Files, g.Bytes})
}
