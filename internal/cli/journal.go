package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/report"
)

func newJournal(s Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal <command>",
		Short: "Sum up a journal of what is done, or compact it",
		Long: `Sum up or compact a journal: the file in which --journal FILE of download and
fetch-item remembers what is done. It is one JSON object a line, the same that --json
prints, and the latest line about a file counts.

Journals of several machines are one by cat.`,
		Example: `  bynder download --from ids.txt --journal done.ndjson
  bynder journal show done.ndjson
  jq -r 'select(.status == "failed") | [.mediaId, .error.code] | @tsv' done.ndjson`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return &usageError{err: usagef("there is no command %q", "journal "+args[0]), hint: "bynder journal show or compact"}
		},
	}
	cmd.AddCommand(newJournalShow(s), newJournalCompact(s))
	return cmd
}

func newJournalShow(s Streams) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "show <file>",
		Short: "Count the files of a journal by status and cause",
		Long: `Count the files of a journal by status and, where they failed, by cause. Each file
counts once, as its latest line has it.

On a terminal as a table. Otherwise as lines of status, cause (empty where nothing
failed), files and bytes, separated by tabs. Lines that are superseded, or that are no
results, are counted on standard error.`,
		Args: oneJournal,
		RunE: func(cmd *cobra.Command, args []string) error { return showJournal(cmd.Context(), s, args[0], asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

func newJournalCompact(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "compact <file>",
		Short: "Leave one line a file in a journal, the latest",
		Long: `Leave one line a file in a journal, the latest; lines that are no results go, too. The
new journal takes the old one's place when it is whole. Processes that use the journal
may go on meanwhile.`,
		Args: oneJournal,
		RunE: func(cmd *cobra.Command, args []string) error { return compactJournal(cmd.Context(), s, args[0]) },
	}
}

// oneJournal refuses all but one argument.
func oneJournal(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return &usageError{err: errors.New("one journal has to be named"), hint: cmd.CommandPath() + " <file>"}
	}
	return nil
}

var journalColumns = []report.Column{
	{Title: "STATUS", Width: 10},
	{Title: "CAUSE", Width: 12, Drop: 1},
	{Title: "FILES", Width: 10, Right: true},
	{Title: "SIZE", Width: 8, Right: true, Drop: 2},
}

// showJournal writes the totals: what is there first, then failures, the most frequent
// first.
func showJournal(ctx context.Context, s Streams, file string, asJSON bool) error {
	groups, counts, err := journal.Summarise(ctx, file)
	if err != nil {
		return journalError(err)
	}
	slices.SortStableFunc(groups, func(a, b journal.Group) int {
		return cmp.Or(cmp.Compare(rank(a.Status), rank(b.Status)), -cmp.Compare(a.Files, b.Files), cmp.Compare(a.Cause, b.Cause))
	})
	listing := report.NewListing(s.Out, journalColumns, asJSON)
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
	if counts.Files == 0 {
		fmt.Fprintln(s.Err, "bynder: the journal is empty")
	}
	if counts.Superseded > 0 {
		fmt.Fprintf(s.Err, "bynder: %s superseded by later ones; `bynder journal compact` drops them\n", lines(counts.Superseded))
	}
	if counts.Foreign > 0 {
		fmt.Fprintf(s.Err, "bynder: %s not a result\n", lines(counts.Foreign))
	}
	return nil
}

// rank orders statuses; one that is not known comes after those that are.
func rank(s download.Status) int {
	all := []download.Status{download.Downloaded, download.Unchanged, download.Skipped, download.Failed}
	if i := slices.Index(all, s); i >= 0 {
		return i
	}
	return len(all)
}

// lines is a number of lines with its verb.
func lines(n int) string {
	if n == 1 {
		return "1 line is"
	}
	return strconv.Itoa(n) + " lines are"
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

func compactJournal(ctx context.Context, s Streams, file string) error {
	before, after, err := journal.Compact(ctx, file)
	if err != nil {
		return journalError(err)
	}
	fmt.Fprintf(s.Err, "bynder: %s; %s became %s: dropped were %s and %s\n",
		count(before.Files, "file"), report.Bytes(before.Bytes), report.Bytes(after),
		count(before.Superseded, "superseded line"), count(before.Foreign, "other line"))
	return nil
}

// journalError is an error of usage where the journal that was named cannot be meant.
func journalError(err error) error {
	if known, ok := errors.AsType[*download.Error](err); ok && known.Code == download.CodeUsage {
		return &usageError{err: err, hint: known.Hint()}
	}
	return err
}
