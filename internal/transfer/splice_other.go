//go:build !linux

package transfer

import (
	"errors"
	"os"
	"syscall"
)

// Pipe is none: only Linux moves bytes from a connection to a file by itself.
type Pipe struct{}

func newPipe() *Pipe { return nil }

func (p *Pipe) close() {}

func (p *Pipe) usable() bool { return false }

func (p *Pipe) holds() int { return 0 }

// fill is never called.
func (p *Pipe) fill(syscall.RawConn, int) (int, error) { return 0, errors.ErrUnsupported }

// MoveTo is never called.
func (p *Pipe) MoveTo(*os.File) (int, error) { return 0, errors.ErrUnsupported }
