package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/report"
)

// clockTolerance is how far apart two clocks may be before that is a likely cause of a
// refusal: an OAuth 1.0a signature holds the time, and servers accept it for some
// minutes (RFC 5849 section 3.3 leaves the number to them).
const clockTolerance = 4 * time.Minute

// clockError is a refusal of signed requests that this machine's clock may have caused.
type clockError struct {
	error
	hint string
}

func (e *clockError) Unwrap() error { return e.error }

// Hint says what the user can do about it.
func (e *clockError) Hint() string { return e.hint }

// blameClock adds to the error of a call that was answered 401 the hint that the clock is
// wrong, where the portal's own is more than four minutes away and the
// credentials depend on it.
func blameClock(err error, kind config.Kind, now time.Time) error {
	var api *bynder.APIError
	if kind != config.OAuth1 || !errors.As(err, &api) || !api.Unauthorised() || api.Date.IsZero() {
		return err
	}
	off := now.Sub(api.Date)
	where := "ahead of"
	if off < 0 {
		where, off = "behind", -off
	}
	if off <= clockTolerance {
		return err
	}
	return &clockError{err, fmt.Sprintf(
		"this machine's clock is %s %s the portal's, and OAuth 1.0a signatures hold the time: set the clock",
		report.Duration(off), where)}
}
