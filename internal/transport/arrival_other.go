//go:build !linux

package transport

// Waiting is not known.
func (c *arrivalConn) Waiting() int { return 0 }
