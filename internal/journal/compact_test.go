package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

func TestSummariseAndCompact(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A", "B", "C")
	keep(t, file, dir, "A")
	j := openJournal(t, file, Options{Dir: dir})
	j.Finished(original("C"), failed(original("C"), download.CodeNotFound))
	j.Finished(original("D"), failed(original("D"), download.CodeNotFound))
	j.Finished(original("E"), failed(original("E"), download.CodeStorage))
	closeJournal(t, j)
	before := readFile(t, file)
	all := strings.SplitAfter(before, "\n") // A B C A C D E
	writeFile(t, file, all[0]+"# note\n"+strings.Join(all[1:], "")+`{"portal":"to`)
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}

	want := []Group{
		{Status: download.Downloaded, Files: 2, Bytes: 24},
		{Status: download.Failed, Cause: download.CodeNotFound, Files: 2},
		{Status: download.Failed, Cause: download.CodeStorage, Files: 1},
	}
	counts := Counts{Files: 5, Superseded: 2, Foreign: 1, Bytes: info.Size()}
	groups, got, err := Summarise(t.Context(), file)
	if err != nil || !slices.Equal(groups, want) || got != counts {
		t.Errorf("the summary is %+v, %+v, %v", groups, got, err)
	}

	got, after, err := Compact(t.Context(), file)
	if err != nil || got != counts {
		t.Errorf("compacted was %+v, %v", got, err)
	}
	compacted := readFile(t, file)
	if compacted != all[1]+all[3]+all[4]+all[5]+all[6] || after != int64(len(compacted)) {
		t.Errorf("the journal became (%d bytes)\n%s", after, compacted)
	}
	now, err := os.Stat(file)
	if err != nil || now.Mode() != info.Mode() {
		t.Errorf("its mode is %v, was %v (%v)", now.Mode(), info.Mode(), err)
	}
	groups, got, err = Summarise(t.Context(), file)
	if err != nil || !slices.Equal(groups, want) || got != (Counts{Files: 5, Bytes: after}) {
		t.Errorf("the summary is %+v, %+v, %v", groups, got, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 2 {
		t.Errorf("left were %v, %v", entries, err)
	}
}

// Two files of one fingerprint both stay.
func TestCompactKeepsCollisions(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A", "B")
	turns, err := newTurns(file)
	if err != nil {
		t.Fatal(err)
	}
	v := newView(turns)
	if _, err := v.follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, _ := v.index.get(key{portal, "B", "original"}.fingerprint(v.seed))
	v.index.put(key{portal, "A", "original"}.fingerprint(v.seed), b)
	n := 0
	counts, err := v.eachLatest(t.Context(), file, func([]byte, *record) error { n++; return nil })
	if err != nil || n != 2 || counts.Files != 2 || counts.Superseded != 0 {
		t.Errorf("%d lines, %+v, %v", n, counts, err)
	}
	if err := errors.Join(v.close(), turns.end()); err != nil {
		t.Error(err)
	}
}

func TestCompactThroughALink(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A")
	keep(t, file, dir, "A")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	if _, _, err := Compact(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
	if got := lineCount(t, file); got != 1 {
		t.Errorf("%d lines", got)
	}
}

func TestCompactFails(t *testing.T) {
	dir, file := newFolder(t)
	if _, _, err := Compact(t.Context(), file); err == nil {
		t.Error("what is not there was compacted")
	} else {
		wantRefused(t, err)
	}
	if _, _, err := Summarise(t.Context(), file); err == nil {
		t.Error("what is not there was summed up")
	} else {
		wantRefused(t, err)
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
	keep(t, file, dir, "A")
	before := readFile(t, file)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Compact(ctx, file); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if runtime.GOOS != "windows" && os.Geteuid() != 0 {
		if err := os.Chmod(filepath.Dir(file), 0o555); err != nil {
			t.Fatal(err)
		}
		_, _, err := Compact(t.Context(), file)
		if !errors.Is(err, os.ErrPermission) {
			t.Errorf("the error is %v", err)
		}
		if err := os.Chmod(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if got := readFile(t, file); got != before {
		t.Errorf("the journal became %q", got)
	}
	// What a killed one left goes.
	writeFile(t, file+".tmp", "half")
	if _, _, err := Compact(t.Context(), file); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file + ".tmp"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was left: %v", err)
	}
}
