package report

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// File writes a line about a file to standard output: a status and the path, in columns on a
// terminal, else with a tab between them. The path is cleaned for a terminal; otherwise it is exact, whatever its bytes,
// as pathLine has it.
func (s *Screen) File(status, path string) {
	if s.stdoutIsTerminal {
		s.Result(fmt.Appendf(nil, "%-9s%s\n", status, Clean(path)))
		return
	}
	s.Result([]byte(status + "\t" + path + "\n"))
}

// Write implements io.Writer: it writes a line to standard output, as Result does.
func (s *Screen) Write(line []byte) (int, error) {
	s.Result(line)
	if err := s.Err(); err != nil {
		return 0, err
	}
	return len(line), nil
}

// ShowStatus keeps a line on a terminal up to date, below all other lines, until stop is called.
// It shows nothing if no bar can be drawn, or while another bynder, which reads the results, draws its own.
func (s *Screen) ShowStatus(text func() string) (stop func()) {
	if !s.canDraw {
		return func() {}
	}
	s.yields = true
	s.show(func(columns int) string { return cutEnd(text(), columns) })
	ctx, cancel := context.WithCancel(context.Background())
	var drawing sync.WaitGroup
	drawing.Go(func() {
		tick := time.NewTicker(barInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				s.redraw()
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		drawing.Wait()
		s.hide()
	}
}
