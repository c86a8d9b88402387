//go:build !linux

package transport

// Waiting returns 0: this system does not report it.
func (c *arrivalConn) Waiting() int { return 0 }
