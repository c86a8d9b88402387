package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// choose makes jobs of the broken files of this portal.
func (r *repair) choose() {
	for _, found := range r.broken {
		record := found.Record
		if found.Metadata || record.Portal != r.session.conf.Portal.Host {
			continue
		}
		job := download.Job{MediaID: record.MediaID, Path: filepath.ToSlash(record.Path), Recorded: true}
		if err := bynder.CheckID(job.MediaID); err != nil {
			job.Err = err
		} else {
			job.Selector, job.Err = bynder.ParseSelector(record.Selector)
		}
		if job.Err != nil {
			job.Err = &download.Error{Code: download.CodeUsage, Err: fmt.Errorf("the journal does not say which file it is: %w", job.Err)}
		} else if !mirror.IsRepaired(record.Path, r.state) {
			job.Err = errNoFileOf(record.Path)
		}
		if record.Listed != nil {
			listed := *record.Listed
			listed.ModTime = time.Time{} // the journal reads the new one
			job.Listed = &listed
		}
		if record.Checksum != "" {
			r.transfer.checksum = "sha256"
		}
		r.jobs, r.files = append(r.jobs, job), append(r.files, found)
	}
}

// errNoFileOf returns the error of a record whose path no downloaded file has.
func errNoFileOf(path string) error {
	return &download.Error{Code: download.CodeUsage, Path: path, Err: errors.New("bynder puts no file of the portal at such a path")}
}

// needsAside reports whether a file is to be moved away.
func (r *repair) needsAside() bool {
	return slices.ContainsFunc(r.broken, func(found mirror.Finding) bool { return found.Status == mirror.Changed })
}

// source yields the jobs.
func (r *repair) source(context.Context) iter.Seq[download.Job] { return slices.Values(r.jobs) }

// complete returns the step that gives jobs the metadata which their files need, and moves changed files away right
// before theirs are fetched.
func (r *repair) complete(files *journal.Files) download.Step {
	needs := func(items bool) bool {
		return slices.ContainsFunc(r.jobs, func(job download.Job) bool {
			s := job.Selector
			variant := s.Kind == bynder.Transform || s.Kind == bynder.Derivative && needMetadata([]string{s.Name})
			return variant && (!items || s.ItemID != "")
		})
	}
	return func(ctx context.Context, p download.Portal, jobs iter.Seq[download.Job]) iter.Seq[download.Job] {
		switch {
		case needs(true):
			jobs = download.WithItems(ctx, p, jobs)
		case needs(false):
			jobs = download.WithMetadata(ctx, p, jobs)
		}
		return func(yield func(download.Job) bool) {
			for job := range jobs {
				if found := r.files[job.Number-1]; job.Err == nil && found.Status == mirror.Changed {
					job.Err = r.takeAway(ctx, files, found)
				}
				if !yield(job) {
					return
				}
			}
		}
	}
}

// takeAway moves a changed file away. The journal itself stays, even if it records its own path.
func (r *repair) takeAway(ctx context.Context, files *journal.Files, found mirror.Finding) error {
	if info, err := r.folder.Lstat(found.Path()); err == nil && files.IsJournal(info) {
		return &download.Error{Code: download.CodeUsage, Err: errors.New("the journal itself has the path")}
	}
	there, err := r.aside.Take(ctx, found.Path())
	if err == nil && there != "" {
		r.mu.Lock()
		r.moved++
		r.away[found.Path()] = there
		r.mu.Unlock()
	}
	return err
}

// Finished implements download.ResultObserver. A failure is not recorded: the record of the missing file stays.
func (r *repair) Finished(job download.Job, result download.Result) {
	found := r.files[job.Number-1]
	if result.Status == download.Failed {
		if result.Error.Code != download.CodeInterrupted {
			r.fail(found, result.Error.Message, result.Error.Hint)
		}
		return
	}
	r.session.journal.Finished(job, result)
	if result.Suspect != "" {
		r.screen.Warn(naming.Below(r.dest, found.Path()), "suspect file: %s", result.Suspect)
	}
	found.Differ = ""
	switch was := found.Record; {
	case was.Bytes != nil && result.Bytes != nil && *was.Bytes != *result.Bytes:
		found.Differ = mirror.InSize
	case was.MD5 != "" && !strings.EqualFold(was.MD5, result.MD5):
		found.Differ = mirror.InMD5
	}
	if result.Bytes != nil {
		found.Size = *result.Bytes
	}
	r.repaired(found, result)
}

