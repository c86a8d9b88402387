package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newMan returns the command man, which packages and `make docs` use.
func newMan(s Streams) *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:    "man <folder>",
		Short:  "Write the manual pages of all commands to a folder",
		Hidden: true,
		Long: `Write a manual page for each command to a folder, which is created if missing:
bynder.1, bynder-download.1 and so on. Existing files of these names are
replaced.

The date of the pages is SOURCE_DATE_EPOCH, seconds since 1970, or else the date
of the commit that the program was built from. If neither is known, the pages
have no date.`,
		Example: `  # Read the manual page of a command without installing it
  bynder man pages
  man ./pages/bynder-download.1`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return &usageError{err: errors.New("specify one folder"), hint: "bynder man <folder>"}
			}
			return refuseURL("bynder man", args[0])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if markdown {
				return writePages(cmd.Root(), args[0], ".md", markdownPage)
			}
			date, err := manualDate(s.Getenv("SOURCE_DATE_EPOCH"))
			if err != nil {
				return err
			}
			return writePages(cmd.Root(), args[0], ".1", func(cmd *cobra.Command) string { return manualPage(cmd, date) })
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "write Markdown instead, without a date")
	return cmd
}

// manualDate returns the date of manual pages as 2006-01-02, "" for none. The value of SOURCE_DATE_EPOCH takes precedence
// over the date of the commit (https://reproducible-builds.org/specs/source-date-epoch).
func manualDate(epoch string) (string, error) {
	if epoch == "" {
		date, _, _ := strings.Cut(currentBuild().Date, "T")
		return date, nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || seconds < 0 {
		return "", usagef("invalid SOURCE_DATE_EPOCH %q: must be seconds since 1970", epoch)
	}
	return time.Unix(seconds, 0).UTC().Format(time.DateOnly), nil
}

// writePages writes the page of each documented command to folder.
func writePages(root *cobra.Command, folder, extension string, page func(*cobra.Command) string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("creating the folder of the pages: %w", err)
	}
	for _, cmd := range documented(root) {
		name := filepath.Join(folder, pageName(cmd)+extension)
		if err := os.WriteFile(name, []byte(page(cmd)), 0o666); err != nil {
			return fmt.Errorf("writing a page: %w", err)
		}
	}
	return nil
}

// documented returns cmd and the commands below it, without hidden ones and the command help.
func documented(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, each := range subcommands(cmd) {
		all = append(all, documented(each)...)
	}
	return all
}

// subcommands returns the documented commands directly below cmd.
func subcommands(cmd *cobra.Command) (all []*cobra.Command) {
	for _, each := range cmd.Commands() {
		if each.IsAvailableCommand() && each.Name() != "help" {
			all = append(all, each)
		}
	}
	return all
}

// pageName returns the name of the page of a command, such as bynder-auth-login.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }
