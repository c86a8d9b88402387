//go:build unix

package main

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// modelEntry is a file as a snapshot of a folder has it.
type modelEntry struct {
	sum     digestSum
	content []byte
	modTime time.Time
}

// modelFolder is the destination of the model, and what it may lose.
type modelFolder struct {
	*modelPortal
	dest, trash string // trash is "" if there is none
	// mine are the files that are not sync's: they stay as they are. Their value is the asset whose file was edited,
	// "" for another file.
	mine map[digestSum]string
	// sneaky are those of mine that look like sync's by size and time, so that they may be moved.
	sneaky map[digestSum]bool
	// sidecars holds the contents of files with metadata that sync has written, and the asset of each.
	sidecars map[digestSum]string
	stood    map[string]string // by path: the asset whose file had it last, which is what the state says if that was removed
	written  int
}

// files are those below a folder by their paths, partials and the state left out.
func files(t *testing.T, folder string) map[string]modelEntry {
	t.Helper()
	all := map[string]modelEntry{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == folder {
			return filepath.SkipAll
		}
		if err != nil || !entry.Type().IsRegular() || isTemporary(path) {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		all[name] = modelEntry{md5.Sum(content), content, info.ModTime()}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func isTemporary(path string) bool {
	return strings.HasSuffix(path, ".part") || strings.Contains(path, "/.bynder/") && !strings.Contains(path, "/moving-")
}

// temporary are the partials and other files of sync that no finished run may leave.
func (f *modelFolder) temporary(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(f.dest, func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(f.dest, path)
		switch {
		case err != nil || entry.IsDir():
		case strings.HasSuffix(name, ".part"):
			all = append(all, name)
		case strings.HasPrefix(name, ".bynder/") && !strings.HasPrefix(name, ".bynder/journal.ndjson"):
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// everything is the state of the destination byte by byte, to see that nothing was touched.
func (f *modelFolder) everything(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(f.dest, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == f.dest {
			return filepath.SkipAll
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		var content []byte
		if info.Mode().IsRegular() {
			content, err = os.ReadFile(path)
			fmt.Fprintf(&b, "%s %s %s %x\n", path, info.Mode(), info.ModTime(), md5.Sum(content))
		} else {
			fmt.Fprintf(&b, "%s %s\n", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// write puts a file of ours in the folder, or over one there.
func (f *modelFolder) write(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(f.dest, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// text is content that nothing else has.
func (f *modelFolder) text() []byte {
	f.written++
	return fmt.Appendf(nil, "what people have written, number %d", f.written)
}

// edit does what people do to a folder, and says what.
func (f *modelFolder) edit(t *testing.T) string {
	t.Helper()
	all := files(t, f.dest)
	names := f.own(all)
	kind := f.random.IntN(10)
	if len(names) == 0 || kind == 0 {
		told := f.told()
		if len(told) == 0 {
			return ""
		}
		a := told[f.random.IntN(len(told))]
		name, text := f.plainPath(a), f.text()
		if _, taken := all[name]; taken {
			return ""
		}
		f.mine[md5.Sum(text)] = f.stood[name]
		f.write(t, name, text)
		return "a file of ours at " + name
	}
	name := names[f.random.IntN(len(names))]
	entry, path := all[name], filepath.Join(f.dest, name)
	file := f.files[entry.sum]
	switch kind {
	case 1, 2:
		text := f.text()
		f.mine[md5.Sum(text)] = file.id
		f.write(t, name, text)
		return "edit " + name + " of " + file.id
	case 3:
		text := f.text()
		text = append(text, bytes.Repeat([]byte("x"), max(len(entry.content)-len(text), 0))...)[:len(entry.content)]
		f.mine[md5.Sum(text)], f.sneaky[md5.Sum(text)] = file.id, true
		f.write(t, name, text)
		if err := os.Chtimes(path, entry.modTime, entry.modTime); err != nil {
			t.Fatal(err)
		}
		return "edit " + name + " of " + file.id + ", of the same size and time"
	case 4, 5:
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return "remove " + name
	case 6:
		when := time.Now().Add(-time.Duration(f.random.IntN(1e6)) * time.Second)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
		return "touch " + name
	case 7:
		if f.random.IntN(3) > 0 {
			return ""
		}
		return f.copy(t)
	case 8:
		text := f.text()
		f.mine[md5.Sum(text)] = ""
		f.write(t, filepath.Join("notes", fmt.Sprint(f.written, ".txt")), text)
		return "a file of ours elsewhere"
	default:
		return f.editSidecar(t, all)
	}
}

// own are the names of the files that sync has written.
func (f *modelFolder) own(all map[string]modelEntry) []string {
	var names []string
	for name, entry := range all {
		if _, ours := f.files[entry.sum]; ours {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

const sidecar = ".metadata.json"

func (f *modelFolder) editSidecar(t *testing.T, all map[string]modelEntry) string {
	var names []string
	for name, entry := range all {
		if f.sidecars[entry.sum] != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	name := names[f.random.IntN(len(names))]
	if f.random.IntN(2) == 0 {
		if err := os.Remove(filepath.Join(f.dest, name)); err != nil {
			t.Fatal(err)
		}
		return "remove " + name
	}
	text := f.text()
	f.mine[md5.Sum(text)] = f.sidecars[all[name].sum]
	f.write(t, name, text)
	return "edit " + name
}

// copy goes on with a copy of the folder whose times are those of now.
func (f *modelFolder) copy(t *testing.T) string {
	to := filepath.Join(t.TempDir(), "copy")
	err := filepath.WalkDir(f.dest, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(f.dest, path)
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), info.Mode().Perm())
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), content, info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
	f.dest = to
	return "copy the folder to " + to
}

// composed writes the names of the model in the normal form NFC.
var composed = strings.NewReplacer("e\u0301", "é", "E\u0301", "É")

// plainPath is where the file of an asset belongs.
func (f *modelFolder) plainPath(a *modelAsset) string {
	ext := a.Extension
	stem := strings.TrimSuffix(a.Name, "."+ext)
	if f.selector != "original" {
		ext = "png"
	}
	return a.Type + "/" + composed.Replace(stem) + "." + ext
}

// isPath reports whether the file of an asset may have a path, because it is the plain one, or that with its key.
func (f *modelFolder) isPath(a *modelAsset, path string) bool {
	plain := f.plainPath(a)
	ext := filepath.Ext(plain)
	// A file stays at the path with its key if the name of its asset changes in case alone.
	return path == plain || strings.HasPrefix(foldedPath(path), foldedPath(strings.TrimSuffix(plain, ext)+"-"+a.ID)) && strings.HasSuffix(path, ext)
}

// foldedPath has one value for the paths that some file systems take for one.
func foldedPath(path string) string {
	return strings.ToLower(composed.Replace(path))
}
