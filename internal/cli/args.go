package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// noCommand is the error of a command that does not exist.
func noCommand(name, hint string) *usageError {
	return &usageError{err: fmt.Errorf("there is no command %q", name), hint: hint}
}

// noArgs refuses arguments where a command takes none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{err: fmt.Errorf("%s takes no argument %q", cmd.CommandPath(), args[0]), hint: "`" + cmd.CommandPath() + " --help` lists the flags"}
	}
	return nil
}

// noArgsUnquoted refuses arguments as noArgs does, and does not repeat them: one may be a token.
func noArgsUnquoted(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{err: fmt.Errorf("%s takes no arguments", cmd.CommandPath()), hint: "`" + cmd.CommandPath() + " --help` lists the flags"}
	}
	return nil
}

// checkIDs refuses arguments that can be no ids.
func checkIDs(ids []string) error {
	for _, id := range ids {
		if err := bynder.CheckID(id); err != nil {
			return &usageError{err: err, hint: "an id looks like D4AC0B41-141B-47D2-98B4FECDA8894CB2"}
		}
	}
	return nil
}
