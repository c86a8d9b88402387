package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

// catalogueFile reads a catalogue from a file, again whenever the file has changed.
type catalogueFile struct {
	path string
	warn func(error) // receives each error once, until the file is good again

	mu     sync.Mutex
	info   os.FileInfo // of the file that text was read from; nil to read it again
	recent bool        // info is so young that a later change may have the same time
	text   []byte
	assets *fileCatalogue // of text; nil if err is set
	err    error
	warned string
}

const (
	maxCatalogueFile = 256 << 20 // bytes
	// timeStep is longer than the steps in which any file system counts the time.
	timeStep = 2 * time.Second
)

// current returns what the file has now.
func (c *catalogueFile) current() (catalogue, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.refresh()
	if err == nil {
		c.warned = ""
		return c.assets, nil
	}
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		err = failed.Err // without the path, which comes first
	}
	err = fmt.Errorf("cannot read the catalogue %s: %w", c.path, err)
	if text := err.Error(); text != c.warned && c.warn != nil {
		c.warned = text
		c.warn(err)
	}
	return nil, err
}

// refresh looks at the file, and reads it if it may have changed.
func (c *catalogueFile) refresh() error {
	info, err := os.Stat(c.path)
	switch {
	case err != nil:
		c.info = nil
		return err
	case !info.Mode().IsRegular():
		c.info = nil
		return errors.New("not a regular file") // opening a pipe would wait for its writer
	case c.info != nil && !c.recent && os.SameFile(info, c.info) &&
		info.ModTime().Equal(c.info.ModTime()) && info.Size() == c.info.Size():
		return c.err
	}
	c.info = nil
	f, err := os.Open(c.path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	if info, err = f.Stat(); err != nil {
		return err
	}
	recent := time.Since(info.ModTime()) < timeStep
	text, err := io.ReadAll(io.LimitReader(f, maxCatalogueFile+1))
	if err != nil {
		return err
	}
	if len(text) > maxCatalogueFile {
		return fmt.Errorf("larger than %d MiB", maxCatalogueFile>>20)
	}
	if c.text == nil || !bytes.Equal(text, c.text) {
		c.text = text
		c.assets, c.err = parseCatalogue(text)
	}
	c.info, c.recent = info, recent
	return c.err
}
