package cli

import (
	"io"
	"os"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/report"
)

// Streams are the three standard streams and the environment. Commands take them
// from here, so that a test can give its own.
type Streams struct {
	In     io.Reader
	Out    io.Writer
	Err    io.Writer
	Getenv func(string) string

	files   *config.Files // of this invocation, see newRoot
	helpErr *error        // that help could not be written, which cobra cannot return; nil if that is ignored
}

// screen returns what a command writes its messages with.
func (s Streams) screen() *report.Screen { return report.NewScreen(s.Out, s.Err, nil) }

// System returns the streams of the process.
func System() Streams {
	return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}
}
