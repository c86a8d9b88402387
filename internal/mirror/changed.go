package mirror

import (
	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

// MayFetch reports whether a plan may fetch a wanted file, of which the state has the record r or, if it is nil, none.
func MayFetch(w *Wanted, r *download.Result, folder Folder) bool {
	return w.Err == nil && (r == nil || changed(w, r) || folder.Stands(r) != AsWritten)
}

// changed reports whether the portal has another file than the one that was recorded. What only one of the two tells
// is not compared: it may have been left out of a list.
func changed(w *Wanted, r *download.Result) bool {
	before, now := lastListed(r), &w.Listed
	itself := w.Chosen == bynder.OriginalChoice || w.Selector.Name == bynder.OriginalChoice
	switch k := w.Selector.Kind; {
	case differ(r.Chosen, w.Chosen):
		return true
	case k == bynder.Derivative && !itself, k == bynder.Transform:
		return differ(before.URL, now.URL)
	}
	versions := before.Version != 0 && now.Version != 0
	sizes := before.Size != nil && now.Size != nil
	switch {
	case versions && before.Version != now.Version, sizes && *before.Size != *now.Size:
		return true
	case versions:
		return false
	}
	// A new file may have the size of the old one, but portals make its derivatives anew.
	return differ(before.URL, now.URL)
}

// differ reports whether two texts that were both told differ.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// lastListed returns what the list told when the file was fetched.
func lastListed(r *download.Result) *download.Listed {
	if r.Listed == nil {
		return &download.Listed{}
	}
	return r.Listed
}

// learned returns what a record of an unchanged file is to say of the list, now that this tells more than it did; nil if
// it tells no more, or the file has changed. Without it a later change of that alone would not be seen.
func learned(w *Wanted, r *download.Result) *download.Listed {
	before, now := lastListed(r), &w.Listed
	told := *before
	if told.Version == 0 {
		told.Version = now.Version
	}
	if told.Size == nil {
		told.Size = now.Size
	}
	if told.URL == "" {
		told.URL = now.URL
	}
	if told == *before || changed(w, r) {
		return nil
	}
	return &told
}

// sidecarStale reports whether the sidecar of a file in place is to be written.
func sidecarStale(in *Input, f *file) bool {
	if !in.Metadata {
		return false
	}
	before := lastListed(f.record)
	return before.Metadata == "" || before.Modified != f.wanted.Listed.Modified || !in.Folder.Taken(sidecarOf(f.record.Path))
}
