//go:build !linux && !darwin

package sink

import (
	"errors"
	"os"
)

// renameExclusively returns errors.ErrUnsupported: this system cannot rename a file only if no file has the name.
func renameExclusively(tree, string, tree, string) error { return errors.ErrUnsupported }

// exchange returns errors.ErrUnsupported: this system cannot give two files the name of each other in one step.
func exchange(*os.Root, string, string) error { return errors.ErrUnsupported }
