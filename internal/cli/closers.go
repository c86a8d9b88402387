package cli

import (
	"errors"
	"slices"
	"sync"
)

// closers close everything that a session has opened, the last opened first.
type closers []closer

// closer closes one thing. It receives the error of the run so far, and returns that error joined with its own.
type closer struct {
	name  string
	close func(err error) error
}

func (c *closers) add(name string, close func(err error) error) {
	*c = append(*c, closer{name, close})
}

// always returns a closer that calls a function which cannot fail.
func always(close func()) func(error) error {
	return func(err error) error {
		close()
		return err
	}
}

// closing returns a closer that calls a function which may fail.
func closing(close func() error) func(error) error {
	return func(err error) error { return errors.Join(err, close()) }
}

func (c *closers) close(err error) error {
	for _, each := range slices.Backward(*c) {
		err = each.close(err)
	}
	return err
}

// saves store data that would be lost if a run cannot close everything in time.
type saves struct {
	mu  sync.Mutex
	all []save
}

// save stores one thing.
type save struct {
	name string
	// wait says that the process waits for do, which writes only to files of this program and does not block.
	wait bool
	// do may be called at the same time as the rest of the run.
	do func()
}

func (s *saves) add(one save) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, one)
}

// call starts all saves at once, and waits for those with wait.
func (s *saves) call() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var storing sync.WaitGroup
	for _, each := range s.all {
		if each.wait {
			storing.Go(each.do)
		} else {
			go each.do() // if it writes to a pipe without a reader, the process ends before it
		}
	}
	storing.Wait()
}
