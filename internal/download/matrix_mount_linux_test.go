package download_test

import "golang.org/x/sys/unix"

// mount puts a file system of that size in memory at a folder, which needs root.
func mount(folder, size string) (unmount func(), err error) {
	if err := unix.Mount("none", folder, "tmpfs", 0, "size="+size); err != nil {
		return nil, err
	}
	return func() { _ = unix.Unmount(folder, unix.MNT_DETACH) }, nil
}

func remount(folder, size string) error {
	return unix.Mount("none", folder, "tmpfs", unix.MS_REMOUNT, "size="+size)
}
