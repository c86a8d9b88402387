package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/sink"
)

// metadataHelp is the part of a command's help that is about its flags for metadata.
const metadataHelp = `
--metadata json writes each asset's metadata to a file beside the download,
such as logo.jpg.metadata.json, as search --json prints them. --metadata-csv
FILE writes a table with one row per file of the run, in the order of the input,
with failed files and those that the journal has; FILE is replaced at the end of
the run. Both cost one API call per 190 assets, none for a list from
search --json.
`

// metadataFlags say where the metadata of assets are written.
type metadataFlags struct {
	metadata    string // "json" or ""
	metadataCSV string // a file, "" for none
}

func (o *metadataFlags) add(f *pflag.FlagSet) {
	f.StringVar(&o.metadata, "metadata", "", "write each asset's metadata beside its file, as `FORMAT` json: <file>.metadata.json")
	f.StringVar(&o.metadataCSV, "metadata-csv", "", "write a table with a row for each file and its asset's metadata to this `file`")
}

// wantsMetadata reports whether metadata are written.
func (o *metadataFlags) wantsMetadata() bool { return o.metadata != "" || o.metadataCSV != "" }

// checkMetadata rejects flags for metadata that have no file to be beside, or whose table would replace a file of the run.
func (o *transferFlags) checkMetadata() error {
	if o.metadata != "" && o.metadata != "json" {
		return usagef("--metadata: invalid value %q: must be json", o.metadata)
	}
	if o.metadata != "" && o.output != "" {
		info, err := os.Stat(o.outputPath())
		if sink.IsStdout(o.outputPath()) || err == nil && !info.Mode().IsRegular() && !info.IsDir() {
			return o.errNotInFolder()
		}
	}
	if o.metadataCSV != "" && sink.IsStdout(o.metadataCSV) {
		return usagef("--metadata-csv specifies a file: standard output has the results")
	}
	return o.checkOwnFiles()
}

// errNotInFolder returns the error of --metadata for an --output that is not a file in a folder.
func (o *transferFlags) errNotInFolder() error {
	return &usageError{err: fmt.Errorf("--metadata writes a file beside each file, and --output %s is not in a folder", o.output), hint: "use --metadata-csv"}
}

// withOptionalMetadata adds metadata to jobs whose files do not need them: an error is one of the metadata alone.
func (o *transferFlags) withOptionalMetadata(ctx context.Context, p download.Portal, jobs iter.Seq[download.Job]) iter.Seq[download.Job] {
	return download.WithOptionalMetadata(ctx, p, o.withoutParts(jobs))
}

// addMetadata sets an engine to write metadata, and returns the observer that adds the rows of the table.
func (s *session) addMetadata(ctx context.Context, e *download.Engine) []download.ResultObserver {
	if s.flags.metadata != "" {
		e.Options.Beside = metadata.Path
	}
	if s.flags.wantsMetadata() {
		e.Metadata = s.flags.describer(ctx, s.destination)
	}
	if s.table == nil {
		return nil
	}
	return []download.ResultObserver{tableRows{s}}
}

// describer returns the function that writes the metadata of a file in place.
func (o *transferFlags) describer(ctx context.Context, to sink.Output) func(download.Job, download.Result) error {
	return func(job download.Job, r download.Result) error {
		switch {
		case job.Asset == nil:
			return &download.Error{Code: download.CodeProtocol, Err: errors.New("the portal does not tell them")}
		case o.metadata == "":
			return nil // the table's row has them
		}
		content, err := metadata.Content(job.Asset)
		if err != nil {
			return err
		}
		if into, ok := to.Sink.(*bucket.Sink); ok {
			return into.WriteBeside(ctx, metadata.Path(r.Path), content, func(old []byte) bool { return metadata.IsSameAsset(old, content) })
		}
		if err := to.Dir.CheckInUse(metadata.Path(r.Path)); err != nil {
			return err
		}
		root := to.Dir.Root()
		if _, err := metadata.WriteOverAsset(root, r.Path, content); err != nil || !o.fsync {
			return err
		}
		return metadata.Sync(root, r.Path)
	}
}

// openMetadata opens the table that --metadata-csv names. A dry run leaves it as it was.
func (s *session) openMetadata(ctx context.Context) (err error) {
	o := s.flags
	if o.metadata != "" && s.destination.Dir == nil && !o.toBucket() {
		return o.errNotInFolder()
	}
	if o.metadataCSV == "" || o.dryRun {
		return nil
	}
	if s.table, err = metadata.OpenTable(ctx, o.metadataCSV); err != nil {
		return usagef("--metadata-csv: %w", err)
	}
	s.closers.add("metadata", always(s.table.Discard))
	return nil
}

// finishMetadata writes the table. A run that was stopped does not replace an existing table, and neither does one that did
// not get all metadata from the portal or has no file.
func (s *session) finishMetadata(ctx context.Context, stopped, empty bool) error {
	if s.table == nil {
		return nil
	}
	why := "the run was stopped"
	switch lacking := int(s.lacking.Load()); {
	case stopped:
	case empty && s.table.Replaces():
		why = "the run has no file"
	case lacking > 0 && s.table.Replaces():
		why = "the portal did not tell the metadata of " + count(lacking, "file")
	default:
		err := s.table.Finish(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			return fmt.Errorf("--metadata-csv: %w", err)
		}
	}
	if !s.flags.quiet {
		s.reporter.Screen().Say("--metadata-csv: %s, so %s stays as it was", why, s.flags.metadataCSV)
	}
	return nil
}

// tableRows adds the results of a run to its table.
type tableRows struct{ *session }

// Finished implements download.ResultObserver.
func (t tableRows) Finished(job download.Job, r download.Result) {
	if r.Path != "" && t.destination.Show != nil {
		r.Path = t.destination.Show(r.Path)
		table := t.flags.tablePath()
		if _, err := os.Lstat(table); err == nil { // else nothing was written there
			t.table.Refuse(checkTable(table, r.Path))
		}
	}
	if job.Asset == nil && !isAnswer(r) {
		t.lacking.Add(1)
	}
	t.table.Add(job.Number, r, job.Asset)
}

// isAnswer reports whether a file failed because the portal has no metadata of it for these credentials.
func isAnswer(r download.Result) bool {
	failed := cmp.Or(r.MetadataError, r.Error)
	return failed != nil && slices.Contains([]download.Code{download.CodeUsage, download.CodeNotFound, download.CodeForbidden}, failed.Code)
}
