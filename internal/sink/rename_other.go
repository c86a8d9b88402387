//go:build !linux && !darwin

package sink

import "os"

// renameNoReplace renames old to name unless a file has that name.
func renameNoReplace(root *os.Root, old, name string) error {
	return lookAndRename(root, old, name)
}
