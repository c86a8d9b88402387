//go:build unix

package main

import (
	"flag"
	"runtime"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program: under the name bynder it runs main.
func TestMain(m *testing.M) {
	// Scripts mostly wait for each other's processes: with one per processor, half of it would be idle.
	_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0))) // what the command line says is parsed later
	testscript.Main(m, map[string]func(){"bynder": main})
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
