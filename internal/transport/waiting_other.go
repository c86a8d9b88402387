//go:build !linux

package transport

// Waiting is not known.
func (c *plainConn) Waiting() int { return 0 }
