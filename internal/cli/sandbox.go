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

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// sandboxOptions are what `bynder sandbox` was asked for.
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
		Short: "Run a local portal to try and to test scripts against",
		Long: `Run a portal and its storage on this machine, with a small catalogue that is the same
every time, to try this program and to test scripts without an account.

With a command, the command runs with BYNDER_DOMAIN and one kind of credentials
set, every other BYNDER_* variable removed, and its exit status is the sandbox's.
Without one, the sandbox serves until Ctrl-C and prints the lines to use it.

With --catalogue, the portal has the assets of a file and no others. The file is read
again whenever it has changed: new versions, other names, deletions. docs/sandbox.md
has its format. With --port, the addresses of the portal and of its files are the same
each time.

Faults, as NAME[=VALUE][,asset=ID][,times=N][,rate=0.01,seed=7]:
` + faultHelp(),
		Example: `  bynder sandbox -- bynder download D4AC0B41-141B-47D2-98B4FECDA8894CB2
  bynder sandbox --fault cut=100000,times=1 -- ./my-script.sh
  bynder sandbox --catalogue assets.json --port 8800`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.kind = sandbox.Kind(kind); !slices.Contains(sandbox.Kinds(), o.kind) {
				return usagef("--auth: %q is none of %s", kind, kinds())
			}
			for _, text := range o.faults {
				f, err := sandbox.ParseFault(text)
				if err != nil {
					return usagef("--fault: %w", err)
				}
				o.portal.Faults = append(o.portal.Faults, f)
			}
			if o.portal.Catalogue != "" && cmd.Flags().Changed("assets") {
				return usagef("--catalogue and --assets exclude each other")
			}
			if o.command = args; o.portal.Assets == 0 {
				o.portal.Assets = -1 // to the sandbox, zero is its default
			}
			return runSandbox(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false) // what follows the command's name is the command's
	f.StringVar(&kind, "auth", kind, "credentials to set: "+kinds())
	f.StringArrayVar(&o.faults, "fault", nil, "switch a fault on (repeatable)")
	f.IntVar(&o.portal.Assets, "assets", 300, "number of generated assets")
	f.StringVar(&o.portal.Catalogue, "catalogue", "", "the assets are those of this JSON `file`, read again when it changes")
	f.IntVar(&o.portal.Port, "port", 0, "port of the portal; storage takes the next one (0 = free ports)")
	f.BoolVar(&o.portal.NoRateLimit, "no-limit", false, "do not block after 4,500 calls in five minutes")
	f.BoolVar(&o.portal.NoCursor, "no-cursor", false, "give lists no cursor, so that clients page")
	f.DurationVar(&o.portal.Penalty, "penalty", 5*time.Minute, "quiet time after which a block is lifted")
	f.StringVar(&o.stats, "stats", "", "write what was counted to this `file` at the end, as JSON")
	return cmd
}

// kinds names the kinds of credentials.
func kinds() string {
	var names []string
	for _, k := range sandbox.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// faultHelp lists the faults, a line each.
func faultHelp() string {
	var b strings.Builder
	for _, k := range sandbox.FaultKinds() {
		fmt.Fprintf(&b, "  %-22s %s\n", k.Name, k.Doc)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func runSandbox(ctx context.Context, o *sandboxOptions) (err error) {
	screen := o.streams.screen()
	o.portal.CatalogueError = func(err error) {
		screen.Fail(err.Error(), "mend the file; until then the portal and its storage answer 500")
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

// shellQuote spells s as one word of a POSIX shell.
func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
