package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// noCommand returns the error for a command that does not exist.
func noCommand(name, hint string) *usageError {
	return &usageError{err: fmt.Errorf("unknown command %q", name), hint: hint}
}

// noArgs rejects arguments of a command that takes none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{err: fmt.Errorf("%s takes no argument %q", cmd.CommandPath(), args[0]), hint: "`" + cmd.CommandPath() + " --help` lists the flags"}
	}
	return nil
}

// noArgsUnquoted rejects arguments as noArgs does, but does not show them, because one may be a token.
func noArgsUnquoted(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{err: fmt.Errorf("%s takes no arguments", cmd.CommandPath()), hint: "`" + cmd.CommandPath() + " --help` lists the flags"}
	}
	return nil
}

// readIDs parses the ids in arguments, each with read.
func readIDs(ids []string, read func(text string) (string, error)) ([]string, error) {
	all := make([]string, len(ids))
	for i, text := range ids {
		id, err := read(text)
		if err != nil {
			return nil, &usageError{err: err, hint: "an id looks like D4AC0B41-141B-47D2-98B4FECDA8894CB2"}
		}
		all[i] = id
	}
	return all, nil
}

// mediaIDOf returns a function that parses the id of an asset, or a link to one in portal, "" for any portal.
func mediaIDOf(portal string) func(text string) (string, error) {
	return func(text string) (string, error) { return bynder.ReadMediaID(text, portal) }
}
