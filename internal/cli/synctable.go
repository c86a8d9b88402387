package cli

import (
	"context"
	"encoding/json"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/mirror"
)

// tabulate writes the table of metadata: a row for each file of the list, in its order. A run that was stopped leaves
// the table as it was.
func (s *syncRun) tabulate(ctx context.Context, p *syncPlan, stopped bool) error {
	if s.table == nil {
		return nil
	}
	for i := range p.wanted {
		w := &p.wanted[i]
		asset, err := s.asset(w)
		if err != nil {
			return err
		}
		if asset == nil {
			s.lacking.Add(1)
		}
		s.table.Add(int64(i+1), s.row(w), asset)
	}
	return s.finishMetadata(ctx, stopped, false)
}

// checkTable rejects a table that would have the path of a file that sync has in the folder, or is to have there, or of its
// metadata: also before that file exists.
func (s *syncRun) checkTable(records []*download.Result, steps []mirror.Step) error {
	table := s.flags.tablePath()
	check := func(path string) error {
		err := checkTable(table, s.destination.Show(filepath.FromSlash(path)))
		if err != nil {
			return usagef("--metadata-csv: %w", err)
		}
		return nil
	}
	for _, r := range records {
		if err := check(r.Path); err != nil {
			return err
		}
	}
	for i := range steps {
		if err := check(steps[i].Path); err != nil {
			return err
		}
	}
	return nil
}

// row returns the result of a file: the one that was reported or, if none was, its record as unchanged.
func (s *syncRun) row(w *mirror.Wanted) download.Result {
	r, ok := s.results[w.File]
	if was := s.known[w.File]; !ok && was != nil {
		r = *was
		r.Status = download.Unchanged
	}
	if r.MediaID == "" { // the run ended before it
		r = download.Result{Portal: w.File.Portal, MediaID: w.File.MediaID, Selector: w.File.Selector, Name: w.Name, Status: download.Failed}
	}
	if r.Path != "" {
		r.Path = s.destination.Show(filepath.FromSlash(r.Path))
	}
	return r
}

// asset returns the asset of a file as it was listed; nil if it could not be read.
func (s *syncRun) asset(w *mirror.Wanted) (*bynder.Asset, error) {
	if w.Metadata.Length == 0 {
		return nil, nil
	}
	content, err := s.spool.Read(w.Metadata)
	if err != nil {
		return nil, err
	}
	return bynder.ParseAsset(json.RawMessage(content))
}
