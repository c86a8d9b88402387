package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/sink"
)

// checkSynced refuses output files that are files of a sync, or the metadata beside them, in any folder.
func (o *transferFlags) checkSynced(ctx context.Context) error {
	for _, f := range o.ownFiles() {
		if f.flag == "" || f.flag == "journal" { // which replaces nothing
			continue
		}
		if folder := syncedFolder(ctx, f.Path); folder != "" {
			return usagef("--%s names a file that sync keeps in %s", f.flag, folder)
		}
	}
	return ctx.Err()
}

// syncedFolder returns the folder of the sync whose state names a file, or the file that it is the metadata of; "" if there
// is none that can be read.
func syncedFolder(ctx context.Context, file string) string {
	file = sink.Destination(file)
	file = filepath.Join(realPath(filepath.Dir(file)), filepath.Base(file))
	for at := filepath.Dir(file); ; at = filepath.Dir(at) {
		name, err := filepath.Rel(at, file)
		if err == nil && namesFile(ctx, at, name) {
			return at
		}
		if filepath.Dir(at) == at {
			return ""
		}
	}
}

// namesFile reports whether the state of a folder names a file below it, or the file that it is the metadata of.
func namesFile(ctx context.Context, folder, name string) bool {
	state := filepath.Join(folder, stateFolder, stateFile)
	if _, err := os.Lstat(state); err != nil {
		return false
	}
	files, err := journal.OpenFiles(ctx, state, folder)
	if err != nil {
		return false
	}
	named := files.Names(name) || files.Names(strings.TrimSuffix(name, metadata.Path("")))
	_ = files.Close()
	return named
}
