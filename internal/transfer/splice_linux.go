package transfer

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// pipeBytes is what a pipe is asked to hold. Larger ones are no faster, and all pipes of a
	// user share 64 MiB (pipe(7), /proc/sys/fs/pipe-user-pages-soft).
	pipeBytes = 512 << 10
	// leastPipe is what one has to hold to be worth it.
	leastPipe = 64 << 10
	// spareBuffer is for bytes that have to be copied out of a pipe after all.
	spareBuffer = 64 << 10
)

// Pipe holds bytes in the kernel, on their way from a connection to a file. It is for one
// goroutine. A nil *Pipe is none.
type Pipe struct {
	r, w  int
	held  int
	unfit bool // it cannot be used, for connection, file or system do not take part
}

// newPipe is nil where there is none to be had: too many files are open, say, or all
// that pipes may hold is in use.
func newPipe() *Pipe {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil
	}
	p := &Pipe{r: ends[0], w: ends[1]}
	size, err := unix.FcntlInt(uintptr(p.r), unix.F_SETPIPE_SZ, pipeBytes)
	if err != nil {
		size, err = unix.FcntlInt(uintptr(p.r), unix.F_GETPIPE_SZ, 0)
	}
	if err != nil || size < leastPipe {
		p.close()
		return nil
	}
	return p
}

func (p *Pipe) close() {
	if p != nil {
		_ = unix.Close(p.r)
		_ = unix.Close(p.w)
	}
}

func (p *Pipe) usable() bool { return p != nil && !p.unfit }

// holds is how many bytes are in the pipe.
func (p *Pipe) holds() int {
	if p == nil {
		return 0
	}
	return p.held
}

// fill moves what conn has, at least one byte and at most limit, into the pipe, which is empty. It
// returns what a Read of conn would, and waits like one; or errors.ErrUnsupported where nothing
// can be moved.
func (p *Pipe) fill(conn syscall.RawConn, limit int) (int, error) {
	var n int
	var failed error
	err := conn.Read(func(fd uintptr) bool {
		n, failed = splice(int(fd), p.w, limit)
		return failed != unix.EAGAIN //nolint:errorlint // a system call's own
	})
	p.held = max(n, 0)
	switch {
	case err != nil:
		return p.held, err
	case unable(failed):
		p.unfit = true
		return 0, errors.ErrUnsupported
	case failed != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("splice", failed)}
	case n == 0:
		return 0, io.EOF
	}
	return p.held, nil
}

// MoveTo moves all that the pipe holds to where f stands, and returns how many bytes got
// there. A file system that cannot take them out of a pipe gets them by Write.
func (p *Pipe) MoveTo(f *os.File) (int, error) {
	moved := 0
	if !p.unfit {
		var err error
		moved, err = p.spliceTo(f)
		if !unable(err) {
			return moved, err
		}
		p.unfit = true
	}
	buf := make([]byte, spareBuffer)
	for p.held > 0 {
		n, err := unix.Read(p.r, buf[:min(len(buf), p.held)])
		if err == unix.EINTR { //nolint:errorlint // a system call's own
			continue
		}
		if err != nil {
			return moved, os.NewSyscallError("read", err)
		}
		p.held -= n
		n, err = f.Write(buf[:n])
		moved += n
		if err != nil {
			return moved, err
		}
	}
	return moved, nil
}

func (p *Pipe) spliceTo(f *os.File) (int, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	moved := 0
	for p.held > 0 {
		var n int
		var failed error
		err := raw.Write(func(fd uintptr) bool {
			n, failed = splice(p.r, int(fd), p.held)
			return true
		})
		if err == nil && failed == nil && n == 0 {
			failed = unix.EIO // the pipe holds less than was put into it
		}
		if err == nil && failed != nil {
			err = &os.PathError{Op: "write", Path: f.Name(), Err: failed}
		}
		if err != nil {
			return moved, err
		}
		p.held -= n
		moved += n
	}
	return moved, nil
}

// unable tells that splice(2) cannot be used here: not with this connection or file, or not
// in this process, which a sandbox may forbid it.
func unable(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP)
}

// splice moves bytes where one of the two is a pipe (splice(2)).
func splice(from, to, limit int) (int, error) {
	for {
		n, err := unix.Splice(from, nil, to, nil, limit, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		if err != unix.EINTR {
			return int(n), err
		}
	}
}
