//go:build unix

package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program: under the name bynder it runs main.
func TestMain(m *testing.M) {
	// Scripts mostly wait for each other's processes: with one per processor, half of it would be idle.
	_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0))) // what the command line says is parsed later
	testscript.Main(suite{m}, map[string]func(){"bynder": main})
}

// suite runs the tests while bynder is in the PATH.
type suite struct{ *testing.M }

// Run runs the tests and returns the exit status. Under the race detector bynder sandbox is a program without it, because
// it would take longer to answer than clients wait; its own tests look for its races.
func (s suite) Run() int {
	if !underRace() {
		return s.M.Run()
	}
	folder, err := os.MkdirTemp("", "bynder-sandbox-")
	if err == nil {
		defer os.RemoveAll(folder)
		err = replaceSandbox(folder)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "the sandbox without the race detector: %v\n", err)
		return 1
	}
	return s.M.Run()
}

// replaceSandbox writes to a folder, and puts first in the PATH, a script bynder that runs a program without the race
// detector for bynder sandbox, and else the one that is in the PATH.
func replaceSandbox(folder string) error {
	tested, err := exec.LookPath("bynder")
	if err != nil {
		return err
	}
	plain := filepath.Join(folder, "plain", "bynder")
	if out, err := exec.Command("go", "build", "-o", plain, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	script := fmt.Sprintf("#!/bin/sh\ncase ${1-} in sandbox) exec '%s' \"$@\" ;; esac\nexec '%s' \"$@\"\n", plain, tested)
	if err := os.WriteFile(filepath.Join(folder, "bynder"), []byte(script), 0o755); err != nil {
		return err
	}
	return os.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// underRace reports whether the race detector is on.
func underRace() bool {
	build, _ := debug.ReadBuildInfo()
	return build != nil && slices.Contains(build.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// TestScripts runs the program as people do, in testdata/script. Each script holds it
// to promises that its users rely on. The commands are those of package testscript
// and the ones of scriptCommands.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setUp,
		Cmds:                scriptCommands,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}
