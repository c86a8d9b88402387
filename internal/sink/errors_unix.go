//go:build unix

package sink

import "golang.org/x/sys/unix"

// The errors of the system by what they mean for the user.
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
