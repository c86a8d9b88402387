package sink

import "golang.org/x/sys/unix"

func renameInFolder(folder int, old, name string) error {
	return unix.RenameatxNp(folder, old, folder, name, unix.RENAME_EXCL)
}
