package cli

import "runtime/debug"

// manyLines is from how many lines of input on what a run remembers of them, rather than
// what it does, decides over its memory.
const manyLines = 100_000

// collect sets how much garbage may pile up, in percent of what is in use. A run for a
// few files has a few MiB in use and would collect them all the time; one for a million
// lines remembers tens of MiB and must not take twice that. lines is 0 where their number
// is not known.
func collect(lines int) {
	switch {
	case lines >= manyLines:
		collectOften()
	case lines > 0:
		debug.SetGCPercent(400)
	}
}

// collectOften is for a run that remembers far more than it works on.
func collectOften() { debug.SetGCPercent(30) }
