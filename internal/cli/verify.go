package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/report"
)

// verifyOptions are the flags of `bynder verify`, and what it has found.
type verifyOptions struct {
	repairFlags
	journal              string
	state                bool // the journal is that of a sync into the bucket
	fast, full, extra    bool
	json, csv            bool
	quiet, verbose       bool
	dest                 string // with a bucket, in transfer, its URL
	streams              Streams
	screen               *report.Screen
	listing              *report.Listing // with json or csv
	tally                map[mirror.Status]int
	unreadable           int
	compared, bytesTotal atomic.Int64
}

const verifyUse = "bynder verify --journal <file> <destination>; that of a `bynder sync` needs no --journal"

const verifyHelp = `Compare the files in a folder or a bucket with the journal in which download or
fetch-item recorded them, or with the state that sync keeps there: by
size and MD5, without asking the portal. No credentials of a portal are needed.

This proves that the files are as they were received. It does not notice that
the portal has other files by now.

  ok        as recorded
  missing   the file does not exist
  changed   another size, MD5 or version, or not a regular file
  unknown   no difference, but nothing to compare with; or it cannot be read
  extra     no record names the file (with --extra)
  repaired  missing or changed, and downloaded again (with --repair)

--repair is for folders. It asks the portal, and needs credentials. After all
files are compared, changed files are moved to .bynder/replaced in the folder,
or to --trash, and missing and changed files are downloaded again and recorded.
The portal may have other files by now.

In a bucket, sizes and ETags come from one list of the objects. An object that
was written again since has another ETag; --full reads the bytes of all objects.

Prints a line of status and path, separated by a tab, for each file that is not
ok. --verbose adds files that are ok; --json and --csv have all files. Symbolic
links that lead out of the folder are not followed. Files with metadata that
sync has written are compared as well.

The exit status is 0 if no file is missing or changed, or all such files were
repaired, and each file could be read; else 1. Unknown and extra files do not
change it.`

func newVerify(s Streams) *cobra.Command {
	o := &verifyOptions{streams: s}
	cmd := &cobra.Command{
		Use:   "verify [--journal <file>] <destination>",
		Short: "Check downloaded files against their journal, or repair them",
		Long:  verifyHelp,
		Example: `  # Download a list of assets with a journal, then check the files
  bynder download -d photos --from ids.txt --journal done.ndjson
  bynder verify --journal done.ndjson photos

  # Check the folder of a sync, and download broken files again
  bynder sync --tag logo synced
  bynder verify --repair synced

  # Check objects in a bucket
  bynder download -d s3://bucket/p --from ids.txt --journal done.ndjson
  bynder verify --journal done.ndjson s3://bucket/p`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return &usageError{err: errors.New("specify one folder or bucket, the --dir of the downloads or that of sync"), hint: verifyUse}
			}
			o.dest = args[0]
			if bucket.IsURL(o.dest) {
				return o.parseBucket()
			}
			return refuseURL("bynder verify", o.dest)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.findJournal(); err != nil {
				return err
			}
			switch {
			case o.csv && o.json:
				return usagef("--csv and --json exclude each other")
			case o.full && o.fast:
				return usagef("--full and --fast exclude each other")
			case o.full && !o.inBucket():
				return &usageError{err: errors.New("--full is for a bucket"), hint: "leave it out: the files in a folder are read anyway"}
			}
			if err := o.checkRepair(cmd.Flags().Changed); err != nil {
				return err
			}
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.journal, "journal", "", "journal `file` of the downloads, for a bucket also s3://BUCKET/PREFIX/; sync keeps its own with the files")
	f.BoolVar(&o.fast, "fast", false, "compare sizes and, if sync recorded them, times; read only files whose time differs")
	f.BoolVar(&o.full, "full", false, "read the bytes of all objects in a bucket, and compare their MD5")
	f.BoolVar(&o.extra, "extra", false, "list files that no record names as well, except *.part, .bynder and the journal")
	f.BoolVar(&o.json, "json", false, "one JSON object per file")
	f.BoolVar(&o.csv, "csv", false, "comma-separated values below a header, one line per file")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print files that are ok as well; with --repair or a bucket, each request")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress and no summary")
	o.addRepair(f)
	return cmd
}

