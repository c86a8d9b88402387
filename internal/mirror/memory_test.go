package mirror

import (
	"maps"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// memory is a folder in memory: the contents of its files by path. A record's MD5 is the content that was written.
type memory struct {
	files map[string]string
	folds bool // names that differ in case or normalization are one name
}

func (m *memory) name(path string) string {
	if m.folds {
		return naming.Folded(path)
	}
	return path
}

// find returns the path that a file has, spelled as the folder has it.
func (m *memory) find(path string) (string, bool) {
	if _, ok := m.files[path]; ok {
		return path, true
	}
	if m.folds {
		for name := range m.files {
			if naming.Folded(name) == naming.Folded(path) {
				return name, true
			}
		}
	}
	return "", false
}

func (m *memory) Stands(r *download.Result) Standing {
	name, ok := m.find(r.Path)
	switch {
	case ok && m.files[name] == r.MD5:
		return AsWritten
	case m.Taken(r.Path) && (ok || m.isFolder(r.Path)):
		return Edited
	default:
		return NotThere
	}
}

func (m *memory) Proven(r *download.Result) Standing { return m.Stands(r) }

func (m *memory) Adoptable(path string) bool {
	name, ok := m.find(path)
	return ok && m.files[name] != "a link"
}

func (m *memory) Sidecar(r *download.Result, adopt bool) Standing {
	path := r.Path + sidecarEnd
	name, ok := m.find(path)
	own := lastListed(r).Metadata
	switch {
	case ok && own != "" && m.files[name] == own:
		return AsWritten
	case ok && own == "" && adopt && strings.HasPrefix(m.files[name], "metadata of "+r.MediaID):
		return AsWritten
	case ok || m.isFolder(path):
		return Edited
	default:
		return NotThere
	}
}

func (m *memory) HasOnly(folder string, accepted func(path string) bool) bool {
	for name := range m.files {
		if strings.HasPrefix(m.name(name), m.name(folder)+"/") && !accepted(name) {
			return false
		}
	}
	return m.isFolder(folder)
}

func (m *memory) isFolder(path string) bool {
	for name := range m.files {
		if strings.HasPrefix(m.name(name), m.name(path)+"/") {
			return true
		}
	}
	return false
}

func (m *memory) Taken(path string) bool {
	if _, ok := m.find(path); ok || m.isFolder(path) {
		return true
	}
	for folder := range foldersOf(path) {
		if _, ok := m.find(folder); ok {
			return true
		}
	}
	return false
}

func (m *memory) String() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		lines = append(lines, name+"="+m.files[name])
	}
	return strings.Join(lines, " ")
}
