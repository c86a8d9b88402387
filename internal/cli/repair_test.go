package cli

import "testing"

// A repair has no choice of a name or a folder, so no hint offers one.
func TestHintsWithoutChoice(t *testing.T) {
	for hint, want := range map[string]string{
		"move it away, or choose other names with --name or another folder":                                "move it away",
		"choose other names with --name, or another folder":                                                "",
		"a folder is where a file should be: move it away, or choose other names with --name":              "a folder is where a file should be: move it away",
		"the file system is read-only: choose another folder":                                              "the file system is read-only",
		"free some space or choose another folder, then run the same command again to continue":            "free some space, then run the same command again to continue",
		"your quota is used up: free some of it or choose another folder, then run the same command again": "your quota is used up: free some of it, then run the same command again",
		"see that you may write there, or choose another folder":                                           "see that you may write there",
		"use fewer --jobs, or raise the limit of open files (ulimit -n)":                                   "use fewer --jobs, or raise the limit of open files (ulimit -n)",
		"the file system does not take files of this size (FAT ends at 4 GiB): choose another folder":      "the file system does not take files of this size (FAT ends at 4 GiB)",
		"choose shorter names with --name, such as '{id}.{ext}'":                                           "repair the folder on a file system that takes names of this length",
	} {
		if got := withoutChoice.Replace(hint); got != want {
			t.Errorf("%q became %q", hint, got)
		}
	}
}
