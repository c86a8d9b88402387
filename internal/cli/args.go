package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/spelling"
)

// unknownCommand returns the error for a command that parent does not have. Its hint is the name of a similar one or else,
// all that it has. below are further words, of a command below it.
func unknownCommand(parent *cobra.Command, name string, below ...string) error {
	var names []string
	for _, each := range parent.Commands() {
		if each.IsAvailableCommand() {
			names = append(names, each.Name())
		}
	}
	_, path, _ := strings.Cut(parent.CommandPath()+" ", " ")
	err := &usageError{err: fmt.Errorf("unknown command %q", strings.Join(append([]string{path + name}, below...), " "))}
	near, found := spelling.Nearest(name, names)
	switch {
	case found:
		err.hint = "did you mean " + path + near + "?"
	case len(names) == 0:
		err.hint = "use bynder help " + strings.TrimSpace(path)
	case parent.HasParent():
		err.hint = "use " + parent.CommandPath() + " " + alternatives(names)
	default:
		err.hint = "`bynder help` lists the commands"
	}
	return err
}

// alternatives returns "a, b or c".
func alternatives(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// flagError returns the error of parsing flags as a usageError. Its hint is the name of a similar flag or, for a command
// that takes ids, how to write one that begins with a hyphen.
func flagError(cmd *cobra.Command, err error) error {
	hint := "`" + cmd.CommandPath() + " --help` lists the flags"
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		isShort := unknown.GetSpecifiedShortnames() != ""
		near, found := spelling.Nearest(unknown.GetSpecifiedName(), names)
		switch {
		case found && !isShort:
			hint = "did you mean --" + near + "?"
		case isShort && strings.Contains(cmd.Use, "<mediaId>"):
			hint += "; write -- before ids that begin with -"
		}
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		err = invalidValue(wrong.GetFlag(), wrong.GetValue(), wrong.Unwrap())
	}
	return &usageError{err: err, hint: hint}
}

// invalidValue returns the error of a value that a flag does not take, with what is valid in place of cause, which is
// that of a function of Go. The value of --with-token is not shown, because it may be a token.
func invalidValue(flag *pflag.Flag, value string, cause error) error {
	if flag.Name == "with-token" {
		return errors.New("--with-token takes no value: it reads the token from standard input")
	}
	must := cause.Error()
	switch kind := flag.Value.Type(); {
	case strings.HasSuffix(must, strconv.ErrRange.Error()):
		must = "the number is too large"
		if strings.HasPrefix(value, "-") {
			must = "the number is too small"
		}
	case kind == "int":
		must = "must be a whole number"
	case kind == "float64":
		must = "must be a number"
	case kind == "bool":
		must = "must be true or false"
	case kind == "duration":
		must = "must be a time such as 90s or 5m"
	case kind == "stringSlice":
		must = "must be values separated by commas"
	}
	return fmt.Errorf("--%s: invalid value %s: %s", flag.Name, quote(value), must)
}

// decimal is the value of a flag that takes a whole number, written in decimal digits: pflag takes 010 as 8 and 0x10 as 16.
type decimal struct{ pflag.Value }

// Set parses a value of the flag.
func (d decimal) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return err
	}
	return d.Value.Set(strconv.FormatInt(n, 10))
}

// setDecimal makes all flags of whole numbers take decimal digits only.
func setDecimal(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Value.Type() == "int" {
			f.Value = decimal{f.Value}
		}
	})
}

// setDecimals does so for a command and all below it.
func setDecimals(cmd *cobra.Command) {
	setDecimal(cmd.Flags())
	setDecimal(cmd.PersistentFlags())
	for _, each := range cmd.Commands() {
		setDecimals(each)
	}
}

// noArgs rejects arguments of a command that takes none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		if cmd.HasAvailableSubCommands() {
			return unknownCommand(cmd, args[0])
		}
		hint := "`" + cmd.CommandPath() + " --help` lists the flags"
		if words := strings.TrimSpace(strings.Join(args, " ")); words != "" && cmd.Flags().Lookup("keyword") != nil {
			hint = "to search by keyword: " + cmd.CommandPath() + " --keyword " + shellWord(words)
		}
		return &usageError{err: fmt.Errorf("unexpected argument %q", args[0]), hint: hint}
	}
	return nil
}

// shellWord returns s as one word of a POSIX shell, quoted only if it must be.
func shellWord(s string) string {
	isPlain := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_.,/", r) }
	if strings.TrimLeftFunc(s, isPlain) == "" {
		return s
	}
	return shellQuote(s)
}

// noArgsUnquoted rejects arguments as noArgs does, but does not show them, because one may be a token.
func noArgsUnquoted(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{err: errors.New("unexpected argument"), hint: "`" + cmd.CommandPath() + " --help` lists the flags"}
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

// someMediaIDs checks the arguments of a command that takes ids of assets as arguments alone.
func someMediaIDs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return &usageError{err: errors.New("no media id given"), hint: cmd.CommandPath() + " <mediaId>"}
	}
	if slices.Contains(args, "-") {
		return &usageError{err: errors.New(cmd.Name() + " does not read a list"), hint: "xargs " + cmd.CommandPath() + " < ids"}
	}
	_, err := readIDs(args, mediaIDOf(""))
	return err
}

// mediaIDOf returns a function that parses the id of an asset, or a link to one in portal, "" for any portal.
func mediaIDOf(portal string) func(text string) (string, error) {
	return func(text string) (string, error) { return bynder.ReadMediaID(text, portal) }
}
