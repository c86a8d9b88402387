package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
)

// request describes the files that a command requests, in addition to the flags of every run.
type request struct {
	// ids are the arguments, item ids if format says so. "-" is the list on standard input; named makes an entry of any other id.
	ids    []string
	named  func(id string) input.Entry
	format input.Format // of the lists
	// mediaID is the asset of entries that do not name one; "" if they all do.
	mediaID string
	// choose returns which file of an asset an entry selects.
	choose func(input.Entry) (bynder.Selector, error)
	// callEach says that every file costs a call of its own.
	callEach bool
	// single says that one file is requested.
	single bool
	// changes says that results are changes of a folder, see report.Options.
	changes bool
	// expands says that a line may become several files.
	expands bool
	// steps returns the steps of the run; they call expanded when the line of a job has become n files.
	steps func(expanded func(job download.Job, n int)) download.Steps
}

// openSources opens the lists that the arguments and flags name. A FIFO without a writer is waited for.
func (o *transferFlags) openSources(ctx context.Context, r request) (*input.Sources, error) {
	defer exitInTime(ctx, nil)()
	stdin := 0
	for _, name := range slices.Concat(r.ids, o.from, o.from0) {
		if name == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return nil, usagef("standard input is named %d times as the list of ids", stdin)
	}
	sources, format := input.NewSources(o.streams.In), r.format
	var err error
	if slices.Contains(r.ids, "-") {
		err = sources.Open(ctx, "-", format)
	}
	for _, name := range o.from {
		err = errors.Join(err, sources.Open(ctx, name, format))
	}
	format.NUL = true
	for _, name := range o.from0 {
		err = errors.Join(err, sources.Open(ctx, name, format))
	}
	if err != nil {
		sources.Close()
		return nil, &usageError{err: err, hint: hintOf(err)}
	}
	return sources, nil
}

// openList makes the list of requested files, and opens the file of --undone-out, which a dry run leaves as it
// is. A FIFO without a reader is waited for.
func (o *transferFlags) openList(ctx context.Context, r request, portal string, sources *input.Sources) (*input.List, error) {
	options := input.Options{Sources: sources, MediaID: r.mediaID, Portal: portal, Choose: r.choose, Expands: r.expands, Shard: o.share}
	read := mediaIDOf(portal)
	if r.mediaID != "" {
		media, err := readIDs([]string{r.mediaID}, read)
		if err != nil {
			return nil, err
		}
		options.MediaID = media[0]
	}
	if r.format.ItemColumn {
		read = bynder.ReadID
	}
	ids, err := readIDs(r.ids, read)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if id != "-" {
			options.Args = append(options.Args, r.named(id))
		}
	}
	if !o.dryRun {
		options.UndoneOut = o.undoneOut
	}
	defer exitInTime(ctx, nil)()
	list, err := input.New(ctx, options)
	if err != nil {
		return nil, usagef("--undone-out: %w", err)
	}
	return list, nil
}
