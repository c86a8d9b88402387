package sink

import "golang.org/x/sys/unix"

func renameInFolder(folder int, old, name string) error {
	return unix.Renameat2(folder, old, folder, name, unix.RENAME_NOREPLACE)
}
