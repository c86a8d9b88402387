package report

import (
	"fmt"
	"strings"
)

// statusLine returns the progress of the run in one line: what SIGUSR1 prints,
// and what a log gets from time to time in place of a bar.
func statusLine(p progress, single bool) string {
	var said []string
	add := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	switch {
	case p.known == 0 && p.listed != "":
		add("%s", p.listed)
	case !single, p.name == "" && p.done > 0: // a file that was in place has never started
		add("%s files", p.files())
	case p.name != "":
		add("%s", Clip(Clean(p.name), messageLimit))
	default:
		add("waiting for the portal")
	}
	if percent, ok := p.percent(); ok {
		add("%d%%", percent)
	}
	if p.total > 0 && !p.open && !p.estimated {
		add("%s", bytesOf(p.held, p.total))
	} else {
		add("%s", Bytes(p.held))
	}
	if p.rate > 0 {
		add("%s/s", Bytes(p.rate))
	}
	if !single {
		add("%d in flight", p.inFlight)
		add("%d failed", p.failures)
	}
	if d, ok := p.left(); ok && p.wait == "" {
		add("%s left", Duration(d))
	}
	line := strings.Join(said, ", ")
	if p.wait != "" {
		line += "; " + Clean(p.wait)
	}
	return line
}
