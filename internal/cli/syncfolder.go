package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bynder-cli/bynder/internal/budget"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/sink"
)

const (
	// stateFolder is where sync keeps its state, in the folder of the files.
	stateFolder = ".bynder"
	stateFile   = "journal.ndjson"
	// syncedFolders is the file in the user's state folder that lists the folders which were synced: a line for each,
	// as strconv.Quote writes it.
	syncedFolders = "synced-folders"
)

// checkFolder rejects paths that cannot be the folder of a sync. A missing folder will be created.
func checkFolder(dir string) error {
	if err := refuseURL("bynder sync", dir); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return usagef("cannot look at %s: %w", dir, withoutPath(err))
	}
	if !info.IsDir() {
		return usagef("%s is not a folder", dir)
	}
	hint := "make a folder of its own for the files"
	real := realPath(dir)
	if filepath.Dir(real) == real {
		return &usageError{err: fmt.Errorf("%s is the root of a file system", dir), hint: hint}
	}
	if home, err := os.UserHomeDir(); err == nil && sameFile(home, info) {
		return &usageError{err: fmt.Errorf("%s is your home folder", dir), hint: hint}
	}
	return nil
}

func sameFile(path string, info fs.FileInfo) bool {
	other, err := os.Stat(path)
	return err == nil && os.SameFile(other, info)
}

// checkTrash rejects a trash folder that is among the files of dir, or has dir in it.
func checkTrash(trash, dir string) error {
	if trash == "" {
		return nil
	}
	if err := refuseURL("--trash", trash); err != nil {
		return err
	}
	if info, err := os.Stat(trash); err == nil && !info.IsDir() {
		return usagef("--trash: %s is not a folder", trash)
	}
	from, to := realPath(dir), realPath(trash)
	switch below, err := filepath.Rel(from, to); {
	case err != nil:
	case below == "." || filepath.IsLocal(below) && !strings.HasPrefix(below, stateFolder+string(filepath.Separator)):
		return &usageError{err: fmt.Errorf("--trash: %s is in the folder of the files", trash), hint: "choose a folder elsewhere, or " + naming.Below(dir, filepath.Join(stateFolder, "trash"))}
	}
	if below, err := filepath.Rel(to, from); err == nil && filepath.IsLocal(below) {
		return &usageError{err: fmt.Errorf("--trash: the folder of the files is in %s", trash), hint: "choose a folder elsewhere"}
	}
	return nil
}

// realPath returns the absolute path of a folder, without symbolic links as far as it exists.
func realPath(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return filepath.Clean(dir)
	}
	missing := ""
	for at := abs; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, missing)
		}
		if target := sink.Destination(at); target != at && missing == "" { // a link to a folder that is missing
			return realPath(target)
		}
		if filepath.Dir(at) == at {
			return abs
		}
		missing = filepath.Join(filepath.Base(at), missing)
	}
}

// checkRemembered rejects a folder that was synced before and has no state now: it is not the same folder, but probably
// the one on which a file system is to be mounted.
func checkRemembered(dir string) error {
	_, err := os.Lstat(filepath.Join(dir, stateFolder, stateFile))
	if err == nil || !remembers(realPath(dir)) {
		return nil
	}
	return &download.Error{
		Code:   download.CodeLocal,
		Err:    fmt.Errorf("%s was synced before, and its state in %s is missing: is it mounted?", dir, stateFolder),
		Advice: "mount it; if the state was lost, --adopt takes the files that are in place as they are",
	}
}

// missingFolder is the folder of a dry run that does not exist.
type missingFolder struct{}

func (missingFolder) Stands(*download.Result) mirror.Standing { return mirror.NotThere }
func (missingFolder) Proven(*download.Result) mirror.Standing { return mirror.NotThere }
func (missingFolder) Adoptable(string) bool                   { return false }
func (missingFolder) Taken(string) bool                       { return false }
func (missingFolder) HasOnly(string, func(string) bool) bool  { return false }
func (missingFolder) Sidecar(*download.Result, bool) mirror.Standing {
	return mirror.NotThere
}

// remembers reports whether the user has synced a folder before, as far as that is known.
func remembers(real string) bool {
	state, err := budget.StateDir()
	if err != nil {
		return false
	}
	f, err := os.Open(filepath.Join(state, syncedFolders))
	if err != nil {
		return false
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if folder, err := strconv.Unquote(lines.Text()); err == nil && folder == real {
			return true
		}
	}
	return false
}

// remember adds a folder to the list of those that the user has synced. Without a state folder it does nothing.
func remember(real string) {
	state, err := budget.StateDir()
	if err != nil || remembers(real) || os.MkdirAll(state, 0o700) != nil {
		return
	}
	f, err := os.OpenFile(filepath.Join(state, syncedFolders), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	_, _ = f.WriteString(strconv.Quote(real) + "\n") // one write, so that lines of two processes do not mix
	_ = f.Close()
}
