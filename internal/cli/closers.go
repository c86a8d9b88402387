package cli

import (
	"errors"
	"slices"
	"sync"
)

// closers close what a session has open, the last opened first.
type closers []closer

// closer closes one thing. It is given the error of the run so far, and returns the one from there on.
type closer struct {
	name  string
	close func(err error) error
}

func (c *closers) add(name string, close func(err error) error) {
	*c = append(*c, closer{name, close})
}

// always makes a closer of what cannot fail.
func always(close func()) func(error) error {
	return func(err error) error {
		close()
		return err
	}
}

// closing makes a closer of what may fail.
func closing(close func() error) func(error) error {
	return func(err error) error { return errors.Join(err, close()) }
}

func (c *closers) close(err error) error {
	for _, each := range slices.Backward(*c) {
		err = each.close(err)
	}
	return err
}

// saves store, at the last moment, what would be lost where a run cannot end as it should.
type saves struct {
	mu  sync.Mutex
	all []save
}

// save stores one thing.
type save struct {
	name string
	// wait says that do is waited for: it writes to files of this program alone, and does not block.
	wait bool
	// do must bear to be called beside the rest of the run.
	do func()
}

func (s *saves) add(one save) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, one)
}

// call starts all saves at once, and waits for those that are waited for.
func (s *saves) call() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var storing sync.WaitGroup
	for _, each := range s.all {
		if each.wait {
			storing.Go(each.do)
		} else {
			go each.do() // the process ends before it does, where there is no reader
		}
	}
	storing.Wait()
}
