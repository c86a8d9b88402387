package input

import "sync"

// count counts the files of a List. The number is known from the start if all of its input can be counted and
// each line is one file of this share; else it is that of the lines read so far.
type count struct {
	counted bool // lines is the number of all lines
	expands bool // a line may be several files
	divided bool // lines belong to other shares, which is not known before they are read
	lines   int  // of input, including duplicates

	mu         sync.Mutex
	distinct   int  // distinct lines read
	duplicates int  // duplicate lines read, and those of other shares
	added      int  // files after the first of each line
	ended      int  // files with a result
	complete   bool // all input was read
}

// read counts a line.
func (c *count) read(duplicate bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if duplicate {
		c.duplicates++
	} else {
		c.distinct++
	}
}

// expanded records that a line is n files.
func (c *count) expanded(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.added += n - 1
}

// finished counts the result of a file.
func (c *count) finished() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended++
}

// end records that all lines were read.
func (c *count) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.complete = true
}

// files returns the known number of files and the number of those with a result, and reports whether there may
// be more.
func (c *count) files() (n, ended int, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.complete:
		return c.distinct + c.added, c.ended, false
	case c.counted && !c.divided:
		return max(c.lines-c.duplicates, c.distinct) + c.added, c.ended, c.expands
	default:
		return c.distinct + c.added, c.ended, true
	}
}
