//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

func contextAfter(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

// metadataOf is what a file with metadata says of an asset.
type metadataOf struct{ ID, Name, Description, DateModified string }

// sidecarOf is the id of the asset whose metadata a file has, "" if it has none.
func sidecarOf(content []byte) string {
	var m metadataOf
	if err := json.Unmarshal(content, &m); err != nil {
		return ""
	}
	return m.ID
}

// check holds a run that ended by itself to what was promised.
func (m *model) check(t *testing.T, r modelRun, plan []string) {
	t.Helper()
	m.checkNothingLost(t, r.before, r.after)
	hindered, unconfirmed := m.hindered(r)
	brokenList := r.fault.On == "list"
	told := m.told()
	switch {
	case brokenList && (r.status != 1 || len(r.lines) > 0 || !sameFiles(r.before, r.after)):
		t.Errorf("the list broke off: status %d, lines %q, or the folder was touched", r.status, r.lines)
	case brokenList || len(told) == 0 && r.status == 1 && sameFiles(r.before, r.after):
		return
	case r.status != 0 && len(hindered) == 0 && !unconfirmed && !r.few:
		t.Errorf("ended with %d, though nothing is in its way", r.status)
	case r.status != 0 && r.status != 1 && r.status != 3:
		t.Errorf("ended with %d", r.status)
	}
	for _, line := range r.lines {
		if !slices.Contains(plan, line) {
			t.Errorf("it did what the dry run did not say: %s\nthe dry run said %q", line, plan)
		}
	}
	if r.status == 0 && len(plan) != len(r.lines) && len(m.sneaky) == 0 { // which are noticed right before they would be removed
		t.Errorf("the dry run said %q, the run did %q", plan, r.lines)
	}
	for _, a := range told {
		if !hindered[a.ID] && (r.status != 1 || r.few && len(hindered) == 0 && !unconfirmed) {
			m.checkAsset(t, r, a)
		}
	}
	if r.status == 0 {
		m.checkEqual(t, r, hindered)
		if r.fault.Name == "" && !r.afterKill && !m.leftOut() {
			m.checkCost(t, r)
		}
	}
}

func sameFiles(a, b map[string]modelEntry) bool {
	same := len(a) == len(b)
	for name, entry := range a {
		same = same && b[name].sum == entry.sum
	}
	return same
}

// checkNothingLost compares the folder before and after a run, which may have been killed.
func (m *model) checkNothingLost(t *testing.T, before, after map[string]modelEntry) {
	t.Helper()
	there := map[digestSum]bool{}
	current := map[string]bool{} // the assets whose file is there as the portal has it
	for _, entry := range after {
		there[entry.sum] = true
		if f, ok := m.files[entry.sum]; ok && m.assets[f.id] != nil && m.assets[f.id].file() == f {
			current[f.id] = true
		}
	}
	trashed := map[digestSum]bool{}
	if m.trash != "" {
		for _, entry := range files(t, m.trash) {
			trashed[entry.sum] = true
		}
	}
	for name, entry := range before {
		_, mine := m.mine[entry.sum]
		f, ours := m.files[entry.sum]
		gone := m.assets[f.id] == nil || !m.assets[f.id].chosen()
		switch {
		case mine && m.sneaky[entry.sum] && there[entry.sum]:
		case mine && after[name].sum != entry.sum:
			t.Errorf("%s, which people have written, is not there any more", name)
		case mine, !ours, there[entry.sum]:
		case gone && !m.deletes:
			t.Errorf("%s of %s was removed, without --delete", name, f.id)
		case gone && m.trash != "" && !trashed[entry.sum]:
			t.Errorf("%s of %s was removed, and is not in the trash", name, f.id)
		case !gone && !current[f.id]:
			t.Errorf("%s of %s was removed, though the portal has the asset, and the folder has no newer file of it", name, f.id)
		}
	}
}

// hindered are the assets whose files cannot be brought up to date without a hand, and whether a deletion cannot be
// confirmed. It is generous: an asset that shares a path with one of them is one of them.
func (m *model) hindered(r modelRun) (all map[string]bool, unconfirmed bool) {
	all, paths := map[string]bool{}, map[string]bool{}
	places := map[string][]string{} // of each asset: where its files are, and belong
	whole := map[string]bool{}
	for name, entry := range r.before {
		f, ours := m.files[entry.sum]
		if owner := m.mine[entry.sum]; owner != "" {
			f.id, ours = owner, true
		}
		if !ours {
			continue
		}
		places[f.id] = append(places[f.id], foldedPath(name))
		if a := m.assets[f.id]; a != nil {
			whole[f.id] = whole[f.id] || a.file() == f
			malformed := r.fault.Name == "malformed" && r.fault.Asset == f.id
			unconfirmed = unconfirmed || (a.chosen() || malformed) && !a.told() && m.deletes
		}
	}
	for _, a := range m.told() {
		places[a.ID] = append(places[a.ID], foldedPath(m.plainPath(a)))
		stuck := r.fault.Name == "malformed" && r.fault.Asset == a.ID ||
			a.Rights == "view" && m.selector == "original" && !whole[a.ID]
		for name, entry := range r.before {
			if owner, mine := m.mine[entry.sum]; mine {
				for _, path := range []string{name, strings.TrimSuffix(name, sidecar)} {
					stuck = stuck || owner == a.ID || foldedPath(path) == foldedPath(m.plainPath(a)) || m.isPath(a, path)
				}
			}
		}
		all[a.ID] = stuck
	}
	for spread := true; spread; {
		spread = false
		for id, stuck := range all {
			for _, place := range places[id] {
				switch {
				case stuck && !paths[place]:
					paths[place], spread = true, true
				case !stuck && paths[place]:
					all[id], spread = true, true
				}
			}
		}
	}
	for id, stuck := range all {
		if !stuck {
			delete(all, id)
		}
	}
	return all, unconfirmed
}

// checkAsset sees that the file of an asset is as the portal has it, where it belongs, and was not fetched in vain.
func (m *model) checkAsset(t *testing.T, r modelRun, a *modelAsset) {
	t.Helper()
	plain, at := m.plainPath(a), ""
	for name, entry := range r.after {
		if m.files[entry.sum] == a.file() && m.isPath(a, name) {
			at = name
		}
	}
	if at == "" {
		t.Errorf("there is no file of %s at %s, status %d", a.ID, plain, r.status)
		return
	}
	if at != plain {
		free := true
		for name, entry := range r.after {
			_, ours := m.files[entry.sum]
			isSidecar := m.metadata && ours && foldedPath(name) == foldedPath(plain+sidecar)
			free = free && !isSidecar && foldedPath(name) != foldedPath(plain)
		}
		if free {
			t.Errorf("the file of %s is at %s, though nothing is at %s", a.ID, at, plain)
		}
	}
	for name, entry := range r.before {
		f, ours := m.files[entry.sum]
		if ours && f.id == a.ID && name == plain && at != plain {
			t.Errorf("the file of %s had %s, and is at %s now", a.ID, plain, at)
		}
		if ours && f == a.file() && r.after[at].sum != entry.sum {
			t.Errorf("the file of %s was at %s, and was fetched again", a.ID, name)
		}
	}
	m.checkSidecar(t, r, a, at)
}

func (m *model) checkSidecar(t *testing.T, r modelRun, a *modelAsset, at string) {
	t.Helper()
	if !m.metadata {
		return
	}
	entry, ok := r.after[at+sidecar]
	var got metadataOf
	if err := json.Unmarshal(entry.content, &got); !ok || err != nil {
		t.Errorf("%s has no metadata: %v", at, err)
		return
	}
	if want := (metadataOf{a.ID, got.Name, got.Description, a.Modified}); got != want {
		t.Errorf("the metadata of %s are %+v, want %+v", at, got, want)
	}
}

// checkEqual sees that the folder has no other file of sync.
func (m *model) checkEqual(t *testing.T, r modelRun, hindered map[string]bool) {
	t.Helper()
	seen := map[string]string{}
	for name, entry := range r.after {
		f, ours := m.files[entry.sum]
		if id := m.sidecars[entry.sum]; id != "" {
			about := m.assets[id]
			// Those of a file that was removed by hand, and whose asset is gone, stay until a run with --delete confirms it.
			stays := about == nil && !m.deletes || about != nil && !about.told() && (!m.deletes || about.chosen())
			if _, ok := r.after[strings.TrimSuffix(name, sidecar)]; !ok && !stays {
				t.Errorf("%s has the metadata of no file", name)
			}
		}
		a := m.assets[f.id]
		switch {
		case !ours || hindered[f.id]:
		case a == nil || !a.told():
			if m.deletes {
				t.Errorf("%s is left of %s, which the search does not find", name, f.id)
			} else if r.before[name].sum != entry.sum {
				t.Errorf("%s of %s, which the search does not find, was touched", name, f.id)
			}
		case f != a.file() || seen[f.id] != "":
			t.Errorf("%s is an old or second file of %s beside %q", name, f.id, seen[f.id])
		default:
			seen[f.id] = name
		}
	}
	if left := m.temporary(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	for _, folder := range emptyFolders(t, m.dest) {
		if !slices.Contains(r.empty, folder) {
			t.Errorf("%s is empty", folder)
		}
	}
	if m.first && !r.afterKill {
		m.checkOldestFirst(t, r, hindered)
	}
}

// checkOldestFirst sees who has a path that several files want in an empty folder.
func (m *model) checkOldestFirst(t *testing.T, r modelRun, hindered map[string]bool) {
	t.Helper()
	taken := map[string]bool{}
	for _, a := range m.told() {
		plain := m.plainPath(a)
		_, has := r.after[plain]
		hasSidecar := m.metadata && taken[foldedPath(plain+sidecar)]
		if !taken[foldedPath(plain)] && !hasSidecar && !hindered[a.ID] && (!has || m.files[r.after[plain].sum].id != a.ID) {
			t.Errorf("%s is not the file of %s, which is the oldest that wants it", plain, a.ID)
		}
		taken[foldedPath(plain)] = true
		taken[foldedPath(plain+sidecar)] = m.metadata
	}
}

// leftOut reports whether a page has fewer assets than the portal counts: that is said, and costs another call.
func (m *model) leftOut() bool {
	for _, a := range m.assets {
		if a.chosen() && a.Lists == "by-id" {
			return true
		}
	}
	return false
}

// checkCost sees that nothing was asked for that was known: a call for the list, one for the user, one for each original.
func (m *model) checkCost(t *testing.T, r modelRun) {
	t.Helper()
	fetched := int64(0)
	for _, line := range r.lines {
		if line[0] == '+' || line[0] == '~' && m.sidecars[r.after[line[2:]].sum] == "" {
			fetched++
		}
	}
	locations := fetched
	if m.selector != "original" {
		locations = 0
	}
	calls := r.stats.Endpoints
	if r.stats.StorageRequests != fetched || calls["download"] != locations || calls["currentUser"] != 1 {
		t.Errorf("%d files cost %d requests of storage, and calls %v", fetched, r.stats.StorageRequests, calls)
	}
	if confirms := calls["list"] > 1 || calls["media"] > 0; confirms && !m.deletes || calls["list"] < 1 {
		t.Errorf("calls %v", calls)
	}
}

// checkQuiet runs sync once more: nothing has changed, so that nothing is said, asked or touched.
func (m *model) checkQuiet(t *testing.T, args []string) {
	t.Helper()
	was := files(t, m.dest)
	r := m.sync(t, sandbox.Fault{}, args)
	calls := r.stats.Endpoints
	if r.status != 0 || len(r.lines) > 0 || !sameFiles(was, r.after) {
		t.Errorf("a quiet night: status %d, lines %q", r.status, r.lines)
	}
	if m.leftOut() {
		return
	}
	if r.stderr != "" {
		t.Errorf("a quiet night: standard error %s", r.stderr)
	}
	if r.stats.StorageRequests != 0 || r.stats.APICalls != 2 || calls["list"] != 1 || calls["currentUser"] != 1 {
		t.Errorf("a quiet night cost %d requests of storage, and calls %v", r.stats.StorageRequests, calls)
	}
}

// emptyFolders are the folders without anything in them.
func emptyFolders(t *testing.T, folder string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if path == folder && errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil || !entry.IsDir() {
			return err
		}
		inside, err := os.ReadDir(path)
		if len(inside) == 0 {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
