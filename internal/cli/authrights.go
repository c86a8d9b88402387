package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/transport"
)

// access is what credentials may do with the originals of some assets.
type access string

// The values of access.
const (
	accessYes     access = "yes"     // one can be downloaded
	accessNo      access = "no"      // all that were tried are refused, and no try failed
	accessNone    access = "none"    // the portal lists no such asset
	accessUnknown access = "unknown" // the portal did not answer as its API describes
)

// originalsTexts and archivedTexts are what the rows of auth status say.
var (
	originalsTexts = map[access]string{
		accessYes: "can be downloaded", accessNo: "cannot be downloaded", accessNone: "no asset found", accessUnknown: "unknown",
	}
	archivedTexts = map[access]string{
		accessYes: "visible, can be downloaded", accessNo: "visible, cannot be downloaded", accessNone: "none visible", accessUnknown: "unknown",
	}
)

// triedOriginals is how many originals are tried: an asset may be refused for a reason of its own.
const triedOriginals = 3

// tryOriginals reports whether the location of an original can be had, of assets that are archived, or of others. No
// answer of the API tells the rights of a user, but the one that grants or refuses a download. A refusal is a
// problem with its hint. The error is that of credentials which are not valid, or of
// ctx, unless its time is over.
func (s *authStatus) tryOriginals(ctx context.Context, c *bynder.Client, screen *report.Screen, archived bool) (access, error) {
	what, query := "originals", bynder.Query{Archived: &archived, Limit: triedOriginals}
	if archived {
		what = "archived originals"
	} else {
		limited := false // these need another right
		query.Limited = &limited
	}
	tried, refused, failed := 0, error(nil), error(nil)
	for asset, err := range c.Assets(query).Each(ctx) {
		name := ""
		if err == nil {
			name = fmt.Sprintf(", such as that of %s (%s)", asset.Name, asset.ID)
			_, err = c.Location(ctx, asset.ID, bynder.Selector{Kind: bynder.Original})
		}
		api, answered := errors.AsType[*bynder.APIError](err)
		late := lateness(ctx)
		switch {
		case err == nil:
			return accessYes, nil
		case late != nil:
			failed = fmt.Errorf("cannot find out whether %s can be downloaded: %w", what, late)
		case ctx.Err() != nil || answered && api.Unauthorized():
			return "", err
		case isForbidden(err) && !api.Foreign && name != "":
			refused = fmt.Errorf("cannot download %s%s: %w", what, name, err)
		default:
			failed = fmt.Errorf("cannot find out whether %s can be downloaded%s: %w", what, name, err)
		}
		if tried++; tried == triedOriginals {
			break
		}
	}
	switch {
	case failed != nil:
		s.problem(screen, failed.Error(), rightsHint(failed))
		return accessUnknown, nil
	case refused != nil:
		s.problem(screen, refused.Error(), statusHint(refused, true))
		return accessNo, nil
	case !archived:
		s.problem(screen, "the portal lists no asset", "ask the portal's administrator which assets these credentials may see")
	}
	return accessNone, nil
}

// unansweredInTime is the cause of a context whose time for an answer is over.
type unansweredInTime struct{ limit time.Duration }

func (e *unansweredInTime) Error() string { return "no answer in " + report.Duration(e.limit) }

// Hint returns what the user can do about it.
func (e *unansweredInTime) Hint() string {
	return "run the same command again with -v, which shows the calls that are answered"
}

// lateness returns the *unansweredInTime that has ended ctx, nil if nothing or something else has.
func lateness(ctx context.Context) error {
	if late, ok := errors.AsType[*unansweredInTime](context.Cause(ctx)); ok {
		return late
	}
	return nil
}

// rightsHint returns the hint for an original that could not be tried. Its asset comes from a list, so no id is wrong.
func rightsHint(err error) string {
	if api, ok := errors.AsType[*bynder.APIError](err); ok && api.Status == http.StatusNotFound && !api.Foreign {
		return "look in the portal whether this asset has an original"
	}
	return statusHint(err, true)
}

// unknownUser is the text for a user that the credentials may not read.
const unknownUser = "unknown: these credentials are valid but may not read the current user"

// currentUser fetches the user of the credentials. Some credentials are valid but may not read it; that is not an
// error, and the user is then the zero User.
func currentUser(ctx context.Context, c *bynder.Client) (bynder.User, error) {
	user, err := c.CurrentUser(ctx)
	if api, _ := errors.AsType[*bynder.APIError](err); isForbidden(err) && api.Message != "" { // not a firewall's page
		return bynder.User{}, nil
	}
	return user, err
}

// userText returns the text for a user.
func userText(user bynder.User) string {
	if user == (bynder.User{}) {
		return unknownUser
	}
	return user.String()
}

// clockComparison compares this machine's clock with the portal's, by the Date of its answers.
type clockComparison struct {
	mu    sync.Mutex
	known bool
	took  time.Duration // of the exchange that was compared
	diff  time.Duration
}

// add takes an exchange into account that has ended just now. The one that took least is compared, because the portal
// wrote its Date at an unknown moment of it.
func (c *clockComparison) add(e transport.Exchange) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Date.IsZero() || c.known && c.took <= e.Took {
		return
	}
	// Date has whole seconds, so the portal's clock showed half a second more on average.
	c.known, c.took, c.diff = true, e.Took, now.Add(-e.Took/2).Sub(e.Date.Add(time.Second/2))
}

// ahead returns by how much this machine's clock is ahead, nil if it is not known.
func (c *clockComparison) ahead() *time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return nil
	}
	return &c.diff
}

// clockText returns what a number of seconds means that this machine's clock is ahead, "" for nil.
func clockText(ahead *float64) string {
	if ahead == nil {
		return ""
	}
	off := time.Duration(math.Abs(*ahead)) * time.Second
	switch {
	case off < 2*time.Second: // less than what the comparison can be wrong by
		return "like the portal's"
	case *ahead < 0:
		return report.Duration(off) + " behind the portal's"
	default:
		return report.Duration(off) + " ahead of the portal's"
	}
}
