package mirror

import (
	"errors"
	"path/filepath"

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
		p.keepSidecar(f, errEditedSidecar(sidecarOf(f.record.Path)))
	}
	return s
}

// freeSidecar reports whether the metadata of a file can be written beside its new path. Another file that has their path
// is kept.
func (p *planner) freeSidecar(f *file) bool {
	at := download.Result{Path: f.path}
	if f.record != nil {
		at.Listed = f.record.Listed
	}
	at.MediaID = f.mediaID()
	if p.in.Folder.Sidecar(&at, p.in.Adopt) != Edited || p.vacates(f) {
		return true
	}
	path := sidecarOf(f.path)
	reason := errForeignSidecar(path, !p.in.Adopt && p.in.Folder.Adoptable(path))
	if f.record != nil && f.record.Path == f.path && lastListed(f.record).Metadata != "" {
		reason = errEditedSidecar(path)
	}
	p.keepSidecar(f, reason)
	return false
}

// vacates reports whether what is beside a file in place of its metadata leaves.
func (p *planner) vacates(f *file) bool {
	path := sidecarOf(f.path)
	folded := naming.Folded(path)
	if _, ok := p.folders[folded]; ok || p.isForeign(path, folded) {
		return false
	}
	for other := range p.claimants(folded) {
		if other != f && other != f.displaces && !other.first {
			return false
		}
	}
	return true
}

// keepSidecar plans that what is beside a file stays as it is, at the path that the reason has. That is said once.
func (p *planner) keepSidecar(f *file, reason *download.Error) {
	if p.kept[naming.Folded(reason.Path)] {
		return
	}
	p.kept[naming.Folded(reason.Path)] = true
	p.put(f, Step{Action: download.ActionKeep, Path: reason.Path, Err: reason})
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

// claimed reports whether another file, or the metadata of one, need a path or that of its metadata after the plan.
func (p *planner) claimed(path string) bool {
	path = naming.Folded(path)
	for _, at := range []string{path, path + foldedSuffix} {
		for range p.claimants(at) {
			return true
		}
	}
	_, ok := p.folders[path+foldedSuffix]
	return ok
}

// errEditedSidecar returns the reason why metadata that were edited stay as they are.
func errEditedSidecar(path string) *download.Error {
	return notHere(path, errors.New("the file with its metadata was changed since sync wrote it, so it stays as it is"), "move it away to get the portal's metadata")
}

// errForeignSidecar returns the reason why metadata are not written. What has their path may be adoptable.
func errForeignSidecar(path string, adoptable bool) *download.Error {
	advice := "move it away"
	if adoptable {
		advice += ", or take it with --adopt if it has metadata of this asset"
	}
	return notHere(path, errors.New("a file that sync did not write has the path of its asset's metadata"), advice)
}
