package sink

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// The errors of the system, by what the user can do about them. Package os translates
// some to the names that they have on Unix.
var (
	diskFull      = []error{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, syscall.ENOSPC}
	overQuota     = []error{windows.ERROR_DISK_QUOTA_EXCEEDED}
	tooLarge      = []error{windows.ERROR_FILE_TOO_LARGE}
	readOnly      = []error{windows.ERROR_WRITE_PROTECT}
	tooManyFiles  = []error{windows.ERROR_TOO_MANY_OPEN_FILES}
	nameTooLong   = []error{windows.ERROR_FILENAME_EXCED_RANGE, windows.ERROR_BUFFER_OVERFLOW, syscall.ENAMETOOLONG}
	notADirectory = []error{syscall.ENOTDIR, windows.ERROR_DIRECTORY}
	isADirectory  = []error{syscall.EISDIR}
	inUse         = []error{windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION}
	readerGone    = []error{windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA}
)
