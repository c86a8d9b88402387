package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// plotted are the lines of the plot: programs that fetch many small files. Those without a fixed number of connections
// are bynder's defaults.
var plotted = []struct {
	label   string
	command fetcher
	style   style
}{
	{"bynder, default flags", derivatives(), style{light: "#c2410c", dark: "#fb923c", mark: circle, wide: true}},
	{"bynder -j 128", derivatives("-j", "128"), style{light: "#172554", dark: "#bfdbfe", mark: square}},
	{"bynder -j 64", derivatives("-j", "64"), style{light: "#1d4ed8", dark: "#93c5fd", mark: diamond}},
	{"bynder -j 32", derivatives("-j", "32"), style{light: "#2563eb", dark: "#60a5fa", mark: triangle}},
	{"bynder -j 16", derivatives("-j", "16"), style{light: "#3b82f6", dark: "#3b82f6", mark: cross}},
	{"curl --parallel-max 128", curlMany(128), style{light: "#166534", dark: "#86efac", mark: square, dashes: "7 4"}},
	{"curl --parallel-max 32", curlMany(32), style{light: "#15803d", dark: "#4ade80", mark: triangle, dashes: "7 4"}},
	{"wget2 --max-threads 32", wget2("--max-threads=32"), style{light: "#a21caf", dark: "#e879f9", mark: triangle, dashes: "2 3"}},
}

// plotRuns is how often each point is measured, unless there are fewer pairs per row.
const plotRuns = 3

// plot measures how many files per second each program fetches at each round trip, and returns the chart of it.
func (s *site) plot(ctx context.Context, progress io.Writer) (*chart, error) {
	if missing := s.found.lacks([]string{"nginx", "curl", "wget2"}); missing != "" {
		return nil, errors.New(missing)
	}
	c := &chart{
		title:  fmt.Sprintf("Files per second against the round trip to storage: %s files of %s over TLS", thousands(s.sizes.many), sizeText(s.sizes.small)),
		xLabel: "round trip to storage in milliseconds", yLabel: "files per second",
	}
	for _, p := range plotted {
		c.lines = append(c.lines, line{label: p.label, style: p.style})
	}
	for _, distance := range s.sizes.distances {
		c.x = append(c.x, strconv.FormatInt(distance.Milliseconds(), 10))
		rates, err := s.atDistance(ctx, distance)
		if err != nil {
			return nil, fmt.Errorf("the plot at %s: %w", distance, err)
		}
		for i, rate := range rates {
			c.lines[i].y = append(c.lines[i].y, rate)
		}
		fmt.Fprintf(progress, "plot at %-12s %.0f files per second with default flags\n", distance, rates[0])
	}
	return c, nil
}

// atDistance returns the median rates of the plotted programs in files per second, in their order. The programs run by
// turns, so that a slow phase of the machine affects all of them.
func (s *site) atDistance(ctx context.Context, distance time.Duration) ([]float64, error) {
	f, err := s.smallFiles(ctx, s.sizes.many, &network{roundTrip: distance})
	if err != nil {
		return nil, err
	}
	defer f.close()
	runs := make([][]usage, len(plotted))
	for range min(s.pairs, plotRuns) {
		for i, p := range plotted {
			args, err := p.command(s, f.urls)
			if err != nil {
				return nil, err
			}
			took, err := s.once(ctx, f.contest, side{args: args, check: f.ours.check}, 0)
			if err != nil {
				return nil, err
			}
			runs[i] = append(runs[i], took)
		}
	}
	rates := make([]float64, len(plotted))
	for i := range rates {
		rates[i] = float64(f.units) / median(runs[i], wall).Seconds()
	}
	return rates, nil
}

// writePlot measures the plot and writes it as SVG.
func (s *site) writePlot(ctx context.Context, file string, progress io.Writer) error {
	c, err := s.plot(ctx, progress)
	if err != nil {
		return err
	}
	return os.WriteFile(file, c.svg(), 0o644)
}
