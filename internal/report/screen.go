package report

import (
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/bynder-cli/bynder/internal/terminal"
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
	canDraw          bool // stderr is a terminal that obeys escape sequences
	columns          func() int
	stdoutFailed     func(error)
	// background reports whether this process is a job in the background of the terminal.
	background func() bool
	// covered reports whether another program, which reads stdout through a pipe, uses the terminal. yields is set if
	// a line of another bynder is one.
	covered func() bool
	yields  bool
	// reserve tells the bynder that writes to this one that it draws.
	reserve func() (release func())

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
		background:   func() bool { return false },
		covered:      func() bool { return false },
		reserve:      func() (release func()) { return func() {} },
		hints:        make(map[string]bool),
	}
	if f, ok := stdout.(*os.File); ok {
		s.stdoutIsTerminal = term.IsTerminal(int(f.Fd()))
	}
	f, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return s
	}
	s.canDraw = os.Getenv("TERM") != "dumb" && understandsEscapes(f)
	s.columns = func() int { return terminalColumns(f) }
	s.background = func() bool { return !terminal.MayDraw(f) }
	piped := isPipe(stdout)
	s.covered = func() bool { return piped && (terminal.IsRaw(f) || s.yields && terminal.IsReserved(f)) }
	s.reserve = func() func() { return terminal.Reserve(f) }
	return s
}

// isPipe reports whether another program reads what is written to w.
func isPipe(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

func terminalColumns(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return defaultColumns
	}
	return width
}

// onScreen reports whether the bar is on the screen and can be replaced. A bar from before the process went to the
// background is left as it is: the shell has written below it.
func (s *Screen) onScreen() bool {
	s.drawn = s.drawn && !s.background() && !s.covered()
	return s.drawn
}

// Result writes line, which includes its end, to standard output, in one Write. After
// the first failure it writes nothing more.
func (s *Screen) Result(line []byte) {
	s.attempt(func() error {
		if !s.stdoutIsTerminal || !s.onScreen() {
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

// redraw brings the bar up to date. A process in the background does not draw, nor does one whose results are read by a
// program that uses the terminal.
func (s *Screen) redraw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.frame == nil {
		return
	}
	if s.background() || s.covered() {
		s.drawn = false
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
	if s.onScreen() {
		s.toStderr(toBar + eraseBelow)
	}
	s.frame, s.drawn = nil, false
}

// toStderr writes text in one Write. Its error is dropped: there is no other stream to report it on.
func (s *Screen) toStderr(text string) { _, _ = io.WriteString(s.stderr, text) }