// run compares the files, and prints how many have which status. It returns an error if files are missing or changed.
func (o *verifyOptions) run(ctx context.Context) (err error) {
	s := &session{flags: &o.transfer}
	defer func() { err = s.closers.close(err) }()
	s.closers.add("deadline", always(exitInTime(ctx, s.saves.call)))
	if o.inBucket() {
		return o.runBucket(ctx, s)
	}
	folder, err := openFolder(o.dest)
	if err != nil {
		return err
	}
	s.closers.add("folder", closing(folder.Close))
	o.open()
	var fix *repair
	if o.repair {
		if fix, err = o.openRepair(ctx, s, folder); err != nil {
			return err
		}
	}
	files, err := journal.OpenFiles(ctx, o.journal, o.dest)
	if err != nil {
		return err
	}
	s.closers.add("records", closing(files.Close))
	return o.compare(ctx, files, fix, func(opts mirror.Options, each func(mirror.Finding) error) error {
		return mirror.Verify(ctx, folder, files, opts, each)
	})
}

// compare compares the files with verify, and repairs them with fix, which may be nil.
func (o *verifyOptions) compare(
	ctx context.Context, files *journal.Files, fix *repair, verify func(opts mirror.Options, each func(mirror.Finding) error) error,
) error {
	if files.Count == 0 && files.Outside > 0 {
		return &download.Error{
			Code: download.CodeLocal, Err: fmt.Errorf("the journal has no file in %s, and %s elsewhere", o.dest, count(files.Outside, "file")),
			Advice: "specify the folder or bucket that was the --dir of the downloads",
		}
	}
	collect(files.Count)
	stop := func() {}
	if !o.quiet {
		stop = o.screen.ShowStatus(func() string { return o.status(files.Count) })
	}
	err := verify(mirror.Options{
		Fast: o.fast, Full: o.full, Extra: o.extra, Read: func(n int64) { o.bytesTotal.Add(n) },
	}, func(found mirror.Finding) error {
		if fix != nil && (found.Status == mirror.Missing || found.Status == mirror.Changed) {
			fix.broken = append(fix.broken, found)
		}
		return o.write(found)
	})
	stop()
	if err == nil && o.listing != nil {
		if err = o.listing.Header(); err != nil {
			err = &stdoutError{err}
		}
	}
	if err == nil && fix != nil && len(fix.broken) > 0 {
		err = fix.run(ctx, files)
		if _, closed := errors.AsType[*stdoutError](err); !closed && ctx.Err() == nil {
			return errors.Join(err, o.sum(files))
		}
	}
	if err != nil {
		return err
	}
	return o.sum(files)
}

// findJournal sets the journal to the state of a sync, unless --journal is given.
func (o *verifyOptions) findJournal() error {
	switch {
	case o.journal != "" && !o.inBucket():
		return refuseURL("--journal", o.journal)
	case o.journal != "":
		return nil
	case o.inBucket():
		o.journal, o.state = o.transfer.bucket.Below(stateFolder+"/"+stateSegments), true
		return nil
	}
	o.journal = filepath.Join(o.dest, stateFolder, stateFile)
	if info, err := os.Stat(o.dest); err == nil && info.IsDir() { // or opening the folder has the error
		if _, err := os.Lstat(o.journal); errors.Is(err, fs.ErrNotExist) {
			return &usageError{
				err:  fmt.Errorf("specify the journal of the downloads: %s is not the folder of a sync (no %s)", o.dest, filepath.Join(stateFolder, stateFile)),
				hint: verifyUse,
			}
		}
	}
	return nil
}

// openFolder opens the folder of the files. Anything else is not opened: it may be a FIFO.
func openFolder(dir string) (*os.Root, error) {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return nil, usagef("%s is not a folder", dir)
	}
	var root *os.Root
	if err == nil {
		root, err = os.OpenRoot(dir)
	}
	if err != nil {
		return nil, &download.Error{
			Code: download.CodeLocal, Err: fmt.Errorf("cannot open folder %s: %w", dir, withoutPath(err)),
			Advice: "check the name, and whether its file system is mounted",
		}
	}
	return root, nil
}

