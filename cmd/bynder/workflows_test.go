package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var (
	usesLine = regexp.MustCompile(`(?m)^\s*(?:- )?uses: *(.*)$`)
	pinned   = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
)

// An action runs with the rights of the job, and its tags can be moved to other code: it is named by its commit, with
// the version beside it. A workflow that says nothing about rights may have more than it needs.
func TestWorkflowsArePinned(t *testing.T) {
	files, err := filepath.Glob("../../.github/workflows/*")
	if err != nil || len(files) < 2 {
		t.Fatalf("%q, %v", files, err)
	}
	actions, versions := 0, map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range usesLine.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(use[1], "./") {
				continue // a workflow of this repository
			}
			actions++
			if !pinned.MatchString(use[1]) {
				t.Errorf("%s: %q is not owner/name@commit # version", file, use[1])
			}
			name, version, _ := strings.Cut(use[1], "@")
			if before, used := versions[name]; used && before != version {
				t.Errorf("%s: %s is used in two versions, %s and %s", file, name, before, version)
			}
			versions[name] = version
		}
		if !strings.Contains(string(text), "\npermissions:\n  contents: read\n") {
			t.Errorf("%s does not begin with the right to read alone", file)
		}
		if strings.Contains(string(text), "pull_request_target") {
			t.Errorf("%s runs the code of a pull request with secrets", file)
		}
	}
	if actions < 5 {
		t.Errorf("only %d actions were found", actions)
	}
}

var (
	goLine      = regexp.MustCompile(`(?m)^go (\d+\.\d+)(?:\.\d+)?$`)
	setupGoStep = regexp.MustCompile(`(?m)^ *- uses: actions/setup-go@.*\n((?: {8,}.*\n)*)`)
)

// The action takes the version in go.mod as it stands, which is the oldest that builds this module, and forbids the go
// command to fetch a newer one: a release would have an old standard library, and tools that need a later patch release
// would not build.
func TestWorkflowsHaveTheNewestPatchOfGo(t *testing.T) {
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	minor := goLine.FindStringSubmatch(string(module))
	if minor == nil {
		t.Fatal("go.mod names no version of Go")
	}
	for _, name := range []string{"test", "release"} {
		text, err := os.ReadFile("../../.github/workflows/" + name + ".yml")
		if err != nil {
			t.Fatal(err)
		}
		steps := setupGoStep.FindAllStringSubmatch(string(text), -1)
		if uses := strings.Count(string(text), "actions/setup-go@"); len(steps) == 0 || len(steps) != uses {
			t.Errorf("%s: %d steps that set up Go were found, of %d", name, len(steps), uses)
		}
		for _, step := range steps {
			if with := step[1]; !strings.Contains(with, " go-version: "+minor[1]+".x ") ||
				!strings.Contains(with, " check-latest: true\n") || strings.Contains(with, "go-version-file") {
				t.Errorf("%s: Go is not the newest %s.x:\n%s", name, minor[1], with)
			}
		}
	}
}

// What `make check-release` tries is what builds a release: the same versions of the tools.
func TestReleaseToolsHaveOneVersion(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	check, release, config := read(".ci/check-release"), read(".github/workflows/release.yml"), read(".goreleaser.yaml")
	for variable, module := range map[string]string{
		"goreleaser": "github.com/goreleaser/goreleaser/v2",
		"cyclonedx":  "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod",
	} {
		tried := regexp.MustCompile(`(?m)^` + variable + `=(v\d+\.\d+\.\d+)$`).FindStringSubmatch(check)
		built := regexp.MustCompile(` ` + regexp.QuoteMeta(module) + `@(\S+)\n`).FindStringSubmatch(release)
		if tried == nil || built == nil {
			t.Errorf("%s: tried %q, released with %q", module, tried, built)
			continue
		}
		if tried[1] != built[1] {
			t.Errorf("%s: check-release tries %s, release.yml has %s", module, tried[1], built[1])
		}
		if minor := tried[1][:strings.LastIndex(tried[1], ".")]; variable == "goreleaser" &&
			!strings.Contains(config, "by goreleaser "+minor+".") {
			t.Errorf(".goreleaser.yaml does not name goreleaser %s", minor)
		}
	}
}

// The notes of a release are what the changelog has below the heading of exactly this version.
func TestReleaseNotes(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil || runtime.GOOS == "windows" {
		t.Skip("no bash of this system")
	}
	const changelog = "# Changelog\n\n## Unreleased\n\n- later\n\n## 1.2.3 - 2026-12-01\n\n### Fixed\n\n- this\n\n" +
		"## 1.2.3-rc.1 - 2026-11-30\n\n- candidate\n\n## 1.2.0 - 2026-11-01\n\n## 1.1.0 - 2026-10-01\n\n- old\n"
	for tag, want := range map[string]string{
		"v1.2.3": "### Fixed\n\n- this\n", "v1.2.3-rc.1": "- candidate\n", "v1.1.0": "- old\n",
		"v1.2.0": "", "v1.2": "", "v1.2.4": "", "v1x2.3": "", "v": "",
	} {
		cmd := exec.Command("bash", "../../.ci/release-notes", tag)
		cmd.Stdin = strings.NewReader(changelog)
		got, err := cmd.Output()
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", tag, got, err, want)
		}
	}
}
