package mirror

import (
	"context"
	"iter"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
)

// Preview yields the results that Run.Do would report of the steps of a portal, with the status skipped. What fails, or
// is kept, does so here: also the files of assets that are gone, if a step that cannot be done keeps them from being deleted.
func Preview(steps []Step, portal string) iter.Seq[download.Result] {
	stops := stopsDeletions(steps, portal)
	return func(yield func(download.Result) bool) {
		for i := range steps {
			s := &steps[i]
			switch {
			case s.Action == "":
				continue
			case s.Action == download.ActionDelete && !s.First && stops != "":
				s = s.keptBecause(stops)
			}
			for _, of := range []*Step{s, s.displacing()} {
				if of == nil {
					continue
				}
				r := of.result(portal)
				if r.Status == "" {
					r.Status = download.Skipped
				}
				if !yield(r) {
					return
				}
			}
		}
	}
}

// stopsDeletions returns the code of a step's failure after which nothing is deleted, "" if there is none.
func stopsDeletions(steps []Step, portal string) download.Code {
	for i := range steps {
		if s := &steps[i]; s.Err != nil {
			if code := endangers(s.result(portal)); code != "" {
				return code
			}
		}
	}
	return ""
}

// endangers returns the code of a failed result if nothing may be deleted after it, "" for any other result.
func endangers(r download.Result) download.Code {
	if r.Status != download.Failed {
		return ""
	}
	switch r.Error.Code {
	case download.CodeForbidden, download.CodeNotFound, download.CodeExists, download.CodeUsage:
		return ""
	default:
		return r.Error.Code
	}
}

// keptBecause returns the step in place of a deletion that a failure of a code stops.
func (s *Step) keptBecause(code download.Code) *Step {
	return &Step{Action: download.ActionKeep, Record: s.Record, Path: s.Path, Err: notRemoved(s, code)}
}

// result returns what is known of a step's result before it is done. Its status is that of a step which cannot be done,
// or "". Plan says which files are new. The path of metadata is that of their file.
func (s *Step) result(portal string) download.Result {
	r := download.Result{
		Portal: portal, Path: filepath.FromSlash(s.Path), From: filepath.FromSlash(s.From), Action: s.Action,
	}
	if s.Action == download.ActionDelete {
		r.Why = s.Why // that of a file which a step displaces is of its own result; see displacing
	}
	if was := s.Record; was != nil {
		r.Portal, r.MediaID, r.Selector, r.ItemID = was.Portal, was.MediaID, was.Selector, was.ItemID
		r.Name, r.Bytes, r.MD5, r.Chosen = was.Name, was.Bytes, was.MD5, was.Chosen
	}
	if w := s.Wanted; w != nil {
		r.Portal, r.MediaID, r.Selector, r.Name = w.File.Portal, w.File.MediaID, w.File.Selector, w.Name
	}
	switch s.Action {
	case download.ActionAdopt:
		r.Chosen = s.Wanted.Chosen
	case download.ActionFetch:
		r.Bytes, r.MD5, r.Chosen = s.Wanted.Listed.Size, "", s.Wanted.Chosen
		r.Plan = download.PlanNew
		if s.Replaces || s.Displaces != nil {
			r.Plan = download.PlanChanged
		}
	default:
	}
	if s.Err != nil {
		r.Status, r.Error = download.Failed, download.FailureOf(context.Background(), s.Err)
		// Of an asset that cannot be read nothing is known, and its file stays.
		if s.Action == download.ActionKeep || s.Record != nil && r.Error.Code == download.CodeProtocol {
			r.Status, r.Action, r.Plan = download.Kept, download.ActionKeep, ""
		}
	}
	return r
}

// displacing returns the deletion that a step implies, nil if it implies none.
func (s *Step) displacing() *Step {
	if s.Displaces == nil || s.Err != nil {
		return nil
	}
	return &Step{Action: download.ActionDelete, Record: s.Displaces, Path: filepath.ToSlash(s.Displaces.Path), Why: s.Why}
}

// record returns the step's record as of the path that the file has now.
func (s *Step) record() *download.Result {
	r := *s.Record
	r.Path = filepath.FromSlash(s.Path)
	return &r
}

// listedOf returns what a record, which may be nil, says of the list.
func listedOf(r *download.Result) download.Listed {
	if r == nil {
		return download.Listed{}
	}
	return *lastListed(r)
}
