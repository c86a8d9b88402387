package main

import (
	"go/build"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest   = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`([¹²]?)")
	namedScript = regexp.MustCompile("`([a-z-]+\\.txtar)`")
	namedPath   = regexp.MustCompile("`((?:cmd|internal|docs|\\.github)/[A-Za-z0-9_./-]+)`")
	linked      = regexp.MustCompile(`\]\(([A-Za-z0-9_./-]+)(?:#[^)]*)?\)`)
)

// testFiles returns the files of each test of the program, by its name.
func testFiles(t *testing.T) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	for _, f := range sources(t) {
		for _, name := range f.declares() {
			if f.test {
				files[name] = append(files[name], f.path)
			}
		}
	}
	return files
}

// builds reports whether one of these files is of the program's tests on a system.
func builds(t *testing.T, files []string, system string) bool {
	t.Helper()
	at := build.Default
	at.GOOS = system
	for _, file := range files {
		match, err := at.MatchFile(filepath.Join("../..", filepath.Dir(file)), filepath.Base(file))
		if err != nil {
			t.Fatal(err)
		}
		if match {
			return true
		}
	}
	return false
}

// The tests, scripts, files and pages that a page names exist. In docs/systems.md a test has the mark ¹ if it does
// not run on Windows, and ² if it runs on Linux alone.
func TestPagesNameWhatExists(t *testing.T) {
	known := testFiles(t)
	for page, least := range map[string]int{"CONTRIBUTING.md": 10, "SECURITY.md": 30, "docs/systems.md": 40, "docs/versions.md": 5} {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		tests := namedTest.FindAllStringSubmatch(string(text), -1)
		if len(tests) < least {
			t.Errorf("%s names only %d tests", page, len(tests))
		}
		for _, each := range tests {
			name, mark := each[1], each[2]
			switch files := known[name]; {
			case len(files) == 0:
				t.Errorf("%s: there is no test %s", page, name)
			case page != "docs/systems.md":
			case mark == "" && !builds(t, files, "windows"):
				t.Errorf("%s: %s does not run on Windows", page, name)
			case mark != "²" && !builds(t, files, "darwin"):
				t.Errorf("%s: %s does not run on macOS", page, name)
			}
		}
		for _, each := range namedScript.FindAllStringSubmatch(string(text), -1) {
			wantFile(t, page, filepath.Join("testdata/script", each[1]))
		}
		for _, each := range namedPath.FindAllStringSubmatch(string(text), -1) {
			wantFile(t, page, filepath.Join("../..", each[1]))
		}
		for _, each := range linked.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(each[1], "://") {
				wantFile(t, page, filepath.Join("../..", filepath.Dir(page), each[1]))
			}
		}
	}
}

// wantFile checks that the file that a page names exists.
func wantFile(t *testing.T, page, file string) {
	t.Helper()
	if _, err := os.Stat(file); err != nil {
		t.Errorf("%s names a file that does not exist: %v", page, err)
	}
}
