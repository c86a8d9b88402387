package mirror

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"sync"
)

// spoolName is the path of a Spool's file.
const spoolName = ownFolder + "/spool"

// Spool keeps texts on disk until it is closed, so that the metadata of a million assets need no memory. Several
// goroutines may read it. A kill leaves nothing of it or, if it comes at once or the system cannot remove a file in use, a file:
// below a root the next Spool removes it.
type Spool struct {
	remove func() error

	mu     sync.Mutex
	file   *os.File
	writer *bufio.Writer
	end    int64
}

// NewSpool makes an empty Spool. One at a time may be below a root. Without a root it is among the temporary files of this
// machine.
func NewSpool(root *os.Root) (*Spool, error) {
	s := &Spool{}
	var err error
	if root == nil {
		s.file, err = os.CreateTemp("", "bynder-metadata-")
		s.remove = func() error { return os.Remove(s.file.Name()) }
	} else {
		s.file, err = newSpoolBelow(root)
		s.remove = func() error { return root.Remove(spoolName) }
	}
	if err != nil {
		return nil, fmt.Errorf("making a file for metadata: %w", err)
	}
	_ = s.remove() // Close does where this is not possible
	s.writer = bufio.NewWriterSize(s.file, 64<<10)
	return s, nil
}

// newSpoolBelow makes the file of a Spool below a root.
func newSpoolBelow(root *os.Root) (f *os.File, err error) {
	err = root.Mkdir(path.Dir(spoolName), 0o700)
	if err == nil || errors.Is(err, fs.ErrExist) {
		err = root.Remove(spoolName)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		f, err = root.OpenFile(spoolName, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	}
	return f, err
}

// Add adds a text.
func (s *Spool) Add(text []byte) (Span, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.writer.Write(text); err != nil {
		return Span{}, fmt.Errorf("keeping metadata: %w", err)
	}
	at := Span{s.end, int64(len(text))}
	s.end += at.Length
	return at, nil
}

// Read returns the text that Add was given.
func (s *Spool) Read(at Span) ([]byte, error) {
	s.mu.Lock()
	err := s.writer.Flush()
	s.mu.Unlock()
	text := make([]byte, at.Length)
	if err == nil {
		_, err = s.file.ReadAt(text, at.Offset)
	}
	if err != nil {
		return nil, fmt.Errorf("reading metadata that were kept: %w", err)
	}
	return text, nil
}

// Close removes what was added.
func (s *Spool) Close() error {
	err := s.file.Close()
	if failed := s.remove(); failed != nil && !errors.Is(failed, fs.ErrNotExist) {
		err = errors.Join(err, failed)
	}
	return err
}
