package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/sink"
)

// transferFlags are the flags of every command that downloads files.
type transferFlags struct {
	portalFlags
	metadataFlags
	shardFlags
	bucketFlags

	dir, output, name  string
	from, from0        []string
	ifExists           string
	jobs               jobs
	connections        int
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

	// Set by check.
	template  *naming.Template
	workers   *download.Workers
	exists    sink.IfExists
	bytesRate int64
	lockLimit time.Duration // negative for none
	md5       bool          // each file's MD5 is recorded
	dirFlag   string        // sink.DirOptions.Folder
	direct    bool          // only of download: see download.Options.Direct
	// existsHint is sink.DirOptions.ExistsHint.
	existsHint string
	recorded   bool // sink.DirOptions.Recorded

	names templateNames // the names in the template as the portal has them, after resolveTemplate
}

// nameHelp is the part of a command's help that is about --name.
const nameHelp = `
--name is a template of the file's path under --dir. A slash in the template
creates a folder. Slashes and other unsafe characters in values are replaced.
  {filename} {stem} {ext}     from the download's file name; {filename} is
                              {stem}.{ext}
  {id} {itemId} {derivative}  as given on the command line or in the list
  {version}                   the asset's active version, or that of --version
  {name} {type} {tag} {brand} {created} {modified} {property_X}
                              the asset's metadata: one API call per 190 assets,
                              none for a list from search --json. X is the name
                              or label of a metaproperty, with braces doubled:
                              {property_A / B}
{created:2006/01} formats a date: 2006 is the year, 01 or January the month, 02
the day and 15.04.05 the time, in UTC. The default is {created:2006-01-02}.
Several values are sorted and joined by commas. {brand} and {property_X} cost
one more API call each per run. If {ext} is empty, the dot before it is dropped;
any other empty value becomes _.

A list can be a table as spreadsheets save it (CSV or tab-separated; UTF-8 or
UTF-16). Its first line has the column titles: id or mediaId, itemId, and path
or saveAs, which gives each file its path under --dir in place of the template.
Other columns are ignored. In NDJSON, saveAs gives the path. A path that is not
safe as written is an error.`

func (o *transferFlags) add(f *pflag.FlagSet) {
	o.addTransfers(f)
	o.metadataFlags.add(f)
	o.shardFlags.add(f)
	o.dirFlag = "--dir"
	f.StringVarP(&o.dir, "dir", "d", ".", "`folder` for the files, created if missing, or s3://BUCKET/PREFIX")
	f.StringVarP(&o.output, "output", "o", "", "path of the `file`, if only one is downloaded; a relative path is under --dir; - = standard output, but no binary data to a terminal")
	f.StringVar(&o.name, "name", naming.DefaultTemplate, "`template` of the path under --dir, such as {id}/{filename}")
	f.StringArrayVar(&o.from, "from", nil, "read ids from this `file` (- = standard input): lines, tab-separated media id and item id, NDJSON, or a table with a header")
	f.StringArrayVar(&o.from0, "from0", nil, "read NUL-separated ids from this `file`")
	f.StringVar(&o.ifExists, "if-exists", o.ifExists, "if a different file already has that name: fail, skip, overwrite or rename")
	o.addBucket(f)
	f.StringVar(&o.checksum, "checksum", "", "add a digest of each file to its result: sha256")
	f.BoolVar(&o.noVerify, "no-verify", false, "skip checksum verification (length is still checked)")
	f.BoolVar(&o.noResume, "no-resume", false, "discard partial downloads of these files and start over")
	f.BoolVar(&o.strict, "strict", false, "reject suspect files: a web page in place of another kind of file, or a fraction of the known size")
	f.StringVar(&o.undoneOut, "undone-out", "", "write the ids that were not completed to this `file`, ready for --from")
	f.BoolVar(&o.failEmpty, "fail-empty", false, "exit with status 1 if the list is empty")
	f.StringVar(&o.journal, "journal", "", "record finished files in this `file`, so that the next run skips them; one per destination and, with {shard} in its name, per share; for files in a bucket also s3://BUCKET/PREFIX/")
	f.StringVar(&o.lockWait, "lock-wait", "", "wait at most this `DURATION` (30s, 10m; 0 = fail at once) for another bynder process that uses the journal (default: no limit)")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what a run would do, with sizes: new, changed, unchanged, exists; write nothing")
	f.BoolVar(&o.json, "json", false, "one JSON object per file on standard output")
}

