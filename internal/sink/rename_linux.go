package sink

import "golang.org/x/sys/unix"

const (
	onlyIfFree = unix.RENAME_NOREPLACE
	swapNames  = unix.RENAME_EXCHANGE
)

func renameAt(from int, old string, to int, name string, flags uint32) error {
	return unix.Renameat2(from, old, to, name, uint(flags))
}
