package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/sink"
)

// transferFlags are the flags of every command that brings files here.
type transferFlags struct {
	portalFlags
	metadataFlags

	dir, output, name  string
	from, from0        []string
	ifExists           string
	jobs, connections  int
	checksum           string
	noVerify, noResume bool
	strict             bool
	fsync              bool
	limitRate          string
	maxFailures        int
	undoneOut          string
	failEmpty          bool
	journal, lockWait  string
	dryRun             bool
	json, print0       bool
	progress           string
	quiet              bool

	// What check makes of them.
	template  *naming.Template
	exists    sink.IfExists
	bytesRate int64
	lockLimit time.Duration // negative for none
	md5       bool          // each file's MD5 is recorded
	// existsHint is sink.DirOptions.ExistsHint.
	existsHint string

	names templateNames // what the portal calls what the template names, once it was asked
}

// nameHelp is the part of a command's help that is about --name.
const nameHelp = `
--name is a template of the file's path under --dir. Slashes in it make folders; the
values are made safe and make none. Its fields:
  {filename} {stem} {ext}       as the location gives them; {filename} = {stem}.{ext}
  {id} {itemId} {derivative}    as given on the command line or in the list
  {version}                     as given with --version, else the asset's active one
  {name} {type} {tag} {brand} {created} {modified} {property_X}
                                the asset's metadata: one API call for about 190
                                assets, none if they came with search --json; X
                                is the name or label of a metaproperty, with any
                                characters but braces doubled: {property_A / B}
{created:2006/01} is a date with a layout: 2006 stands for the year, 01 or January
for the month, 02 for the day, 15.04.05 for the time, in UTC; a slash creates a
folder. Without a layout it is {created:2006-01-02}. Several values are sorted and
joined by commas. {brand} and {property_X} cost one more API call each per run. If
{ext} is empty, the dot before it is dropped; any other empty value becomes _.

A list can be a table, as spreadsheets save it (CSV or text with tabs; UTF-8 or
UTF-16): its first line has the titles id or mediaId, itemId, and path (or saveAs),
which gives each file its path under --dir in place of the template; other columns
are ignored. In NDJSON saveAs gives the path. A path that is not safe as it is
written is an error.`

func (o *transferFlags) add(f *pflag.FlagSet) {
	o.addTransfers(f)
	o.metadataFlags.add(f)
	f.StringVarP(&o.dir, "dir", "d", ".", "`folder` where files go; made if missing")
	f.StringVarP(&o.output, "output", "o", "", "the `file`, for one file only: a relative one is under --dir; - is standard output")
	f.StringVar(&o.name, "name", naming.DefaultTemplate, "`template` of a path under --dir; see above")
	f.StringArrayVar(&o.from, "from", nil, "read ids from this `file`, - for standard input: lines, columns by TAB (media id, item id), NDJSON, or a table with a header; see above")
	f.StringArrayVar(&o.from0, "from0", nil, "read NUL-separated ids from this `file`")
	f.StringVar(&o.ifExists, "if-exists", o.ifExists, "what a different file of that name means: fail, skip, overwrite or rename")
	f.StringVar(&o.checksum, "checksum", "", "hash every file for its result: sha256")
	f.BoolVar(&o.noVerify, "no-verify", false, "check no digest; the length is still checked")
	f.BoolVar(&o.noResume, "no-resume", false, "ignore and remove what earlier runs left of these files")
	f.BoolVar(&o.strict, "strict", false, "fail suspect files: a page in place of another kind of file, or a fraction of the known size")
	f.StringVar(&o.undoneOut, "undone-out", "", "write every id that was read and is not done to this `file`, ready for --from")
	f.BoolVar(&o.failEmpty, "fail-empty", false, "exit with 1 if nothing was asked for, as by an empty list")
	f.StringVar(&o.journal, "journal", "", "record finished files in this `file`, so that the next run skips them; one file for each folder")
	f.StringVar(&o.lockWait, "lock-wait", "", "wait this `DURATION` (30s, 10m; 0 = fail at once) for another bynder that uses the journal; without the flag, as long as it takes")
	f.BoolVar(&o.dryRun, "dry-run", false, "report what a run would do, with sizes: new, changed, unchanged, exists; write nothing")
	f.BoolVar(&o.json, "json", false, "one JSON object a file on standard output")
}

