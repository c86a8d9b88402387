package input

import "sync"

// count is the number of files that a List is for: known from the start where all of its input can be counted
// and each line is one file, else from what has been read of it.
type count struct {
	counted bool // lines holds the number of all lines
	expands bool // a line may become several files
	lines   int  // of input, duplicates included

	mu         sync.Mutex
	distinct   int  // lines read, each once
	duplicates int  // lines read that came before
	added      int  // files beyond the first of each line
	ended      int  // files that have their result
	complete   bool // all of the input was read
}

// read notes one more line.
func (c *count) read(duplicate bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if duplicate {
		c.duplicates++
	} else {
		c.distinct++
	}
}

// expanded notes that a line is n files.
func (c *count) expanded(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.added += n - 1
}

// finished notes the result of one file.
func (c *count) finished() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended++
}

// end notes that there are no more lines.
func (c *count) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.complete = true
}

// files returns how many files there are as far as is known, how many of them have ended, and whether there may
// be more.
func (c *count) files() (n, ended int, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.complete:
		return c.distinct + c.added, c.ended, false
	case c.counted:
		return max(c.lines-c.duplicates, c.distinct) + c.added, c.ended, c.expands
	default:
		return c.distinct + c.added, c.ended, true
	}
}
