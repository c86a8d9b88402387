package sink

import (
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// choice matches what a hint must not offer if the names and the folder of files are recorded.
var choice = regexp.MustCompile(`--name|--dir|--output|another folder|name the folder|shorter names`)

// No hint about files whose names and folder are recorded offers others.
func TestHintsOfRecordedFiles(t *testing.T) {
	recorded, chosen := DirOptions{Recorded: true}, 0
	for _, a := range advice {
		if hint := recorded.advice(a.hint, a.recorded); choice.MatchString(hint) || hint == "" && a.hint != "" {
			t.Errorf("the hint %q becomes %q", a.hint, hint)
		}
		if hint := (DirOptions{}).advice(a.hint, a.recorded); hint != a.hint {
			t.Errorf("the hint %q becomes %q", a.hint, hint)
		}
		if choice.MatchString(a.hint) {
			chosen++
		}
	}
	if chosen < 8 {
		t.Errorf("only %d hints offer a choice", chosen)
	}
	folder := t.TempDir()
	recorded.InUse = []InUse{{What: "a file of the run", Path: filepath.Join(folder, "own")}}
	d := newDir(t, folder, recorded)
	for err, want := range map[error]string{
		d.failure("receive", "a", &fs.PathError{Err: syscall.ENAMETOOLONG}): "move the folder to a file system that takes names of this length",
		d.failure("receive", "a", &fs.PathError{Err: syscall.ENOSPC}):       "free some space, then run the same command again to continue",
		d.inTheWay("a", folderInfo(t)):                                      "move it away",
		d.CheckInUse("own"):                                                 "move that file to another folder",
	} {
		if failed, ok := errors.AsType[*download.Error](err); !ok || failed.Advice != want {
			t.Errorf("the error %v has not the hint %q", err, want)
		}
	}
}

func folderInfo(t *testing.T) fs.FileInfo {
	t.Helper()
	info, err := fs.Stat(newDir(t, t.TempDir(), DirOptions{}).root.FS(), ".")
	if err != nil {
		t.Fatal(err)
	}
	return info
}
