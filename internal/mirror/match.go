package mirror

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// file is one that is wanted, that the state has, or both.
type file struct {
	wanted   *Wanted          // nil if the list does not have it
	record   *download.Result // nil if the state does not have it
	standing Standing         // of record's file; see own and edited
	listed   bool             // the list has its asset
	verdict  Verdict          // of an asset that is not listed
	refused  error            // why there is no such file, or no path for it

	// What the assignment of paths finds.
	path      string // where the file is to be, or is
	adopts    bool   // it is at path already, and sync has not written it
	displaces *file  // which has path, and whose asset is gone
	displaced bool   // by another file
	first     bool   // it is removed before all other steps, as it hinders another file
	stays     bool   // it cannot be moved away
	err       error  // why it is not where it should be
}

// own reports whether the file is in place as sync has written it.
func (f *file) own() bool { return f.record != nil && f.standing == AsWritten }

// edited reports whether something else has the path of the record, which no other record explains.
func (f *file) edited() bool { return f.record != nil && f.standing == Edited }

// places reports whether the list says where the file should be.
func (f *file) places() bool { return f.wanted != nil && f.refused == nil }

// givenUp reports whether sync gives the file up: it was edited, and its asset is known to be gone. What has its
// path is a file like any that sync has not written.
func (f *file) givenUp() bool { return f.edited() && f.verdict != Unconfirmed }

// match brings together what is wanted and the records of the same portal, sorted by media id and selector. Records of
// other portals are returned as others.
func match(in Input) (files []file, others []*download.Result) {
	wanted := make([]*Wanted, len(in.Wanted))
	_, spelled := compareIDs(in.Wanted, in.Records, in.Wanted[0].File.Portal)
	for i := range in.Wanted {
		wanted[i] = &in.Wanted[i]
		// A portal may spell an id otherwise than before, and finds the asset by either: the state's spelling stays.
		if len(spelled) > 0 {
			if id, ok := spelled[bynder.FoldedID(wanted[i].File.MediaID)]; ok {
				again := *wanted[i]
				again.File.MediaID = id
				wanted[i] = &again
			}
		}
	}
	slices.SortFunc(wanted, byFile)
	// A list whose pages shift may have an asset twice.
	wanted = slices.CompactFunc(wanted, func(a, b *Wanted) bool { return a.File == b.File })
	portal := wanted[0].File.Portal
	records := make([]*download.Result, 0, len(in.Records))
	for _, r := range in.Records {
		if r.Portal == portal {
			records = append(records, r)
		} else {
			others = append(others, r)
		}
	}
	slices.SortFunc(records, byRecord)
	slices.SortFunc(others, byRecord)

	files = make([]file, 0, max(len(wanted), len(records)))
	for len(wanted) > 0 || len(records) > 0 {
		var f file
		order := -1
		switch {
		case len(wanted) == 0:
			order = 1
		case len(records) > 0:
			order = compareFile(wanted[0].File, records[0].File())
		}
		if order <= 0 {
			f.wanted, wanted = wanted[0], wanted[1:]
			f.refused = refusal(f.wanted)
		}
		if order >= 0 {
			f.record, records = records[0], records[1:]
			f.standing = in.Folder.Stands(f.record)
		}
		files = append(files, f)
	}
	judge(files, in.Gone)
	for i := range files {
		// What a run replaces or removes has its MD5 compared then. The plan knows before, so that it is what is done.
		f := &files[i]
		if f.own() && (f.places() && changed(f.wanted, f.record) || in.Delete && f.verdict != Unconfirmed) {
			f.standing = in.Folder.Proven(f.record)
		}
	}
	return files, others
}

// byFile compares by identity; of two of one file, the one that tells of the later state of its asset is first.
func byFile(a, b *Wanted) int {
	if order := compareFile(a.File, b.File); order != 0 {
		return order
	}
	return cmp.Or(
		cmp.Compare(b.Listed.Version, a.Listed.Version),
		strings.Compare(b.Listed.Modified, a.Listed.Modified),
		compareBool(a.Err != nil, b.Err != nil),
		strings.Compare(a.Path, b.Path),
		strings.Compare(a.Listed.URL, b.Listed.URL),
	)
}

func byRecord(a, b *download.Result) int { return compareFile(a.File(), b.File()) }

// compareFile compares by media id, selector and portal.
func compareFile(a, b download.FileID) int {
	if order := strings.Compare(a.MediaID, b.MediaID); order != 0 {
		return order // as almost always, and there may be millions
	}
	return cmp.Or(strings.Compare(a.Selector, b.Selector), strings.Compare(a.Portal, b.Portal))
}

// compareBool puts false first.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// judge finds out which assets of sorted files are listed, and the verdicts about those that are not.
func judge(files []file, gone map[string]Verdict) {
	for start := 0; start < len(files); {
		end, listed := start, false
		for ; end < len(files) && files[end].mediaID() == files[start].mediaID(); end++ {
			listed = listed || files[end].wanted != nil
		}
		for i := start; i < end; i++ {
			files[i].listed = listed
			if !listed {
				files[i].verdict = gone[files[i].mediaID()]
			}
		}
		start = end
	}
}

func (f *file) mediaID() string {
	if f.wanted != nil {
		return f.wanted.File.MediaID
	}
	return f.record.MediaID
}

// ownFolder is where sync keeps its state, and files that are being moved.
const ownFolder = ".bynder"

// inOwnFolder reports whether some usual file system takes a path for one of ownFolder. Windows gives that a second name
// of at most eight letters: the first six and a number or, if there are several such names, two, four digits and a number.
func inOwnFolder(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	first = naming.Folded(first)
	return first == naming.Folded(ownFolder) || shortName().MatchString(first)
}

var shortName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(bynder|by[0-9a-f]{4})~[0-9]$`) })

// refusal returns why a wanted file cannot have the path that it should have.
func refusal(w *Wanted) error {
	if w.Err != nil || !inOwnFolder(w.Path) {
		return w.Err
	}
	return &download.Error{
		Code:   download.CodeUsage,
		Path:   w.Path,
		Err:    errors.New("sync keeps its state in the folder " + ownFolder),
		Advice: "choose other names with --name",
	}
}