// addTransfers adds the flags that sync shares, with the same meaning.
func (o *transferFlags) addTransfers(f *pflag.FlagSet) {
	o.portalFlags.add(f)
	o.ifExists = sink.Fail.String()
	f.VarP(&o.jobs, "jobs", "j", "maximum connections to storage, over all files; auto = 32, or 128 if storage is distant; fewer after it answered 503 or 429")
	f.IntVar(&o.connections, "connections", 8, "maximum parallel connections per file (1 = no splitting)")
	f.BoolVar(&o.fsync, "fsync", false, "flush each file and folder to disk, against power loss")
	f.StringVar(&o.limitRate, "limit-rate", "", "maximum `RATE` of all transfers in bytes per second: 500K, 10M, 1G (powers of 1024)")
	f.IntVar(&o.maxFailures, "max-failures", 0, "stop after `N` failures (0 = never)")
	f.BoolVarP(&o.print0, "print0", "0", false, "end each path with NUL in place of a newline")
	f.StringVar(&o.progress, "progress", string(report.ProgressAuto), "show progress: auto, always or never")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress and no summary; errors are still printed")
}

// check rejects invalid flags before any call. single means that at most one file is requested.
func (o *transferFlags) check(single bool) error {
	if err := o.portalFlags.check(); err != nil {
		return err
	}
	if err := o.checkShard(); err != nil {
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
	o.workers = o.jobs.workers()
	switch {
	case o.connections < 1 || o.connections > 64:
		return usagef("--connections is %d, and must be from 1 to 64", o.connections)
	case o.maxFailures < 0:
		return usagef("--max-failures is %d, and must not be negative", o.maxFailures)
	case o.checksum != "" && o.checksum != "sha256":
		return usagef("--checksum: invalid value %q: must be sha256", o.checksum)
	case o.output != "" && !single:
		return &usageError{err: errors.New("--output is for one file, and several are requested"), hint: "use --dir and --name"}
	case o.output != "" && o.name != naming.DefaultTemplate:
		return usagef("--output and --name exclude each other")
	case sink.IsStdout(o.outputPath()) && o.json:
		return usagef("--json and --output %s cannot be combined: both write to standard output", o.output)
	case sink.IsStdout(o.outputPath()) && o.print0:
		return usagef("--print0 and --output %s cannot be combined: both write to standard output", o.output)
	case sink.IsStdout(o.undoneOut):
		return usagef("--undone-out must be a file: results go to standard output")
	case o.json && o.print0:
		return usagef("--json and --print0 exclude each other")
	}
	if err := o.checkBucket(); err != nil {
		return err
	}
	if err := o.checkJournal(); err != nil {
		return err
	}
	return o.checkMetadata()
}

// outputPath returns the path of --output, "" or "-" as given.
func (o *transferFlags) outputPath() string {
	if o.output == "-" || o.output == "" {
		return o.output
	}
	return naming.Below(o.dir, o.output)
}

// parseRate parses a number of bytes per second with a suffix K, M, G or T, in powers of 1024. It returns 0, no limit,
// for "".
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
		return 0, fmt.Errorf("invalid rate %q (examples: 500K, 10M)", text)
	}
	return max(int64(value*float64(unit)), 1), nil
}

// parseLockWait parses the duration of --lock-wait. It returns a negative one, no limit, for "".
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
