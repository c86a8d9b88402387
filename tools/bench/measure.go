package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// row is one line of the table: some work, done by bynder and by a program that people would use instead.
type row struct {
	name   string // for -only
	work   string
	beside string // "" if nothing does the same
	target limits
	counts string   // what contest.count counts, "" for nothing
	needs  []string // tools
	pairs  int      // instead of the usual number, 0 for that
	slow   bool     // takes so long that a first pair that does not count gains nothing
	set    func(context.Context, *site) (*contest, error)
}

// limits are what a row's figures should not exceed; 0 is no limit.
type limits struct {
	wall      float64       // times what beside takes
	took      time.Duration // wall time of a row beside nothing
	peak      int64         // MiB
	count     int64         // of row.counts
	perSecond float64       // at least; of contest.units
}

// contest is a row made ready.
type contest struct {
	ours, beside side
	portal       string // address
	units        int    // what is done in a run, for limits.perSecond
	// before, if set, is called before each run. Both runs of a pair get the same number.
	before func(pair int)
	// count, if set, returns how many of row.counts there were since before.
	count func() int64
	bytes int64 // that a run leaves
	ended []func()
}

// side is what one program does in a contest.
type side struct {
	args []string // nil if nothing does the same
	// check, if set, returns what is wrong with what a run left in the folders and in the file stdout.
	check func(stdout string) error
}

// contest starts a portal that lists the URLs, and checks that runs leave the files of a set in the out folder.
func (s *site) contest(ctx context.Context, set string, urls []string) (*contest, error) {
	bytes, err := sizeOf(s.path("served", set))
	if err != nil {
		return nil, err
	}
	p, err := s.startPortal(ctx, urls, bytes/int64(len(urls)))
	if err != nil {
		return nil, err
	}
	same := side{check: func(string) error { return sameFiles(s.path("served", set), s.out()) }}
	return &contest{ours: same, beside: same, portal: p.addr(), bytes: bytes, ended: []func(){p.close}}, nil
}

// download returns the command that gets files of ids into the out folder.
func (s *site) download(args ...string) []string {
	return append([]string{s.bynder, "download", "-d", s.out()}, args...)
}

func (c *contest) close() {
	for _, end := range slices.Backward(c.ended) {
		end()
	}
}

// outcome is what was measured of a row.
type outcome struct {
	row
	ours, theirs []usage // pair by pair
	units        int
	skipped      string // why the row was not measured
	err          error  // what went wrong
}

// measure measures a row.
func (s *site) measure(ctx context.Context, r row) outcome {
	o := outcome{row: r, skipped: s.found.lacks(r.needs)}
	if o.skipped != "" {
		return o
	}
	c, err := r.set(ctx, s)
	if err != nil {
		o.err = err
		return o
	}
	defer c.close()
	o.units = c.units
	pairs := s.pairs
	if r.pairs > 0 {
		pairs = r.pairs
	}
	if s.warm && !r.slow {
		_, _, o.err = s.pair(ctx, c, 0)
	}
	for i := range pairs {
		var a, b usage
		if o.err == nil {
			a, b, o.err = s.pair(ctx, c, i)
		}
		if o.err != nil {
			return o
		}
		o.ours = append(o.ours, a)
		if c.beside.args != nil {
			o.theirs = append(o.theirs, b)
		}
	}
	return o
}

// pair runs both sides, one after the other.
func (s *site) pair(ctx context.Context, c *contest, number int) (ours, theirs usage, err error) {
	if ours, err = s.once(ctx, c, c.ours, number); err != nil || c.beside.args == nil {
		return ours, theirs, err
	}
	theirs, err = s.once(ctx, c, c.beside, number)
	return ours, theirs, err
}

// once runs one side with an empty home and an empty out folder, and checks what it left.
func (s *site) once(ctx context.Context, c *contest, run side, pair int) (usage, error) {
	clean := []string{s.path("home"), s.out()}
	defer func() {
		for _, folder := range clean {
			_ = os.RemoveAll(folder)
		}
	}()
	for _, folder := range clean {
		if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o755)); err != nil {
			return usage{}, err
		}
	}
	if s.warm {
		if err := s.touch(c.bytes); err != nil {
			return usage{}, err
		}
	}
	if c.before != nil {
		c.before(pair)
	}
	t := timed{args: run.args, env: s.environment(c.portal), dir: s.dir, stdout: s.path("stdout"), stderr: s.path("stderr")}
	u, err := t.run(ctx)
	if err == nil && c.count != nil {
		u.Count = c.count()
	}
	if err == nil && run.check != nil {
		if err = run.check(t.stdout); err != nil {
			err = fmt.Errorf("after %s: %w", run.args[0], err)
		}
	}
	return u, err
}

// touch writes a file of more than the bytes, and removes it: memory that a virtual machine has given back to its
// host, or never had, is slow the first time, and that would slow down one of two programs by chance.
func (s *site) touch(bytes int64) error {
	name := s.path("touched")
	defer func() { _ = os.Remove(name) }()
	if err := writeFile(name, zeros{}, bytes+bytes/4); err != nil {
		return fmt.Errorf("touching memory: %w", err)
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// spread is the median, minimum and maximum of some figures.
type spread[T cmp.Ordered] struct{ median, low, high T }

// spreadOf returns the spread of at least one figure. Of an even number, the median is the lower middle one, because
// that was measured.
func spreadOf[T cmp.Ordered](figures []T) spread[T] {
	sorted := slices.Sorted(slices.Values(figures))
	return spread[T]{sorted[(len(sorted)-1)/2], sorted[0], sorted[len(sorted)-1]}
}

// each returns a figure of every run.
func each[T any](runs []usage, figure func(usage) T) []T {
	picked := make([]T, len(runs))
	for i, u := range runs {
		picked[i] = figure(u)
	}
	return picked
}

// median returns the median of a figure of every run.
func median[T cmp.Ordered](runs []usage, figure func(usage) T) T {
	return spreadOf(each(runs, figure)).median
}

func wall(u usage) time.Duration      { return u.Wall }
func inProgram(u usage) time.Duration { return u.User }
func inKernel(u usage) time.Duration  { return u.System }
func peak(u usage) int64              { return u.Peak }
func count(u usage) int64             { return u.Count }

// ratios divides ours by theirs, pair by pair: what slows the machine down for a time slows both down.
func (o outcome) ratios(figure func(usage) time.Duration) []float64 {
	all := make([]float64, len(o.theirs))
	for i := range all {
		all[i] = float64(figure(o.ours[i])) / float64(max(figure(o.theirs[i]), 1))
	}
	return all
}

// brief returns the outcome in a few words.
func (o outcome) brief() string {
	switch {
	case o.err != nil:
		return "failed: " + o.err.Error()
	case o.skipped != "":
		return "not measured: " + o.skipped
	case len(o.theirs) == 0:
		return fmt.Sprintf("%s, %s", seconds(median(o.ours, wall)), mebibytes(median(o.ours, peak)))
	}
	return fmt.Sprintf("%.2f of %s", spreadOf(o.ratios(wall)).median, seconds(median(o.theirs, wall)))
}
