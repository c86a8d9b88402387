package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/terminal"
)

// writeListing runs a command that asks the portal and writes a listing.
func (o *portalFlags) writeListing(ctx context.Context, run func(context.Context, *portal, *report.Screen) error) error {
	if err := o.check(); err != nil {
		return err
	}
	conf, err := o.load(ctx, o.streams)
	if err != nil {
		return err
	}
	terminal.WriteInBackground()
	screen := o.streams.screen()
	portal, err := o.portal(conf, screen, notifyWaits(screen), 1)
	if err != nil {
		return err
	}
	defer exitInTime(ctx, nil)()
	return run(ctx, portal, screen)
}

// listed describes how entries of one kind are listed.
type listed[T any] struct {
	noun    string       // for one entry
	nothing string       // the message if no entry is listed
	empty   func() error // may find the reason for that; may be nil
	fail    bool         // listing no entry is a failure
	limit   int          // maximum number of entries (0 = no limit)
	row     func(T) report.Row
	// limited, if not nil, is called at the end if the limit may have left out entries, with the number of those listed
	// and of those that the portal counted, -1 if it did not.
	limited func(n int, counted int64)
}

// listEach writes entries as they come. Entries that were written before an error stay;
// the error says how many. An entry that cannot be read is a failure of its own. If the list has fewer
// entries than the portal counted, a warning says so.
func listEach[T any](ctx context.Context, l *report.Listing, screen *report.Screen, entries *bynder.Listing[T], by listed[T]) error {
	n, malformed := 0, 0
	progress := report.ListingProgress{Noun: by.noun}
	hide := sync.OnceFunc(screen.ShowStatus(progress.String))
	defer hide()
	defer context.AfterFunc(ctx, hide)()
	for entry, err := range entries.Each(ctx) {
		if bynder.IsMalformedElement(err) {
			malformed++
			screen.Fail(malformedText(err), hintOf(err))
			continue
		}
		switch {
		case err != nil && n == 0:
			return fmt.Errorf("cannot list the %ss: %w", by.noun, err)
		case err != nil:
			return fmt.Errorf("the list ended after %s: %w", count(n, by.noun), err)
		}
		if err := l.Row(by.row(entry)); err != nil {
			return &stdoutError{err}
		}
		if n++; n == by.limit {
			break
		}
		total := entries.Counted()
		if by.limit > 0 {
			total = min(total, int64(by.limit))
		}
		progress.Set(n, total)
	}
	hide()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	counted := entries.Counted()
	isAll := by.limit == 0 || n < by.limit
	switch short := isAll && int64(n+malformed) < counted; {
	case short:
		screen.Warn("", "the portal counted %s and listed %d; these credentials may not see the rest",
			count(int(counted), by.noun), n+malformed)
	case n == 0 && malformed == 0:
		if by.empty != nil {
			if err := by.empty(); err != nil {
				return err
			}
		}
		if !by.fail {
			screen.Say("%s", by.nothing)
		}
	}
	if by.fail && n+malformed == 0 {
		return errors.New(by.nothing)
	}
	if err := l.Header(); err != nil {
		return &stdoutError{err}
	}
	if by.limited != nil && !isAll && counted != int64(n) {
		by.limited(n, counted)
	}
	return (&runError{wanted: n + malformed, failed: malformed}).orNil()
}

// malformedText returns the message about an entry that cannot be read: its id first, if that is known.
func malformedText(err error) string {
	if id := bynder.MalformedID(err); id != "" {
		return id + ": cannot be read: " + bynder.MalformedReason(err)
	}
	return err.Error()
}

// dayOf returns the date of a time as the portal writes it.
func dayOf(text string) string { return text[:min(len(text), len(time.DateOnly))] }

// formatOptional formats a number, "" for a negative one, which is not known.
func formatOptional(n int64) string {
	if n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// count returns a number with its noun, in the plural unless it is 1.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
