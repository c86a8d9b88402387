// Command bench measures bynder beside what people would use in its place: on the same
// machine, from the same server, one after the other and in turns. It prints a table,
// and docs/performance.md on demand:
//
//	go run ./tools/bench [-quick] [-only REGEXP] [-write docs/performance.md]
//
// It serves files with nginx from memory, plays the portal's API itself, and looks for
// curl, aria2c and wget2; rows that lack one of them say so. Figures depend on the
// machine and what else runs there, ratios less so. The exit status says whether everything
// was measured and every byte was right, never whether it was fast.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

// options are what the command line asks for.
type options struct {
	quick bool
	only  *regexp.Regexp
	write string
	dir   string
	runs  int
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
	f.BoolVar(&o.quick, "quick", false, "small files and one run of each: to see that it works, not how fast")
	f.StringVar(&only, "only", "", "measure the rows whose names match this `regexp`")
	f.StringVar(&o.write, "write", "", "write the page to this `file`, docs/performance.md")
	f.StringVar(&o.dir, "dir", "", "`folder` for files, 3 GiB of them (default /dev/shm; with -quick the system's for temporary files)")
	f.IntVar(&o.runs, "runs", 7, "pairs of runs for each row")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("there is no argument %q", f.Arg(0))
	case only != "" && o.write != "":
		return o, errors.New("-only and -write exclude each other: the page holds all rows")
	case o.runs < 1:
		return o, fmt.Errorf("-runs is %d, and must be at least 1", o.runs)
	}
	if o.quick {
		o.runs = 1
	}
	return o, nil
}

// run measures the rows, prints the table and writes the page.
func run(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	found := findTools(ctx)
	s, err := newSite(ctx, o, found)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	m := describeMachine(ctx, found, s.dir)
	fmt.Fprintf(stdout, "%s\n\n", m)

	var measured []outcome
	var failed error
	for _, r := range rows(s.sizes) {
		if !o.only.MatchString(r.name) {
			continue
		}
		began := time.Now()
		result := s.measure(ctx, r)
		if ctx.Err() != nil {
			failed = errors.New("interrupted: these are the rows before that")
			break
		}
		fmt.Fprintf(stderr, "%-20s %s (%.0f s)\n", r.name, result.brief(), time.Since(began).Seconds())
		if result.err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", r.name, result.err))
		}
		measured = append(measured, result)
	}
	if len(measured) == 0 && failed == nil {
		return errors.New("-only matches no row")
	}
	report := newReport(m, measured, o)
	fmt.Fprint(stdout, report.Table())
	if o.write != "" && failed == nil {
		failed = report.write(o.write)
	}
	return failed
}
