package mirror

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/naming"
)

// sidecarOf returns the path of the file with the metadata of the file at path, both with /.
func sidecarOf(path string) string { return filepath.ToSlash(metadata.Path(filepath.FromSlash(path))) }

// leaveSidecar returns what has become of the metadata of a file that leaves its path. Edited ones are kept there.
func (p *planner) leaveSidecar(f *file) Standing {
	if lastListed(f.record).Metadata == "" {
		return NotThere
	}
	s := p.in.Folder.Sidecar(f.record, false)
	if s == Edited {
		p.keepSidecar(f, f.record.Path, errEditedSidecar)
	}
	return s
}

// freeSidecar reports whether the metadata of a file can be written beside its new path. What is there instead is kept.
func (p *planner) freeSidecar(f *file) bool {
	at := download.Result{Path: f.path}
	if f.record != nil {
		at.Listed = f.record.Listed
	}
	at.MediaID = f.mediaID()
	if p.in.Folder.Sidecar(&at, p.in.Adopt) != Edited || p.leaves(f.path) {
		return true
	}
	reason := errForeignSidecar
	if f.record != nil && f.record.Path == f.path && lastListed(f.record).Metadata != "" {
		reason = errEditedSidecar
	}
	p.keepSidecar(f, f.path, reason)
	return false
}

// leaves reports whether what is beside a path in place of its metadata is a file of the state, or the metadata of one, and
// leaves.
func (p *planner) leaves(path string) bool {
	folded := naming.Folded(sidecarOf(path))
	if i, ok := p.held[folded]; ok {
		return p.goesAway(&p.files[i])
	}
	if p.beside == nil {
		p.beside = make(map[string][]*file)
		for i := range p.files {
			if g := &p.files[i]; g.record != nil && lastListed(g.record).Metadata != "" {
				p.beside[naming.Folded(sidecarOf(g.record.Path))] = append(p.beside[naming.Folded(sidecarOf(g.record.Path))], g)
			}
		}
	}
	for _, g := range p.beside[folded] {
		at := *g.record
		at.Path = path // which may differ in case
		if p.goesAway(g) && p.in.Folder.Sidecar(&at, false) == AsWritten {
			return true
		}
	}
	return false
}

// goesAway reports whether a file of the state, or at least its metadata, are not at its path after the plan.
func (p *planner) goesAway(g *file) bool {
	if g.wanted == nil {
		return g.displaced || !g.own()
	}
	return g.places() && g.path != g.record.Path && (g.own() || g.err == nil)
}

// keepSidecar plans that what is beside the file at a path stays as it is. That is said once.
func (p *planner) keepSidecar(f *file, path string, reason func(path string) error) {
	path = sidecarOf(path)
	if p.kept[naming.Folded(path)] {
		return
	}
	p.kept[naming.Folded(path)] = true
	p.put(f, Step{Action: download.ActionKeep, Path: path, Err: reason(path)})
}

// closeRecord plans that sync gives up a file that is missing or was edited. While its metadata are in place as they were
// written, they are removed along with the record, if that is allowed or another file gets the path; else both stay.
func (p *planner) closeRecord(f *file) {
	s := Step{Action: closes, Path: f.record.Path}
	if !p.claimed(f.record.Path) && lastListed(f.record).Metadata != "" {
		confirmed := p.removes && f.verdict != Unconfirmed
		if confirmed {
			s.Why = string(f.verdict)
		} else if p.in.Folder.Sidecar(f.record, false) == AsWritten {
			return
		}
	}
	p.put(f, s)
}

// claimed reports whether another file, or the metadata of one, have a path after the plan.
func (p *planner) claimed(path string) bool {
	path = naming.Folded(path)
	base, _ := strings.CutSuffix(path, foldedSuffix)
	_, file := p.claims[path]
	i, beside := p.claims[base]
	return file || beside && p.hasSidecar(i)
}

// errEditedSidecar is why metadata that were edited stay as they are.
func errEditedSidecar(path string) error {
	return notHere(path, errors.New("the file with its metadata was changed since sync wrote it, so it stays as it is"), "move it away to get the portal's metadata")
}

// errForeignSidecar is why metadata are not written.
func errForeignSidecar(path string) error {
	return notHere(path, errors.New("a file that sync did not write has the path of its asset's metadata"),
		"move it away, or take it with --adopt if it has metadata of this asset")
}
