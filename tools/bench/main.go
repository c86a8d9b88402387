// Command bench measures bynder beside the programs that people would use instead: on the same
// machine, from the same server, by turns. It prints a table, and writes docs/performance.md on
// request, with a plot of files per second against round trip:
//
//	go run ./tools/bench [-quick] [-pairs N] [-only REGEXP] [-write docs/performance.md] [-plot docs/performance.svg]
//
// It serves files with nginx over TLS from memory, answers for the portal's API itself, and looks
// for curl, aria2c and wget2; a row without its program is not measured and names the package to
// install. Figures depend on the machine and on what else runs there, ratios less. The exit status
// is 0 if everything was measured and every byte was right, however long it took.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// options are what the command line asks for.
type options struct {
	quick bool
	only  *regexp.Regexp
	write string
	plot  string
	dir   string
	pairs int
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == stopwatchCommand {
		os.Exit(stopwatch(os.Args[2:]))
	}
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, o, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var only string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.BoolVar(&o.quick, "quick", false, "small files and one run of each: shows that it works, not how fast")
	f.StringVar(&only, "only", "", "measure the rows whose names match this `regexp`")
	f.StringVar(&o.write, "write", "", "write the page to this `file`, docs/performance.md")
	f.StringVar(&o.plot, "plot", "", "measure the plot, too, and write it to this `file`, docs/performance.svg")
	f.StringVar(&o.dir, "dir", "", "`folder` for files, which take 3 GiB (default /dev/shm; with -quick the system's for temporary files)")
	f.IntVar(&o.pairs, "pairs", 7, "pairs of runs for each row")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case only != "" && o.write != "":
		return o, errors.New("-only and -write exclude each other: the page holds all rows")
	case o.pairs < 1:
		return o, fmt.Errorf("-pairs is %d, and must be at least 1", o.pairs)
	}
	if o.quick {
		o.pairs = 1
	}
	return o, nil
}

// run measures the rows, prints the table and writes the page.
func run(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	found := findTools(ctx)
	m := describeMachine(ctx, found) // its load before the program is built
	s, err := newSite(ctx, o, found)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	m.Where = filepath.Dir(s.dir)
	fmt.Fprintf(stdout, "%s\n\n", m)

	measured, failed := s.measureAll(ctx, o.only, stderr)
	if len(measured) == 0 && failed == nil && o.plot == "" {
		return errors.New("-only matches no row")
	}
	report := newReport(m, measured, o)
	if len(measured) > 0 {
		fmt.Fprint(stdout, report.Table())
	}
	if o.write != "" && failed == nil {
		failed = report.write(o.write)
	}
	if o.plot != "" && failed == nil {
		failed = s.writePlot(ctx, o.plot, stderr)
	}
	return failed
}

// measureAll measures the rows whose names match. The error joins those of the rows; the outcomes before an
// interruption are returned.
func (s *site) measureAll(ctx context.Context, only *regexp.Regexp, stderr io.Writer) (measured []outcome, failed error) {
	for _, r := range rows(s.sizes) {
		if !only.MatchString(r.name) {
			continue
		}
		began := time.Now()
		result := s.measure(ctx, r)
		if ctx.Err() != nil {
			return measured, errors.New("interrupted: these are the rows before that")
		}
		fmt.Fprintf(stderr, "%-20s %s (%.0f s)\n", r.name, result.brief(), time.Since(began).Seconds())
		if result.err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", r.name, result.err))
		}
		measured = append(measured, result)
	}
	return measured, failed
}
