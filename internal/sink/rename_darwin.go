package sink

import "golang.org/x/sys/unix"

const (
	onlyIfFree = unix.RENAME_EXCL
	swapNames  = unix.RENAME_SWAP
)

func renameAt(from int, old string, to int, name string, flags uint32) error {
	return unix.RenameatxNp(from, old, to, name, flags)
}
