package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/sandbox"
	"github.com/bynder-cli/bynder/internal/spelling"
)

// sandboxOptions are the flags and arguments of `bynder sandbox`.
type sandboxOptions struct {
	streams Streams
	kind    sandbox.Kind
	portal  sandbox.Options
	faults  []string
	stats   string
	command []string
}

func newSandbox(s Streams) *cobra.Command {
	o := sandboxOptions{streams: s, kind: sandbox.OAuth1}
	kind := string(o.kind)
	cmd := &cobra.Command{
		Use:   "sandbox [flags] [-- command...]",
		Short: "Run a local portal to try commands and test scripts",
		Long: `Run a portal, its storage and an S3 bucket on this machine, to try this program
and to test scripts without an account. The catalogue is small and the same
every time; the bucket, s3://sandbox, is empty at first and removed at the end.

With a command, the command runs with BYNDER_DOMAIN, one kind of credentials and
the AWS_* variables of the bucket set and all other BYNDER_* and AWS_* variables
removed, and the exit status is that of the command. The command can be a shell.
Without one, the sandbox prints these variables as lines for a shell and serves
until Ctrl-C.

With --catalogue, the portal has the assets in a file in place of its own. The
file is read again whenever it changes: new versions, other names, deletions.
docs/sandbox.md describes its format. With --port, the addresses of portal,
storage and bucket are the same each time: http://127.0.0.1:N, :N+1 and :N+2.

A fault is NAME[=VALUE][,KEY=VALUE]... In the list below, N is a VALUE that is a
number, such as 64K or 2M, and TEXT is any other VALUE. Keys limit what a fault
affects:
  asset=ID          the files and calls of one asset
  on=ENDPOINT       calls to one endpoint: download, media, list, collections,
                    currentUser, token, ...; for faults of the bucket, whose
                    names begin with s3-, one operation, such as UploadPart;
                    for faults of storage, on=direct: requests with the URL of
                    a public original that lists have
  after=N, times=N  not the first N requests; at most N requests (per file on
                    storage, per asset or endpoint on the API, per object or
                    operation of the bucket)
  rate=0.01         this share of the assets; for lists and other calls that are
                    not about one asset, of the calls
  seed=N            other assets or calls for the same rate
Faults:
` + faultHelp(),
		Example: `  # Run a command against the built-in portal
  bynder sandbox -- bynder download D4AC0B41-141B-47D2-98B4FECDA8894CB2

  # Try commands in a shell against the portal; exit ends both
  bynder sandbox -- bash

  # Test a script against a portal whose first download breaks off
  bynder sandbox --fault cut=100000,times=1 -- ./my-script.sh

  # Test a script against assets of your own
  bynder sandbox --catalogue assets.json -- ./my-script.sh`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.read(cmd, kind, args); err != nil {
				return err
			}
			return runSandbox(cmd.Context(), &o)
		},
	}
	o.addFlags(cmd.Flags(), &kind)
	return cmd
}

// addFlags adds the flags of the command.
func (o *sandboxOptions) addFlags(f *pflag.FlagSet, kind *string) {
	f.SetInterspersed(false) // what follows the command's name is the command's
	f.StringVar(kind, "auth", *kind, "`kind` of credentials to set: "+kinds())
	f.StringArrayVar(&o.faults, "fault", nil, "switch a `fault` on (repeatable)")
	f.IntVar(&o.portal.Assets, "assets", 300, "`number` of generated assets")
	f.StringVar(&o.portal.Catalogue, "catalogue", "", "read the assets from this JSON `file`, again whenever it changes")
	f.IntVar(&o.portal.Port, "port", 0, "listen on this `port`, and for storage and bucket on the next two (0 = any free ports)")
	f.BoolVar(&o.portal.NoRateLimit, "no-limit", false, "do not block after 4,500 calls in five minutes")
	f.BoolVar(&o.portal.NoCursor, "no-cursor", false, "omit cursors from lists, so that clients request pages")
	f.DurationVar(&o.portal.Penalty, "penalty", 5*time.Minute, "time without calls after which a block ends")
	f.StringVar(&o.stats, "stats", "", "write the numbers of calls and requests to this `file` at the end, as JSON")
}

// read sets the options that need more than parsing.
func (o *sandboxOptions) read(cmd *cobra.Command, kind string, command []string) error {
	if o.portal.Catalogue != "" && cmd.Flags().Changed("assets") {
		return usagef("--catalogue and --assets exclude each other")
	}
	if o.portal.Assets < 0 {
		return usagef("--assets: invalid number %d: must not be negative", o.portal.Assets)
	}
	if o.kind = sandbox.Kind(kind); !slices.Contains(sandbox.Kinds(), o.kind) {
		return usagef("--auth: invalid value %q: must be %s", kind, kinds())
	}
	for _, text := range o.faults {
		f, err := sandbox.ParseFault(text)
		if err != nil {
			return &usageError{err: fmt.Errorf("--fault: %w", err), hint: faultHint(f.Name)}
		}
		o.portal.Faults = append(o.portal.Faults, f)
	}
	if o.command = command; o.portal.Assets == 0 {
		o.portal.Assets = -1 // to the sandbox, zero is its default
	}
	return nil
}

// kinds returns the names of the kinds of credentials.
func kinds() string {
	var names []string
	for _, k := range sandbox.Kinds() {
		names = append(names, string(k))
	}
	return alternatives(names)
}

// faultHint returns what to do about a fault that is not valid: the name of a similar one, or where all are listed.
func faultHint(name string) string {
	var names []string
	for _, k := range sandbox.FaultKinds() {
		names = append(names, k.Name)
	}
	if near, found := spelling.Nearest(name, names); found && !slices.Contains(names, name) {
		return "did you mean " + near + "?"
	}
	return "`bynder sandbox --help` lists the faults and their keys"
}

// faultHelp returns the list of faults.
func faultHelp() string {
	var b strings.Builder
	for _, k := range sandbox.FaultKinds() {
		fmt.Fprintf(&b, "  %-18s%s\n", k.Name, wrap(k.Doc, 20))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func runSandbox(ctx context.Context, o *sandboxOptions) (err error) {
	screen := o.streams.screen()
	o.portal.CatalogueError = func(err error) {
		screen.Fail(err.Error(), "correct the file; until then the portal and its storage answer 500")
	}
	portal, err := sandbox.New(o.portal)
	if err != nil {
		return &usageError{err: err}
	}
	stop, err := portal.Start(context.WithoutCancel(ctx))
	if err != nil {
		return fmt.Errorf("starting the sandbox: %w", err)
	}
	defer func() {
		stop()
		if o.stats != "" {
			err = errors.Join(err, writeStats(o.stats, portal))
		}
	}()
	if len(o.command) > 0 {
		return runChild(ctx, o.streams, o.command, portal.Env(o.kind))
	}
	for _, pair := range portal.Env(o.kind) {
		name, value, _ := strings.Cut(pair, "=")
		if _, err := fmt.Fprintf(o.streams.Out, "export %s=%s\n", name, shellQuote(value)); err != nil {
			return err
		}
	}
	screen.Say("the sandbox serves until Ctrl-C")
	<-ctx.Done()
	return context.Cause(ctx)
}

func writeStats(file string, portal *sandbox.Sandbox) error {
	text, err := json.MarshalIndent(portal.Stats(), "", "  ")
	if err != nil {
		return fmt.Errorf("writing --stats: %w", err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o666); err != nil {
		return fmt.Errorf("writing --stats: %w", err)
	}
	return nil
}

// shellQuote returns s quoted as one word of a POSIX shell.
func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