// withoutPath returns an error of the file system without the path, for a message that has it already.
func withoutPath(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// open prepares the output.
func (o *verifyOptions) open() {
	o.tally = map[mirror.Status]int{}
	o.screen = o.streams.screen()
	switch {
	case o.json:
		o.listing = report.NewListing(o.screen, nil, true)
	case o.csv:
		o.listing = report.NewCSV(o.screen, verifiedHeader)
	}
}

// status returns the line that a terminal shows while files are compared.
func (o *verifyOptions) status(files int) string {
	return fmt.Sprintf("%d of %s, %s read", o.compared.Load(), count(files, "file"), report.Bytes(o.bytesTotal.Load()))
}

// write writes the line of a file.
func (o *verifyOptions) write(found mirror.Finding) error {
	o.compared.Add(1)
	o.tally[found.Status]++
	v := newVerified(o.show(found.Path()), found)
	if found.Err != nil {
		o.unreadable++
		o.screen.Fail(v.Path+": cannot be read: "+v.Error, "")
	}
	var err error
	switch {
	case o.listing != nil:
		err = o.listing.Row(report.Row{Fields: v.fields(), Object: v})
	case o.verbose || found.Status != mirror.OK:
		o.screen.File(string(found.Status), v.Path)
		err = o.screen.Err()
	}
	if err != nil {
		return &stdoutError{err}
	}
	return nil
}

// sum prints how many files have which status, and returns an error if some are missing, changed or unreadable.
func (o *verifyOptions) sum(files *journal.Files) error {
	if !o.quiet {
		if files.Count == 0 {
			o.screen.Say("the journal has no file that was downloaded")
		}
		if n := files.Failed + files.Skipped; n > 0 {
			o.screen.Say("not checked (failed or skipped): %s", count(n, "file"))
		}
		sayOtherLines(o.streams, files.OtherLines)
	}
	if files.Outside > 0 {
		o.screen.Warn("", "not checked (recorded outside of %s): %s", o.dest, count(files.Outside, "file"))
	}
	var said []string
	for _, s := range mirror.Statuses {
		if n := o.tally[s]; n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n, s))
		}
	}
	summary := strings.Join(said, ", ")
	switch bad := o.tally[mirror.Missing] + o.tally[mirror.Changed] - o.tally[mirror.Repaired]; {
	case bad > 0:
		err := &download.Error{Code: download.CodeIntegrity, Err: fmt.Errorf("files are not as the journal has them: %s", summary)}
		switch {
		case o.state:
			err.Advice = syncRepair
		case o.inBucket():
			err.Advice = bucketRepair
		case !o.repair:
			err.Advice = "with --repair they are fetched again"
		}
		return err
	case o.unreadable > 0:
		return fmt.Errorf("some files cannot be read: %s", summary)
	case summary != "" && !o.quiet:
		o.screen.Say("%s", summary)
		if o.inBucket() && !o.full && o.tally[mirror.Unknown] > 0 {
			o.screen.Say("--full reads the bytes of unknown files, too")
		}
	}
	return nil
}

// verified is the result of comparing a file, as JSON.
type verified struct {
	Portal        string            `json:"portal,omitempty"`
	MediaID       string            `json:"mediaId,omitempty"`
	Selector      string            `json:"selector,omitempty"`
	ItemID        string            `json:"itemId,omitempty"`
	Status        mirror.Status     `json:"status"`
	Path          string            `json:"path"`
	PathBase64    []byte            `json:"pathBase64,omitempty"`
	Bytes         *int64            `json:"bytes,omitempty"`
	RecordedBytes *int64            `json:"recordedBytes,omitempty"`
	Differs       mirror.Difference `json:"differs,omitempty"`
	Error         string            `json:"error,omitempty"`
}

// newVerified returns the result of a file with its path as the user sees it.
func newVerified(path string, found mirror.Finding) verified {
	r := found.Record
	v := verified{
		Portal: r.Portal, MediaID: r.MediaID, Selector: r.Selector, ItemID: r.ItemID,
		Status: found.Status, Path: path, RecordedBytes: found.Recorded(), Differs: found.Differ,
	}
	if !utf8.ValidString(v.Path) {
		v.PathBase64 = []byte(v.Path)
	}
	if found.Size >= 0 {
		v.Bytes = &found.Size
	}
	if found.Err != nil {
		v.Error = withoutPath(found.Err).Error()
	}
	return v
}

var verifiedHeader = []string{"status", "path", "differs", "bytes", "recordedBytes", "mediaId", "selector", "itemId", "portal", "error"}

func (v verified) fields() []string {
	size := func(n *int64) string {
		if n == nil {
			return ""
		}
		return strconv.FormatInt(*n, 10)
	}
	return []string{
		string(v.Status), v.Path, string(v.Differs), size(v.Bytes), size(v.RecordedBytes), v.MediaID, v.Selector, v.ItemID, v.Portal, v.Error,
	}
}
