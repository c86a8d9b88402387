package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
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
		Short: "Summarize a journal of finished files",
		Long: `Summarize a journal: the file in which --journal FILE of download and fetch-item
records finished files. It has one JSON object per line, as --json prints them, and the
latest line about a file counts.

To merge journals from several machines, concatenate them with cat.`,
		Example: `  bynder download --from ids.txt --journal done.ndjson
  bynder journal show done.ndjson
  jq -r 'select(.status == "failed") | [.mediaId, .error.code] | @tsv' done.ndjson`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return noCommand("journal "+args[0], "bynder journal show <file>")
		},
	}
	cmd.AddCommand(newJournalShow(s))
	return cmd
}

func newJournalShow(s Streams) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "show <file>",
		Short: "Count the files of a journal by status and cause",
		Long: `Count the files of a journal by status and, if they failed, by cause. Each file counts
once, as its latest line has it. A journal that is in use can be read, too.

On a terminal as a table. Otherwise as lines of status, cause (empty unless the files
failed), files and bytes, separated by tabs. Lines that are not results are counted on
standard error.`,
		Args: oneJournal,
		RunE: func(cmd *cobra.Command, args []string) error { return showJournal(cmd.Context(), s, args[0], asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// oneJournal refuses all but one argument.
func oneJournal(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return &usageError{err: errors.New("specify a journal file"), hint: cmd.CommandPath() + " <file>"}
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
	groups, otherLines, err := journal.Summarise(ctx, file)
	if err != nil {
		return err
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
	if len(groups) == 0 {
		s.screen().Say("the journal is empty")
	}
	switch {
	case otherLines == 1:
		s.screen().Say("1 line is not a result")
	case otherLines > 1:
		s.screen().Say("%d lines are not results", otherLines)
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
