package transport

import "golang.org/x/sys/unix"

// Waiting is how many bytes have arrived that were not read yet, as far as the system tells.
func (c *arrivalConn) Waiting() int {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	if err := raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCINQ) }); err != nil {
		return 0
	}
	return n
}
