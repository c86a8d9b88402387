package cli

import "runtime/debug"

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
		debug.SetGCPercent(250)
	}
}

// limitMemory makes the garbage collector keep the memory of the process below a number of bytes, if it can.
func limitMemory(bytes int64) { debug.SetMemoryLimit(bytes) }

// collectOften lets the heap grow little, for a run that keeps far more than it works on.
func collectOften() { debug.SetGCPercent(30) }
