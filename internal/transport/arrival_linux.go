package transport

import "golang.org/x/sys/unix"

// Waiting returns how many bytes have arrived and were not read yet, 0 if the system does not report it.
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
