package naming

import (
	"slices"
	"strings"
)

// maxPath is the longest path that [SafePath] returns, in bytes: what Linux takes (PATH_MAX).
const maxPath = 4096

// SafePath makes path, slash-separated text that may be anything, the path of a file below a folder:
// each element is [Safe], and those are left out that are empty or "." or "..". Of one
// that is too long the last elements remain. SafePath(SafePath(x)) is SafePath(x).
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
