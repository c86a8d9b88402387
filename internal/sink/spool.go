package sink

import (
	"bufio"
	"io"
	"os"
)

// Spool is a temporary file in a folder. The first Write creates it.
type Spool struct {
	Dir  string
	file *os.File
	out  *bufio.Writer
	size int64
}

// Write implements io.Writer.
func (s *Spool) Write(p []byte) (int, error) {
	if s.file == nil {
		file, err := createBeside(s.Dir, ".spool-*.part", os.O_RDWR, 0o600)
		if err != nil {
			return 0, err
		}
		_ = os.Remove(file.Name()) // an open file needs no name, except on Windows
		s.file, s.out = file, bufio.NewWriter(file)
	}
	n, err := s.out.Write(p)
	s.size += int64(n)
	return n, err
}

// Size returns how many bytes were written.
func (s *Spool) Size() int64 { return s.size }

// CopyTo copies length bytes from an offset to w.
func (s *Spool) CopyTo(w io.Writer, at, length int64) error {
	if err := s.out.Flush(); err != nil {
		return err
	}
	n, err := io.Copy(w, io.NewSectionReader(s.file, at, length))
	if err == nil && n < length {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// Close removes the file.
func (s *Spool) Close() {
	if s.file != nil {
		s.file.Close()
		_ = os.Remove(s.file.Name())
		s.file = nil
	}
}
