package transfer

// leastProgress is how many new bytes of a file count as progress, for a large one: what brings less,
// again and again, would go on for ever. A connection has to bring as many in Options.Idle (in the
// usual 30 s, 34 bytes a second), and the counts of tries and of locations begin anew only after them.
const leastProgress = 1 << 10

// least is leastProgress for a file of size bytes, or of unknown size for -1: a small one, which
// ends soon anyway, has it with fewer.
func least(size int64) int64 {
	if size < 0 {
		return leastProgress
	}
	return min(leastProgress, max(size/64, 1))
}
