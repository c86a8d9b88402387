package mirror

import (
	"errors"
	"fmt"

	"github.com/bynder-cli/bynder/internal/download"
)

// notHere returns the error of a file that is not where it should be, because of another one.
func notHere(path string, why error, advice string) *download.Error {
	return &download.Error{Code: download.CodeExists, Path: path, Err: why, Advice: advice}
}

// namesPaths is an error that names paths below the folder.
type namesPaths struct {
	format string                   // with a %s for each path
	paths  []string                 // with /
	show   func(path string) string // nil for the paths as they are
}

// named returns an error that names paths; see namesPaths.
func named(format string, paths ...string) error { return &namesPaths{format: format, paths: paths} }

// Error implements error.
func (e *namesPaths) Error() string {
	shown := make([]any, len(e.paths))
	for i, path := range e.paths {
		if shown[i] = path; e.show != nil {
			shown[i] = e.show(path)
		}
	}
	return fmt.Sprintf(e.format, shown...)
}

// ShowPaths makes the errors of steps name paths as show returns them.
func ShowPaths(steps []Step, show func(path string) string) {
	for i := range steps {
		if e, ok := errors.AsType[*namesPaths](steps[i].Err); ok {
			e.show = show
		}
	}
}

// notOurs returns the error that something which sync has not written has the path of f.
func notOurs(f *file, path string, adoptable bool) error {
	if f.own() {
		return notHere(path, named("cannot rename it to %s: a file that sync did not write has that path", path), "move that file away")
	}
	if !adoptable {
		return notHere(path, errors.New("something that sync did not write, and that is not a file it can read, has its path"), "move it away")
	}
	return notHere(path, errors.New("a file that sync did not write has its path"), "move it away, or take it as it is with --adopt")
}

// bothTaken returns the error that f has neither the path of the template nor that with the KEY.
func bothTaken(f *file, key string) error {
	path := f.wanted.Path
	return notHere(path, named("other files have its paths %s and %s", path, key), "give every file a path of its own with --name")
}

// stuck returns the error that f could not be moved in this run.
func stuck(f *file) error {
	return notHere(f.wanted.Path, named("cannot rename it to %s: too many files are in each other's way", f.wanted.Path), "run sync again")
}

// editedAdvice returns what to do about an edited file, which may be adoptable.
func editedAdvice(adoptable bool) string {
	if adoptable {
		return "move it away to get the portal's file, or keep it as it is with --adopt"
	}
	return "move away what has its path, to get the portal's file"
}

// editedRenamed returns the error that an edited file is not moved.
func editedRenamed(f *file, adoptable bool) error {
	return notHere(f.wanted.Path, named("it was changed since sync wrote it, so it is not renamed to %s", f.wanted.Path), editedAdvice(adoptable))
}

// adoptedRenamed returns the error that an edited file is not moved in the run that adopts it.
func adoptedRenamed(f *file) error {
	return notHere(f.wanted.Path, named("it is taken as it is, and not yet renamed to %s", f.wanted.Path), "run sync again")
}

// editedReplaced returns the error that an edited file is not replaced.
func editedReplaced(f *file, adoptable bool) error {
	return notHere(f.record.Path, errors.New("it was changed since sync wrote it, so the portal's new version does not replace it"), editedAdvice(adoptable))
}

// notAFile returns the error that a link, a folder or a file that cannot be read has the path of a file which sync wrote.
func notAFile(f *file) error {
	return notHere(f.record.Path, errors.New("something that sync did not write, and that is not a file it can read, has its path"), editedAdvice(false))
}

// notConfirmed returns the error that a file is kept which the list does not have.
func notConfirmed(f *file) error {
	return &download.Error{
		Code:   download.CodeProtocol,
		Path:   f.record.Path,
		Err:    errors.New("the portal's list does not have its asset, and the portal does not confirm that it is gone"),
		Advice: "run sync again later",
	}
}

// notRemoved returns the error that the file of an asset that is gone is kept, because something failed for the reason code.
func notRemoved(s *Step, code download.Code) error {
	return &download.Error{
		Code:   code,
		Path:   s.Path,
		Err:    fmt.Errorf("its asset is gone (%s), but something failed (%s), and then no file is removed", s.Why, code),
		Advice: "mend what failed, then run sync again",
	}
}
