package cli

import (
	"os"
	"runtime/debug"
)

// manyLines is the number of lines of input from which on their fingerprints need most of
// a run's memory.
const manyLines = 100_000

// collect sets how far the heap may grow between garbage collections, in percent of the memory in use. A run of a
// few files uses a few MiB and would collect all the time; a run of a million
// lines uses tens of MiB and must not take twice that. lines is 0 if it is not known.
func collect(lines int) {
	switch {
	case lines >= manyLines:
		collectOften()
	case lines > 0:
		setGCPercent(250)
	}
}

// collectOften lets the heap grow little, for a run that keeps far more than it works on.
func collectOften() { setGCPercent(30) }

// setGCPercent does what debug.SetGCPercent does, unless the user has set that (GOGC, package runtime).
func setGCPercent(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// limitMemory makes the garbage collector keep the memory of the process below a number of bytes, if it can, unless the
// user has set a limit (GOMEMLIMIT, package runtime).
func limitMemory(bytes int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(bytes)
	}
}
