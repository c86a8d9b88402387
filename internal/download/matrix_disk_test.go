package download_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
)

// tinyDisk gets the file to a disk that is smaller.
func tinyDisk(ctx context.Context, g *rig) (download.Result, error) {
	unmount, err := mount(g.folder, "9500k")
	if err != nil {
		return download.Result{}, fmt.Errorf("%w: %w", errSkipped, err)
	}
	g.atEnd = unmount
	return g.get(ctx)
}

// diskFills has another program write to the disk, which is large enough for the file, once that has begun.
func diskFills(ctx context.Context, g *rig) (download.Result, error) {
	unmount, err := mount(g.folder, "25m")
	if err != nil {
		return download.Result{}, fmt.Errorf("%w: %w", errSkipped, err)
	}
	g.atEnd = unmount
	var failed error
	g.hooks.started = func() {
		failed = os.WriteFile(filepath.Join(g.folder, "other"), make([]byte, 15500<<10), 0o666)
	}
	r, err := g.get(ctx)
	return r, errors.Join(failed, err)
}

func emptyDisk(g *rig) error { return os.Remove(filepath.Join(g.folder, "other")) }

func growDisk(g *rig) error { return remount(g.folder, "64m") }
