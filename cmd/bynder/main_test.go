//go:build unix

package main

import (
	"errors"
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

// TestMain builds the program and puts it first in the PATH of the tests. The test binary could be the program, too, but
// takes twice as long to start, and tests start thousands.
func TestMain(m *testing.M) {
	// Scripts mostly wait for each other's processes: with one per processor, half of it would be idle.
	_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0))) // what the command line says is parsed later
	// A run in this process must not limit the memory of all tests: they would do nothing but collect garbage.
	_ = errors.Join(os.Setenv("GOGC", "100"), os.Setenv("GOMEMLIMIT", "off"))
	os.Exit(withProgram(m.Run))
}

// withProgram runs the tests while bynder is in the PATH, and returns the exit status.
func withProgram(tests func() int) int {
	folder, err := os.MkdirTemp("", "bynder-program-")
	if err == nil {
		defer os.RemoveAll(folder)
		err = buildProgram(folder)
	}
	if err == nil {
		err = os.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "building the program: %v\n", err)
		return 1
	}
	return tests()
}

// buildProgram writes bynder to a folder. If the tests run under the race detector, so does bynder, except for bynder
// sandbox, which would take longer to answer than clients wait; its own tests look for its races.
func buildProgram(folder string) error {
	if !underRace() {
		return goBuild(filepath.Join(folder, "bynder"))
	}
	plain, tested := filepath.Join(folder, "plain", "bynder"), filepath.Join(folder, "race", "bynder")
	if err := errors.Join(goBuild(plain), goBuild(tested, "-race")); err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\ncase ${1-} in sandbox) exec '%s' \"$@\" ;; esac\nexec '%s' \"$@\"\n", plain, tested)
	return os.WriteFile(filepath.Join(folder, "bynder"), []byte(script), 0o755)
}

// goBuild builds the program, without the version control's state, which not every copy of the sources has.
func goBuild(program string, flags ...string) error {
	args := append([]string{"build", "-buildvcs=false", "-o", program}, flags...)
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
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
