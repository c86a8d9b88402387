package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest   = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`")
	namedScript = regexp.MustCompile("`([a-z-]+\\.txtar)`")
	namedPath   = regexp.MustCompile("`((?:cmd|internal|docs|\\.github)/[A-Za-z0-9_./-]+)`")
	linked      = regexp.MustCompile(`\]\(([A-Za-z0-9_./-]+)(?:#[^)]*)?\)`)
)

// The tests, scripts, files and pages that a page names exist.
func TestPagesNameWhatExists(t *testing.T) {
	known := map[string]bool{}
	for _, f := range sources(t) {
		for _, name := range f.declares() {
			known[name] = known[name] || f.test
		}
	}
	for page, least := range map[string]int{"CONTRIBUTING.md": 10, "SECURITY.md": 30, "docs/versions.md": 5} {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		tests := namedTest.FindAllStringSubmatch(string(text), -1)
		if len(tests) < least {
			t.Errorf("%s names only %d tests", page, len(tests))
		}
		for _, each := range tests {
			if !known[each[1]] {
				t.Errorf("%s: there is no test %s", page, each[1])
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
