package cli

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// openOptions are the flags and arguments of `bynder open`.
type openOptions struct {
	configFlags
	streams Streams
	id      string
	print   bool
}

// newOpen returns the command; run is runOpen, or a function of a test.
func newOpen(s Streams, run func(context.Context, *openOptions) error) *cobra.Command {
	o := openOptions{streams: s}
	cmd := &cobra.Command{
		Use:   "open <mediaId>",
		Short: "Open the page of an asset in the browser",
		Long: `Open the page of an asset in the browser: with xdg-open, or the program that
macOS and Windows have for it. Makes no API call, and needs no credentials if
--domain or BYNDER_DOMAIN is set. If no browser can be started, the address is
printed to standard output and the exit status is 1.`,
		Example: `  # Print the address of an asset's page
  bynder open --print D4AC0B41-141B-47D2-98B4FECDA8894CB2`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{err: errors.New("specify one media id"), hint: "bynder open <mediaId>"}
			}
			_, err := readIDs(args, mediaIDOf(""))
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			return run(cmd.Context(), &o)
		},
	}
	o.add(cmd.Flags())
	cmd.Flags().BoolVar(&o.print, "print", false, "print the address, and do not open it")
	return cmd
}

func runOpen(ctx context.Context, o *openOptions) error {
	portal, err := o.portalOf(ctx)
	if err != nil {
		return err
	}
	ids, err := readIDs([]string{o.id}, mediaIDOf(portal.Host))
	if err != nil {
		return err
	}
	page := bynder.PageURL(portal, ids[0])
	var failed error
	if !o.print {
		if failed = openInBrowser(ctx, o.streams, page); failed == nil || ctx.Err() != nil {
			return failed
		}
	}
	_, err = io.WriteString(o.streams.Out, page+"\n")
	return errors.Join(failed, written(err))
}

// portalOf returns the portal, without asking for credentials if a flag or the environment has it.
func (o *openOptions) portalOf(ctx context.Context) (*url.URL, error) {
	portal, _, err := o.sources(o.streams).Portal()
	if portal != nil || err != nil {
		return portal, err
	}
	conf, err := o.load(ctx, o.streams)
	return conf.Portal, err
}

// browserCommand returns the command that opens a URL in the browser that the user of an operating system has chosen.
// None of these programs hands its arguments to a shell.
func browserCommand(system, page string) []string {
	switch system {
	case "darwin":
		return []string{"open", page}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", page}
	default:
		return []string{"xdg-open", page}
	}
}

// openInBrowser opens a URL, and waits for the program that does it: a browser for terminals needs ours until it ends. What
// the program writes goes to standard error.
func openInBrowser(ctx context.Context, s Streams, page string) error {
	command := browserCommand(runtime.GOOS, page)
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr = s.In, s.Err, s.Err
	child.Env = foreignEnviron()
	child.WaitDelay = endTimeout / 2
	err := child.Run()
	switch unknown, isUnknown := errors.AsType[*exec.Error](err); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case isUnknown:
		err = unknown.Err
	}
	return &browserError{"cannot open a browser with " + command[0] + ": " + err.Error()}
}

// browserError means that no browser was started. It does not wrap the error of the program, whose exit status is not
// that of bynder.
type browserError struct{ text string }

func (e *browserError) Error() string { return e.text }

// Hint returns what the user can do about it.
func (*browserError) Hint() string { return "open the printed address in a browser" }
