package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/sink"
)

// ownFile is a file that a run reads or writes for itself.
type ownFile struct {
	sink.InUse
	flag string // that names it, if it is written
	list bool   // it has ids that are read
}

// ownFiles returns the files that a run reads and writes for itself.
func (o *transferFlags) ownFiles() []ownFile {
	var all []ownFile
	add := func(f ownFile, paths ...string) {
		for _, f.Path = range paths {
			if f.Path != "" && f.Path != "-" {
				all = append(all, f)
			}
		}
	}
	called := func(what string) sink.InUse { return sink.InUse{What: what} }
	add(ownFile{InUse: called("the file of --metadata-csv"), flag: "metadata-csv"}, o.metadataCSV)
	add(ownFile{InUse: called("the run's own journal"), flag: "journal"}, o.journalFile())
	add(ownFile{InUse: called("the file of --undone-out"), flag: "undone-out"}, o.undoneOut)
	add(ownFile{InUse: called("a list that the run reads"), list: true}, slices.Concat(o.from, o.from0)...)
	add(ownFile{InUse: called("a file with settings of the run")}, o.sources(o.streams).OwnFiles()...)
	for what, stream := range map[string]any{"standard input": o.streams.In, "standard output": o.streams.Out, "standard error": o.streams.Err} {
		if f, ok := stream.(*os.File); ok {
			all = append(all, ownFile{InUse: sink.InUse{What: what + " of the run", File: f}, list: stream == o.streams.In})
		}
	}
	return all
}

// inUse returns the files that no downloaded file may replace.
func (o *transferFlags) inUse() []sink.InUse {
	var all []sink.InUse
	for _, f := range o.ownFiles() {
		all = append(all, f.InUse)
	}
	return all
}

// checkOwnFiles refuses output files that are other files of the run, or belong to a sync. --undone-out may replace
// a list, and a journal can be a list.
func (o *transferFlags) checkOwnFiles() error {
	output := o.outputPath()
	if err := o.checkNotInState(); err != nil {
		return err
	}
	if o.metadataCSV == "" && o.journalFile() == "" && o.undoneOut == "" {
		return nil
	}
	all := o.ownFiles()
	for i, f := range all {
		if f.flag == "" {
			continue
		}
		if output != "" && sink.SameFile(output, f.Path) {
			if f.flag == "metadata-csv" {
				return usagef("--metadata-csv and --output name the same file")
			}
			return usagef("--output and --%s name the same file", f.flag)
		}
		for _, other := range all[i+1:] {
			switch {
			case other.list && f.flag != "metadata-csv", other.File != nil && isDescriptor(f.Path), !other.Is(f.Path):
			case other.flag != "":
				return usagef("--%s and --%s name the same file", f.flag, other.flag)
			default:
				return usagef("--%s names %s", f.flag, other.What)
			}
		}
		// Of a state itself journal.Open says what it is, and verify --repair adds to it.
		if isState := f.flag == "journal" && filepath.Base(f.Path) == stateFile; !isState && inState(f.Path, o.dir) {
			return usagef("--%s names a file among those that sync keeps in %s", f.flag, stateFolder)
		}
	}
	return nil
}

// isDescriptor reports whether a path is one of the process's open files, which is written to as it is.
func isDescriptor(path string) bool {
	return strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/")
}

// checkNotInState refuses to put files into the folder in which a sync keeps its state.
func (o *transferFlags) checkNotInState() error {
	into := ""
	switch output := o.outputPath(); {
	case o.recorded: // they go where they were
	case o.toBucket():
		if name := filepath.ToSlash(o.output); keyInState(o.bucket.Prefix + name) {
			into = o.bucket.Below(name)
		}
	case isInState(realPath(o.dir), o.dir):
		into = o.dir
	case output != "" && !sink.IsStdout(output) && inState(output, o.dir):
		into = output
	}
	if into == "" {
		return nil
	}
	return errInState(into)
}

func errInState(path string) error {
	return &usageError{err: fmt.Errorf("%s is in a folder %s, which sync keeps for itself", path, stateFolder), hint: "choose another folder"}
}

// keyInState reports whether a key or a prefix of a bucket is that of what a sync keeps for itself.
func keyInState(key string) bool { return slices.Contains(strings.Split(key, "/"), stateFolder) }

// inState reports whether a path leads into the state of a sync, such as that of the folder dir.
func inState(path, dir string) bool {
	return isInState(realPath(filepath.Dir(sink.Destination(path))), dir)
}

// isInState reports whether a folder, by its real path, is the one with the state of a sync, or is below it.
func isInState(at, dir string) bool {
	for ; ; at = filepath.Dir(at) {
		if naming.Folded(filepath.Base(at)) == naming.Folded(stateFolder) {
			if _, err := os.Lstat(filepath.Join(at, stateFile)); err == nil || filepath.Dir(at) == realPath(dir) {
				return true
			}
		}
		if filepath.Dir(at) == at {
			return false
		}
	}
}

// tablePath returns the path of the file that --metadata-csv replaces, "" without the flag.
func (o *transferFlags) tablePath() string {
	if o.metadataCSV == "" {
		return ""
	}
	return sink.Destination(o.metadataCSV)
}

// checkTable returns the error of a table, by its tablePath, that would have the path of a file of the run, or that of the
// metadata beside it.
func checkTable(table, file string) error {
	for _, path := range []string{file, metadata.Path(file)} {
		if naming.Folded(filepath.Base(path)) == naming.Folded(filepath.Base(table)) && sink.SameFile(path, table) {
			return fmt.Errorf("%s is a file of the run", path)
		}
	}
	return nil
}
