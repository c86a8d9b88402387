package mirror

import (
	"cmp"
	"iter"
	"strings"

	"github.com/bynder-cli/bynder/internal/naming"
)

// conflicts reports whether a file cannot have a path, because another file of sync is to have it or a path above or
// below it. The same holds for the path of its metadata. A file that the plan removes does not hinder it.
func (a *assignment) conflicts(i int, path, folded string) bool {
	f := &a.files[i]
	for at := range a.needs(f, path, folded) {
		if _, ok := a.folders[at]; ok {
			return true
		}
		if _, ok := a.keptFolders[at]; ok {
			return true
		}
		for other := range a.claimants(at) {
			if other != f && !a.removable(other) {
				return true
			}
		}
	}
	return false
}

// needs yields what a file at a path needs: that path and, if it has metadata, theirs.
func (a *assignment) needs(f *file, path, folded string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if yield(folded) && a.hasSidecar(f, path) {
			yield(folded + foldedSuffix)
		}
	}
}

// claimants yields the files that are to have a path, or one of its folders as their path, themselves or with their metadata.
func (a *assignment) claimants(path string) iter.Seq[*file] {
	return func(yield func(*file) bool) {
		more := a.yieldClaimants(path, yield)
		for folder := range foldersOf(path) {
			if !more {
				return
			}
			more = a.yieldClaimants(folder, yield)
		}
	}
}

// yieldClaimants yields those of claimants that are to have the path itself, and reports whether more are asked for.
func (a *assignment) yieldClaimants(path string, yield func(*file) bool) (more bool) {
	if i, ok := a.claims[path]; ok && !yield(&a.files[i]) {
		return false
	}
	base, beside := strings.CutSuffix(path, foldedSuffix)
	i, ok := a.claims[base]
	if !ok || !beside {
		return true
	}
	for _, f := range []*file{&a.files[i], a.files[i].displaces} {
		if f != nil && a.hasSidecar(f, f.path) && !yield(f) {
			return false
		}
	}
	return true
}

// hasSidecar reports whether a file has a sidecar at a path, or will have one. That of a missing file does not move along.
func (a *assignment) hasSidecar(f *file, path string) bool {
	return a.in.Metadata && f.wanted != nil || f.record != nil && lastListed(f.record).Metadata != "" &&
		(f.own() || f.record.Path == path) && a.in.Folder.Taken(sidecarOf(f.record.Path))
}

// foldedSuffix is how the path of a sidecar ends. Safe names are short enough for it (naming.MaxName).
var foldedSuffix = naming.Folded(sidecarEnd)

// removable reports whether the plan removes a file.
func (a *assignment) removable(f *file) bool {
	return a.removes && f.own() && f.verdict != Unconfirmed
}

// displace finds the files that the plan removes for the sake of a wanted one: before all other steps, unless that one
// takes the path of a single file.
func (a *assignment) displace(f *file) {
	folded := naming.Folded(f.path)
	if i, ok := a.claims[folded]; !ok || f != &a.files[i] {
		return // it does not get the path
	}
	for at := range a.needs(f, f.path, folded) {
		for other := range a.claimants(at) {
			other.first = other.first || a.removable(other) && other != f.displaces
		}
		if _, ok := a.goneFolders[at]; !ok {
			continue
		}
		for i := range a.files {
			if other := &a.files[i]; a.removable(other) && strings.HasPrefix(naming.Folded(other.record.Path), at+"/") {
				other.first = true
			}
		}
	}
}

// isForeign reports whether something that sync has not written has a path, or that of a folder of it. Files of the state
// leave a path that another one gets, and so do their metadata.
func (a *assignment) isForeign(path, folded string) bool {
	if i, ok := a.held[folded]; ok && a.files[i].record.Path == path || !a.in.Folder.Taken(path) {
		return false
	}
	for end, foldedEnd := len(path), len(folded); end > 0; {
		if a.leaves(path[:end], folded[:foldedEnd]) {
			return false
		}
		end, foldedEnd = strings.LastIndexByte(path[:end], '/'), strings.LastIndexByte(folded[:foldedEnd], '/')
	}
	return !a.in.Folder.HasOnly(path, func(path string) bool { return a.leaves(path, naming.Folded(path)) })
}

// leaves reports whether what has a path is a file of the state, or the metadata of one, and leaves it if another file
// gets the path.
func (a *assignment) leaves(path, folded string) bool {
	if i, ok := a.held[folded]; ok && a.isFileOf(i, path) {
		return true
	}
	base, ok := strings.CutSuffix(folded, foldedSuffix)
	if !ok || len(path) <= len(sidecarEnd) {
		return false
	}
	if a.described == nil {
		a.described = make(map[string][]*file)
		for i := range a.files {
			if f := &a.files[i]; f.record != nil && lastListed(f.record).Metadata != "" {
				at := naming.Folded(f.record.Path)
				a.described[at] = append(a.described[at], f)
			}
		}
	}
	for _, f := range a.described[base] {
		at := *f.record
		at.Path = path[:len(path)-len(sidecarEnd)] // which may differ in case
		stays := !f.own() && f.wanted != nil && f.wanted.Path == f.record.Path && cmp.Or(f.refused, f.err) != nil
		if !stays && a.in.Folder.Sidecar(&at, false) == AsWritten {
			return true
		}
	}
	return false
}

// isFileOf reports whether what has a path is the file of i, whose own path is the same but for case or normalization:
// most systems have two files then.
func (a *assignment) isFileOf(i int, path string) bool {
	r := a.files[i].record
	if r.Path == path {
		return true
	}
	other := *r
	other.Path = path
	return a.in.Folder.Stands(&other) == a.in.Folder.Stands(r)
}

// foldersOf yields the folders of a path, the innermost first.
func foldersOf(path string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := strings.LastIndexByte(path, '/'); i > 0; i = strings.LastIndexByte(path[:i], '/') {
			if !yield(path[:i]) {
				return
			}
		}
	}
}

// addFolders adds the folders of a path.
func addFolders(set map[string]struct{}, path string) {
	for folder := range foldersOf(path) {
		if _, ok := set[folder]; ok {
			return // and so are those above it
		}
		set[folder] = struct{}{}
	}
}
