//go:build !linux && !darwin

package sink

import (
	"errors"
	"os"
)

// renameExclusively is errors.ErrUnsupported: here nothing renames a file only if the name is free.
func renameExclusively(*os.Root, string, *os.Root, string) error { return errors.ErrUnsupported }
