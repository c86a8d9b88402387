package naming

import (
	"os"
	"path/filepath"
	"strings"
)

// Below returns the path of a file in a folder for display. The folder is as the user wrote it, whereas
// filepath.Join would drop a leading "./" and resolve ".." without regard to links. The working directory
// is not shown. An absolute name is returned unchanged. If name is "", the result is the prefix of all
// names.
func Below(folder, name string) string {
	trimmed := strings.TrimRightFunc(folder, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(byte(r)) })
	switch {
	case trimmed == "." || folder == "" || filepath.IsAbs(name):
		return name
	case trimmed == filepath.VolumeName(folder) && (trimmed != folder || len(trimmed) <= len("C:")):
		return folder + name // the root of a file system, or the working directory of a drive
	default:
		return trimmed + string(filepath.Separator) + name
	}
}
