package report

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// defaultColumns is the width of a terminal that does not report its own, in columns.
const defaultColumns = 80

const (
	// eraseBelow clears from the cursor to the end of the screen (CSI J): the bar,
	// and the rows onto which a terminal that became narrower has wrapped it.
	eraseBelow = "\x1b[J"
	// toBar moves the cursor to the beginning of the bar. It stays there between
	// frames, and so moves with the bar when the terminal wraps its lines again.
	toBar = "\r"
)

// Screen owns standard output and standard error. Lines written to either by
// several goroutines stay whole, and if a bar is on the same terminal, they
// appear above it.
//
// The cursor is never hidden: a program that is killed could not show it again.
type Screen struct {
	stdout, stderr io.Writer
	// stdoutIsTerminal matters while a bar is shown. Two different terminals are
	// handled as one: drawing the bar once more is harmless.
	stdoutIsTerminal bool
	canDraw          bool
	columns          func() int
	stdoutFailed     func(error)

	mu    sync.Mutex
	frame func(columns int) string // returns the bar's text; nil: no bar
	drawn bool                     // the bar is on the screen
	err   error                    // the first failed write to stdout
	hints map[string]bool          // already given
}

// NewScreen returns a Screen that owns the two streams. A stream can only be a terminal
// if it is an *os.File. stdoutFailed, if not nil, is called once, with the error, when a
// write to standard output has failed: its reader has gone or its disk is full. For the
// former to be an error, SIGPIPE must be ignored or caught (package os/signal).
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

// Result writes line, which includes its end, to standard output, in one Write. After
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

// attempt calls write, unless standard output has failed before, and calls stdoutFailed
// if it fails: without the lock, because that function may write a message.
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

// Err returns the error of the first failed write to standard output, if any.
func (s *Screen) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// show starts a bar; frame returns its text for a number of columns. The bar appears
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

// picture returns the bytes that draw the bar, from the first column and back to it.
// The width is read each time, because terminals are resized. The last column stays
// free, because writing there makes some terminals wrap.
func (s *Screen) picture() string {
	return s.frame(s.columns()-1) + eraseBelow + toBar
}

// hide removes the bar for good.
func (s *Screen) hide() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn {
		s.toStderr(toBar + eraseBelow)
	}
	s.frame, s.drawn = nil, false
}

// toStderr writes text in one Write. Its error is dropped: there is no other stream to report it on.
func (s *Screen) toStderr(text string) { _, _ = io.WriteString(s.stderr, text) }