// addTransfers adds the flags that sync has, too, with the same meaning.
func (o *transferFlags) addTransfers(f *pflag.FlagSet) {
	o.portalFlags.add(f)
	o.ifExists = sink.Fail.String()
	f.IntVarP(&o.jobs, "jobs", "j", 32, "connections to storage in all")
	f.IntVar(&o.connections, "connections", 8, "at most so many of them for one file; 1 is off")
	f.BoolVar(&o.fsync, "fsync", false, "sync each file and folder, against power loss")
	f.StringVar(&o.limitRate, "limit-rate", "", "bytes a second over all transfers, as `RATE` 500K, 10M, 1G (powers of 1024)")
	f.IntVar(&o.maxFailures, "max-failures", 0, "stop after so many failures; 0 is never")
	f.BoolVarP(&o.print0, "print0", "0", false, "NUL in place of a newline after each path")
	f.StringVar(&o.progress, "progress", string(report.ProgressAuto), "show progress: auto, always or never")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress and no summary; errors stay")
}

// check refuses what cannot be meant, before any call. single tells that one file at
// most is asked for.
func (o *transferFlags) check(single bool) error {
	if err := o.portalFlags.check(); err != nil {
		return err
	}
	var err error
	if o.template, err = naming.Parse(o.name); err != nil {
		return &usageError{err: fmt.Errorf("--name: %w", err), hint: hintOf(err)}
	}
	if o.exists, err = sink.ParseIfExists(o.ifExists); err != nil {
		return usagef("--if-exists: %w", err)
	}
	if o.bytesRate, err = parseRate(o.limitRate); err != nil {
		return usagef("--limit-rate: %w", err)
	}
	if o.lockLimit, err = parseLockWait(o.lockWait); err != nil {
		return usagef("--lock-wait: %w", err)
	}
	if _, err := report.ParseProgress(o.progress); err != nil {
		return usagef("--progress: %w", err)
	}
	o.md5 = o.md5 || o.journal != ""
	switch {
	case o.jobs < 1 || o.jobs > 1024:
		return usagef("--jobs is %d, and must be from 1 to 1024", o.jobs)
	case o.connections < 1 || o.connections > 64:
		return usagef("--connections is %d, and must be from 1 to 64", o.connections)
	case o.maxFailures < 0:
		return usagef("--max-failures is %d, and must not be negative", o.maxFailures)
	case o.checksum != "" && o.checksum != "sha256":
		return usagef("--checksum is %q, and can only be sha256", o.checksum)
	case o.output != "" && !single:
		return &usageError{err: errors.New("--output names one file, and several were asked for"), hint: "use --dir, and --name for what they are called"}
	case o.output != "" && o.name != naming.DefaultTemplate:
		return usagef("--output and --name exclude each other")
	case sink.IsStdout(o.outputPath()) && (o.json || o.print0):
		return usagef("--output %s leaves no room for results on standard output", o.output)
	case sink.IsStdout(o.undoneOut):
		return usagef("--undone-out names a file: standard output has the results")
	case o.journal != "" && o.undoneOut != "" && sink.SameFile(o.journal, o.undoneOut):
		return usagef("--journal and --undone-out name the same file")
	case o.output != "" && o.journal != "" && sink.SameFile(o.outputPath(), o.journal):
		return usagef("--output and --journal name the same file")
	case o.output != "" && o.undoneOut != "" && sink.SameFile(o.outputPath(), o.undoneOut):
		return usagef("--output and --undone-out name the same file")
	case o.json && o.print0:
		return usagef("--json and --print0 exclude each other")
	}
	return o.checkMetadata()
}

// outputPath is where the file that --output names is.
func (o *transferFlags) outputPath() string {
	if o.output == "-" || o.output == "" {
		return o.output
	}
	return naming.Below(o.dir, o.output)
}

// parseRate reads a number of bytes with a suffix K, M, G or T, in powers of 1024; "" is
// no limit.
func parseRate(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	number, unit := strings.ToUpper(strings.TrimSpace(text)), int64(1)
	number = strings.TrimSuffix(strings.TrimSuffix(number, "B"), "I")
	if i := strings.IndexAny(number, "KMGT"); i >= 0 && i == len(number)-1 {
		unit = 1 << (10 * (strings.IndexByte("KMGT", number[i]) + 1))
		number = number[:i]
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || !(value > 0) || value*float64(unit) > 1<<62 {
		return 0, fmt.Errorf("%q is no rate such as 500K or 10M", text)
	}
	return max(int64(value*float64(unit)), 1), nil
}

// parseLockWait reads the duration of --lock-wait; "" is no limit, which is negative.
func parseLockWait(text string) (time.Duration, error) {
	if text == "" {
		return -1, nil
	}
	limit, err := time.ParseDuration(text)
	if err != nil || limit < 0 {
		return 0, fmt.Errorf("invalid duration %q (examples: 30s, 10m, 0)", text)
	}
	return limit, nil
}