// repaired stores the new record of a file, or of the file beside which metadata were written, and writes a line.
func (r *repair) repaired(found mirror.Finding, record download.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latest[record.File()] = record
	if found.Differ != "" {
		r.differs++
	}
	found.Status = mirror.Repaired
	delete(r.away, found.Path())
	r.done.Add(1)
	if err := r.write(found); err != nil {
		r.stop(err)
	}
}

// fail prints why a file was not repaired.
func (r *repair) fail(found mirror.Finding, why, hint string) {
	r.screen.Fail(naming.Below(r.dest, found.Path())+": not repaired: "+report.Message(why, r.verbose), hint)
}

// Started implements download.ProgressObserver.
func (r *repair) Started(download.Job, string, transfer.Object, int64) {}

// Advanced implements download.ProgressObserver.
func (r *repair) Advanced(_ download.Job, n int64) { r.received.Add(n) }

// Retried implements download.ProgressObserver.
func (r *repair) Retried(_ download.Job, name string, err error, wait time.Duration) {
	if r.verbose {
		r.screen.Say("%s: trying again in %s: %v", name, report.Duration(wait), err)
	}
}

// status returns the line that a terminal shows during a repair. It takes no lock: the screen holds its own, and repaired
// waits for that.
func (r *repair) status() string {
	return fmt.Sprintf("%d of %s repaired, %s", r.done.Load(), count(len(r.broken), "file"), report.Bytes(r.received.Load()))
}

// writeMetadata writes files with metadata again that are missing or have changed. One call has the metadata of many
// assets.
func (r *repair) writeMetadata(ctx context.Context, files *journal.Files, client *bynder.Client) error {
	left := map[string][]mirror.Finding{}
	var ids []string
	for _, found := range r.broken {
		id := found.Record.MediaID
		if !found.Metadata || found.Record.Portal != r.session.conf.Portal.Host || bynder.CheckID(id) != nil {
			continue
		}
		key := strings.ToUpper(id)
		if left[key] == nil {
			ids = append(ids, id)
		}
		left[key] = append(left[key], found)
	}
	for asset, err := range client.AssetsByID(ctx, ids) {
		if bynder.IsMalformedElement(err) {
			continue
		}
		if err != nil {
			return err
		}
		key := strings.ToUpper(asset.ID)
		for _, found := range left[key] {
			r.describe(ctx, files, found, asset, nil)
		}
		delete(left, key)
	}
	for _, id := range ids {
		all := left[strings.ToUpper(id)]
		if len(all) == 0 {
			continue
		}
		asset, err := client.Asset(ctx, id)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for _, found := range all {
			r.describe(ctx, files, found, asset, err)
		}
	}
	return nil
}

// describe writes the metadata of an asset beside its file; err is why the asset is not known.
func (r *repair) describe(ctx context.Context, files *journal.Files, found mirror.Finding, asset *bynder.Asset, err error) {
	var content []byte
	if err == nil && !mirror.IsRepaired(found.Record.Path, r.state) {
		err = errNoFileOf(found.Record.Path)
	}
	if err == nil {
		content, err = metadata.Content(asset)
	}
	if err == nil && found.Status == mirror.Changed {
		err = r.takeAway(ctx, files, found)
	}
	var sum string
	if err == nil {
		sum, err = metadata.Write(r.folder, found.Record.Path, content, "")
	}
	if err == nil {
		err = metadata.Sync(r.folder, found.Record.Path)
	}
	if err != nil {
		r.fail(found, err.Error(), hintOf(err))
		return
	}
	r.mu.Lock()
	record, known := r.latest[found.Record.File()]
	r.mu.Unlock()
	if !known {
		record = found.Record
	}
	found.Size, found.Differ = int64(len(content)), ""
	if sum != record.Listed.Metadata {
		listed := *record.Listed
		listed.Metadata = sum
		record.Listed, record.Status, found.Differ = &listed, download.Unchanged, mirror.InMD5
		r.session.journal.Finished(download.Job{}, record)
	}
	r.repaired(found, record)
}
