//go:build unix

package sink

import "golang.org/x/sys/unix"

// The errors of the system, by what the user can do about them.
var (
	diskFull      = []error{unix.ENOSPC}
	overQuota     = []error{unix.EDQUOT}
	tooLarge      = []error{unix.EFBIG}
	readOnly      = []error{unix.EROFS}
	tooManyFiles  = []error{unix.EMFILE, unix.ENFILE}
	nameTooLong   = []error{unix.ENAMETOOLONG}
	notADirectory = []error{unix.ENOTDIR}
	isADirectory  = []error{unix.EISDIR}
	inUse         = []error{unix.ETXTBSY, unix.EBUSY}
	readerGone    = []error{unix.EPIPE}
)
