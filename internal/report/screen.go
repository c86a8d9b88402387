package report

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// Where the width of a terminal cannot be learnt, it is this many columns.
const defaultColumns = 80

const (
	// eraseBelow clears from the cursor to the end of the screen (CSI J): the bar,
	// and what a terminal that became narrower has folded onto further rows.
	eraseBelow = "\x1b[J"
	// toBar takes the cursor to the beginning of the bar. It rests there between
	// frames, and so moves with the bar when the terminal folds its lines anew.
	toBar = "\r"
)

// Screen owns standard output and standard error. Lines written to either by
// several goroutines stay whole, and where a bar is on the same terminal, they
// appear above it.
//
// The cursor is never hidden: a program that is killed could not show it again.
type Screen struct {
	stdout, stderr io.Writer
	// stdoutIsTerminal matters while there is a bar. Two terminals at once are not
	// told apart: a bar that is drawn once more does no harm.
	stdoutIsTerminal bool
	canDraw          bool
	columns          func() int
	stdoutFailed     func(error)

	mu    sync.Mutex
	frame func(columns int) string // what the bar shows; nil: no bar
	drawn bool                     // the bar is on the screen
	err   error                    // the first failed write to stdout
	hints map[string]bool          // given already
}

// NewScreen takes over the two streams. They are examined for being terminals
// if they are *os.File. stdoutFailed, if not nil, is called once, with the error,
// when standard output cannot be written to any more: its reader has gone away or
// its disk is full. For the former to be an error, SIGPIPE must be ignored or
// caught (package os/signal).
func NewScreen(stdout, stderr io.Writer, stdoutFailed func(error)) *Screen {
	s := &Screen{
		stdout:       stdout,
		stderr:       stderr,
		columns:      func() int { return defaultColumns },
		stdoutFailed: stdoutFailed,
		hints:        make(map[string]bool),
	}
	if f, ok := stdout.(*os.File); ok {
		s.stdoutIsTerminal = term.IsTerminal(int(f.Fd()))
	}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.canDraw = os.Getenv("TERM") != "dumb" && understandsEscapes(f)
		s.columns = func() int { return terminalColumns(f) }
	}
	return s
}

func terminalColumns(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return defaultColumns
	}
	return width
}

// Result writes line, which ends itself, to standard output, in one Write. After
// the first failure it writes nothing more.
func (s *Screen) Result(line []byte) {
	s.attempt(func() error {
		if !s.drawn || !s.stdoutIsTerminal {
			_, err := s.stdout.Write(line)
			return err
		}
		s.toStderr(toBar + eraseBelow)
		_, err := s.stdout.Write(line)
		s.toStderr(s.picture())
		return err
	})
}

// attempt does write, unless standard output has failed before, and reports it if
// it fails: without the lock, because who is told may well write something.
func (s *Screen) attempt(write func() error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	err := write()
	s.err = err
	s.mu.Unlock()
	if err != nil && s.stdoutFailed != nil {
		s.stdoutFailed(err)
	}
}

// Err is the error that ended standard output, if one did.
func (s *Screen) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// show begins a bar whose text frame gives for a number of columns. It appears
// with the first redraw for which the text is not empty.
func (s *Screen) show(frame func(columns int) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frame = frame
}

// redraw brings the bar up to date.
func (s *Screen) redraw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame == nil {
		return
	}
	if picture := s.picture(); s.drawn || picture != eraseBelow+toBar {
		s.drawn = true
		s.toStderr(toBar + picture)
	}
}

// picture is the bar as bytes for a cursor in the first column, where they also
// leave it. The width is read each time: terminals are resized. The last column
// stays free, because writing there makes some terminals wrap.
func (s *Screen) picture() string {
	return s.frame(s.columns()-1) + eraseBelow + toBar
}

// hide takes the bar away for good and leaves nothing behind.
func (s *Screen) hide() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn {
		s.toStderr(toBar + eraseBelow)
	}
	s.frame, s.drawn = nil, false
}

// toStderr writes text in one Write. That it fails can be said nowhere.
func (s *Screen) toStderr(text string) { _, _ = io.WriteString(s.stderr, text) }
