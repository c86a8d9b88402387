package mirror

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// world is a folder, its state and the portal's list, with a carrier of plans that refuses what it must not do.
type world struct {
	t       *testing.T
	folder  *memory
	records map[download.FileID]*download.Result
	fetched int             // files, ever
	failed  int             // steps of the latest plan that could not be done
	deleted int             // files, by the latest plan
	plan    string          // as text
	before  string          // what the latest plan was made of
	kept    map[string]bool // folded paths that the latest plan keeps
}

// errorf ends a test with what is known of it.
func (w *world) errorf(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nplan: %s\nfolder: %s\nstate: %s", fmt.Sprintf(format, args...), w.plan, w.folder, w.stateText())
}

func (w *world) stateText() string {
	var lines []string
	for id, r := range w.records {
		lines = append(lines, fmt.Sprintf("%s/%s %s", id.MediaID, id.Selector, r.Path))
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func (w *world) list() []*download.Result {
	return slices.SortedFunc(maps.Values(w.records), byRecord)
}

// carryOut does what steps say.
func (w *world) carryOut(in Input, steps []Step) {
	w.plan = stepsText(steps)
	w.failed, w.deleted, w.kept = 0, 0, map[string]bool{}
	for _, s := range steps {
		if s.Err != nil && s.Action == download.ActionKeep {
			w.kept[naming.Folded(s.Path)] = true
		}
		w.dropStray(s)
	}
	var aside []func()
	for n, s := range steps {
		if n > 0 && s.Via && !steps[n-1].Via && !steps[n-1].First {
			w.errorf("step %d goes through another name after moves that do not: %s", n, stepsText(steps))
		}
		if s.First && (s.Action != download.ActionDelete || n > 0 && !steps[n-1].First) {
			w.errorf("step %d is not the first: %s", n, stepsText(steps))
		}
		if n > 0 && !steps[n-1].First && slices.Index(turns, s.Action) < slices.Index(turns, steps[n-1].Action) {
			w.errorf("step %d is out of order: %s", n, stepsText(steps))
		}
		if s.Action != download.ActionMove {
			w.finish(&aside)
		}
		if s.Err != nil {
			w.failed++
			continue
		}
		if s.Displaces != nil {
			if s.Action != download.ActionFetch && s.Action != download.ActionMove {
				w.errorf("%s displaces", stepText(s))
			}
			w.remove(in, s, s.Displaces)
		}
		switch s.Action {
		case download.ActionMove:
			place := w.leave(s)
			if s.Via {
				aside = append(aside, place)
			} else {
				place()
			}
		case download.ActionFetch:
			w.fetch(in, s)
		case download.ActionMetadata:
			w.writeSidecar(in, s, w.records[s.Wanted.File])
		case download.ActionAdopt:
			w.adopt(in, s)
		case download.ActionDelete:
			w.remove(in, s, s.Record)
		case closes:
			w.note(s)
		default:
			w.errorf("%s has no error", stepText(s))
		}
	}
	w.finish(&aside)
}

// finish gives files that went through another name their paths.
func (w *world) finish(aside *[]func()) {
	for _, place := range *aside {
		place()
	}
	*aside = nil
}

// put writes a file where nothing is.
func (w *world) put(s Step, path, content string) {
	if w.folder.Taken(path) {
		w.errorf("%s: the path is not free", stepText(s))
	}
	w.folder.files[path] = content
}

// owned fails unless a file is in place as it was written.
func (w *world) owned(s Step, r *download.Result, path string) string {
	name, ok := w.folder.find(path)
	if !ok || w.folder.files[name] != r.MD5 {
		w.errorf("%s: the file is not sync's", stepText(s))
	}
	return name
}

// leave takes a file, and its sidecar if it is sync's, away, and returns what puts them to their new place.
func (w *world) leave(s Step) (place func()) {
	delete(w.folder.files, w.owned(s, s.Record, s.From))
	sidecar, hasSidecar := w.ownSidecar(s.Record, s.From)
	if hasSidecar {
		delete(w.folder.files, sidecar)
	} else if w.folder.Sidecar(s.Record, false) == Edited && lastListed(s.Record).Metadata != "" {
		w.keeps(s, s.From)
	}
	return func() {
		w.put(s, s.Path, s.Record.MD5)
		moved := *s.Record
		moved.Path = s.Path
		if told := learned(s.Wanted, s.Record); told != nil {
			moved.Listed = told
		}
		switch _, own := w.ownSidecar(&moved, s.Path); {
		case hasSidecar && !w.folder.Taken(s.Path+sidecarEnd):
			w.folder.files[s.Path+sidecarEnd] = s.Record.Listed.Metadata
		case hasSidecar && own:
		case lastListed(&moved).Metadata != "":
			if hasSidecar {
				w.keeps(s, s.Path)
			}
			listed := *moved.Listed
			listed.Metadata = ""
			moved.Listed = &listed
		}
		w.records[s.Record.File()] = &moved
	}
}

// keeps fails unless the plan says that the metadata beside a path are kept.
func (w *world) keeps(s Step, path string) {
	if !w.kept[naming.Folded(path+sidecarEnd)] {
		w.errorf("%s: the plan does not say that %s is kept: %s", stepText(s), path+sidecarEnd, w.plan)
	}
}

// dropStray removes the metadata of a file that is not at its path any more.
func (w *world) dropStray(s Step) {
	r := s.Record
	if r == nil || r.Portal != testPortal {
		return
	}
	stands := w.folder.Stands(r)
	closed := s.Action == closes && s.Wanted == nil && stands != AsWritten
	if sidecar, own := w.ownSidecar(r, r.Path); own && (closed || (s.Action == download.ActionFetch && !s.Replaces || s.Action == download.ActionAdopt) && r.Path != s.Path && stands != AsWritten) {
		delete(w.folder.files, sidecar)
	}
}

// note changes the state alone.
func (w *world) note(s Step) {
	if s.Wanted == nil {
		delete(w.records, s.Record.File())
		return
	}
	r := *w.records[s.Wanted.File]
	if r.Listed = learned(s.Wanted, &r); r.Listed == nil || r.Path != s.Path {
		w.errorf("%s: nothing is learned", stepText(s))
	}
	w.records[s.Wanted.File] = &r
}

func (w *world) ownSidecar(r *download.Result, path string) (name string, ok bool) {
	name, ok = w.folder.find(path + sidecarEnd)
	return name, ok && lastListed(r).Metadata != "" && w.folder.files[name] == r.Listed.Metadata
}

func (w *world) fetch(in Input, s Step) {
	before := w.records[s.Wanted.File]
	if s.Replaces {
		delete(w.folder.files, w.owned(s, s.Record, s.Path))
	}
	w.fetched++
	content := fmt.Sprintf("%s/%s fetch %d", s.Wanted.File.MediaID, s.Wanted.File.Selector, w.fetched)
	w.put(s, s.Path, content)
	w.record(in, s, content, before)
}

func (w *world) adopt(in Input, s Step) {
	name, ok := w.folder.find(s.Path)
	if !ok {
		w.failed++ // it is a folder, or a file is where its folder should be
		return
	}
	w.record(in, s, w.folder.files[name], w.records[s.Wanted.File])
}

// record notes that a file is in place, and writes its sidecar.
func (w *world) record(in Input, s Step, content string, before *download.Result) {
	listed := s.Wanted.Listed
	r := &download.Result{
		Portal: s.Wanted.File.Portal, MediaID: s.Wanted.File.MediaID, Selector: s.Wanted.File.Selector,
		Path: s.Path, MD5: content, Chosen: s.Wanted.Chosen, Listed: &listed,
	}
	if before != nil {
		listed.Metadata = lastListed(before).Metadata
	}
	w.records[s.Wanted.File] = r
	if in.Metadata && !s.Bare {
		w.writeSidecar(in, s, r)
	} else if before != nil && listed.Metadata != "" {
		listed.Modified = lastListed(before).Modified
	}
}

// writeSidecar writes the metadata of a file, unless something else has the path.
func (w *world) writeSidecar(in Input, s Step, r *download.Result) {
	written := *r
	listed := *lastListed(r)
	if told := learned(s.Wanted, r); told != nil {
		listed = *told
	}
	written.Listed = &listed
	name, own := w.ownSidecar(r, s.Path)
	if !own {
		name = s.Path + sidecarEnd
	}
	if w.kept[naming.Folded(name)] && !own {
		return
	}
	if w.folder.Sidecar(r, in.Adopt) == Edited {
		w.errorf("%s: the metadata at %s are not sync's, and the plan does not say so: %s", stepText(s), name, w.plan)
	}
	listed.Modified, listed.Metadata = s.Wanted.Listed.Modified, "metadata of "+s.Wanted.File.MediaID+" of "+s.Wanted.Listed.Modified
	w.folder.files[name] = listed.Metadata
	w.records[r.File()] = &written
}

// remove removes the file of an asset that is gone, and its sidecar.
func (w *world) remove(in Input, s Step, r *download.Result) {
	verdict := in.Gone[r.MediaID]
	if !in.Delete || verdict == Unconfirmed || string(verdict) != s.Why {
		w.errorf("%s: a deletion without a verdict", stepText(s))
	}
	if w.deleted++; w.deleted > in.MaxDelete {
		w.errorf("%s: deletion %d, where %d are allowed", stepText(s), w.deleted, in.MaxDelete)
	}
	if s.Displaces != nil && naming.Folded(r.Path) != naming.Folded(s.Path) {
		w.errorf("%s displaces a file at %s", stepText(s), r.Path)
	}
	delete(w.folder.files, w.owned(s, r, r.Path))
	if sidecar, own := w.ownSidecar(r, r.Path); own {
		delete(w.folder.files, sidecar)
	}
	delete(w.records, r.File())
}
