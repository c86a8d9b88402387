package naming

import (
	"os"
	"path/filepath"
	"strings"
)

// Below is the path of a file in a folder as it is shown: the folder stands there as the user wrote it,
// where filepath.Join would drop a leading "./" and take ".." for what a link may not lead back to. The
// working directory is not shown. An absolute name stands alone. With no name it is what stands before
// all names.
func Below(folder, name string) string {
	trimmed := strings.TrimRightFunc(folder, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(byte(r)) })
	switch {
	case trimmed == "." || folder == "" || filepath.IsAbs(name):
		return name
	case trimmed == filepath.VolumeName(folder) && (trimmed != folder || len(trimmed) <= len("C:")):
		return folder + name // the root of a file system, or what is the working directory of a drive
	default:
		return trimmed + string(filepath.Separator) + name
	}
}
