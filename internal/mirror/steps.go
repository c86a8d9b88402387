package mirror

import (
	"slices"

	"github.com/bynder-cli/bynder/internal/download"
)

// turns are the actions in the order in which they are carried out.
var turns = []download.Action{
	download.ActionMove, download.ActionFetch, download.ActionMetadata, download.ActionAdopt, download.ActionKeep, closes,
	download.ActionDelete,
}

// closes is the action of a step that closes a record, or changes the state alone.
const closes download.Action = ""

// planner turns files that have their paths into steps.
type planner struct {
	*assignment
	steps map[download.Action][]Step
	kept  map[string]bool // paths of sidecars that stay as they are
}

// all returns the steps in the order in which they are carried out.
func (p *planner) all() []Step {
	p.steps[download.ActionMove] = inOrder(p.steps[download.ActionMove])
	total := 0
	for _, steps := range p.steps {
		total += len(steps)
	}
	all := make([]Step, 0, total)
	p.steps[download.ActionDelete] = slices.DeleteFunc(p.steps[download.ActionDelete], func(s Step) bool {
		if s.First {
			all = append(all, s)
		}
		return s.First
	})
	for _, action := range turns {
		all = append(all, p.steps[action]...)
		delete(p.steps, action)
	}
	return all
}

// add plans what is done with a file.
func (p *planner) add(f *file) {
	switch {
	case f.wanted == nil:
		p.addUnlisted(f)
	case f.refused != nil:
		path := f.wanted.Path
		if path == "" && f.record != nil {
			path = f.record.Path
		}
		p.put(f, Step{Action: download.ActionFetch, Path: path, Err: f.refused})
	case f.edited():
		p.addEdited(f)
	case f.own():
		p.addInPlace(f)
	case f.adopts:
		p.put(f, Step{Action: download.ActionAdopt, Path: f.path})
		p.describes(f)
	default:
		p.put(f, p.displacing(f, Step{Action: download.ActionFetch, Path: f.path, Err: f.err}))
		if f.err == nil {
			p.describes(f)
		}
	}
}

// describes notes whether metadata can be written along with a file.
func (p *planner) describes(f *file) {
	if p.in.Metadata {
		p.freeSidecar(f)
	}
}

func (p *planner) put(f *file, s Step) {
	s.Wanted, s.Record = f.wanted, f.record
	p.steps[s.Action] = append(p.steps[s.Action], s)
}

// displacing notes the file of an asset that is gone, which a step replaces.
func (p *planner) displacing(f *file, s Step) Step {
	if f.displaces != nil {
		s.Displaces, s.Why = f.displaces.record, string(f.displaces.verdict)
		p.leaveSidecar(f.displaces)
	}
	return s
}

// addInPlace plans a file that is in place as sync has written it.
func (p *planner) addInPlace(f *file) {
	moves, along := f.path != f.record.Path, NotThere
	if moves {
		p.put(f, p.displacing(f, Step{Action: download.ActionMove, Path: f.path, From: f.record.Path}))
		along = p.leaveSidecar(f)
	}
	stale := sidecarStale(p.in, f) || moves && p.in.Metadata && along != AsWritten
	fetch := changed(f.wanted, f.record)
	free := true
	if along == AsWritten || stale || fetch && p.in.Metadata {
		free = p.freeSidecar(f)
	}
	switch {
	case fetch:
		p.put(f, Step{Action: download.ActionFetch, Path: f.path, Replaces: true})
	case stale && free:
		p.put(f, Step{Action: download.ActionMetadata, Path: f.path})
	case !moves && learned(f.wanted, f.record) != nil:
		p.put(f, Step{Action: closes, Path: f.path})
	}
	if f.err != nil {
		p.put(f, Step{Action: download.ActionKeep, Path: f.path, Err: f.err})
	}
}

// addEdited plans a file that was changed since sync wrote it. Unless the portal has another file, or has it at another
// path, there is nothing to say about it, as long as it is a file that can be read.
func (p *planner) addEdited(f *file) {
	err := f.err
	if err == nil {
		switch adoptable := p.in.Folder.Adoptable(f.record.Path); {
		case changed(f.wanted, f.record):
			err = editedReplaced(f, adoptable)
		case !adoptable:
			err = notAFile(f)
		}
	}
	switch {
	case p.in.Adopt && p.in.Folder.Adoptable(f.path):
		bare := p.in.Metadata && !sidecarStale(p.in, f) && p.in.Folder.Sidecar(f.record, false) == Edited
		p.put(f, Step{Action: download.ActionAdopt, Path: f.path, Bare: bare})
		if !bare {
			p.describes(f)
		}
		if f.err != nil { // a file is moved if the state has it as it is
			p.put(f, Step{Action: download.ActionKeep, Path: f.path, Err: adoptedRenamed(f)})
		}
	case err != nil:
		p.put(f, Step{Action: download.ActionKeep, Path: f.path, Err: err})
	case sidecarStale(p.in, f) && p.freeSidecar(f):
		p.put(f, Step{Action: download.ActionMetadata, Path: f.path})
	}
}

// addUnlisted plans a file that the list does not have. A file whose asset the list has, as it does after another
// selection was accepted, stays as it is.
func (p *planner) addUnlisted(f *file) {
	switch {
	case !f.own() && !f.edited(), f.givenUp():
		p.closeRecord(f)
	case f.listed || !p.in.Delete:
	case f.verdict == Unconfirmed:
		p.put(f, Step{Action: download.ActionKeep, Path: f.record.Path, Err: notConfirmed(f)})
	case p.removes && !f.displaced:
		p.put(f, Step{Action: download.ActionDelete, Path: f.record.Path, Why: string(f.verdict), First: f.first})
		p.leaveSidecar(f)
	}
}
