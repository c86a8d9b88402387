package naming

import (
	"slices"
	"strings"
)

// maxPath is the maximum length of a path that [SafePath] returns, in bytes (PATH_MAX on Linux).
const maxPath = 4096

// SafePath returns a path below a folder for path, which may be any slash-separated text: each element
// is [Safe], and empty ones, "." and ".." are removed. A path that is too long loses its first
// elements. SafePath(SafePath(x)) is SafePath(x).
func SafePath(path string) string {
	elements := slices.DeleteFunc(strings.Split(path, "/"), func(e string) bool { return e == "" || e == "." || e == ".." })
	length := 0
	for i := len(elements) - 1; i >= 0; i-- {
		elements[i] = Safe(elements[i])
		if length += len(elements[i]) + 1; length > maxPath {
			elements = elements[i+1:]
			break
		}
	}
	if len(elements) == 0 {
		return Safe("")
	}
	return strings.Join(elements, "/")
}
