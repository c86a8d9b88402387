package transfer

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/bynder-cli/bynder/internal/location"
	"github.com/bynder-cli/bynder/internal/naming"
)

// Location is where the bytes of one file can be had for a while: a temporary URL that is itself the permission to
// read. It is asked for just before the transfer and asked for again when it expires.
type Location struct {
	// URL is http(s). Its query is a secret: show it only through location.Redacted.
	URL *url.URL
	// Asked is when the portal gave it; zero if that is not known, as for one that was saved with a listing.
	Asked time.Time
}

// Source asks the portal for a fresh location of one file. Its errors are passed
// through as they are: what the portal refuses is not asked for again.
type Source func(ctx context.Context) (Location, error)

// Name returns the file's name as the location's path gives it, as Object.Name; "" if it gives none.
func (l Location) Name() string { return naming.FromURL(l.URL) }

// expiry returns when a temporary URL says that it expires; zero if it does not. AWS Signature Version 4 writes
// X-Amz-Date and X-Amz-Expires, the seconds from then ("Authenticating requests: using query parameters" in the
// Amazon S3 API reference). CloudFront's signed URLs and Signature Version 2 write Expires, the seconds since 1970.
func expiry(u *url.URL) time.Time {
	q := u.Query()
	if signed, err := time.Parse("20060102T150405Z", q.Get("X-Amz-Date")); err == nil {
		// A week is the longest that AWS allows. A number beyond any sense is ignored.
		seconds, err := strconv.ParseUint(q.Get("X-Amz-Expires"), 10, 31)
		if err != nil {
			return time.Time{}
		}
		return signed.Add(time.Duration(seconds) * time.Second)
	}
	seconds, err := strconv.ParseUint(q.Get("Expires"), 10, 40)
	if err != nil || seconds == 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// maxMargin is how long before its expiry a location is given up, for a request
// takes time to arrive and clocks differ.
const maxMargin = 10 * time.Second

// stale reports whether a location obtained at from should be asked for again at now rather than used once more. The
// margin is a tenth of a short life. A location that seems expired when it is fresh says that our clock is wrong: only
// storage can tell then.
func (l Location) stale(from, now time.Time) bool {
	until := expiry(l.URL)
	if until.IsZero() || !until.After(from) {
		return false
	}
	return !now.Before(until.Add(-min(maxMargin, until.Sub(from)/10)))
}

// justNow is how long ago the portal may have given a location that counts as asked for just now.
const justNow = time.Minute

// maxUnproductive is how many locations in a row may bring no progress before storage is held to be at fault. Each
// costs a call to the portal.
const maxUnproductive = 3

// address is where storage is asked for a file: at the location that the portal gave last.
type address struct {
	source       Source
	allowHTTP    bool
	location     Location
	located      time.Time // when location was given
	fresh        bool      // the portal had made it just then
	served       bool      // storage has answered there with bytes of the file
	unproductive int       // locations since the last progress
}

// locate makes sure of a location that is good for a request. It reports whether that is a new one.
func (a *address) locate(ctx context.Context) (renewed bool, err error) {
	if a.location.URL != nil && !a.location.stale(a.located, time.Now()) {
		return false, nil
	}
	a.location = Location{}
	l, err := a.source(ctx)
	if err != nil {
		return false, err
	}
	a.unproductive++
	a.located, a.served = time.Now(), false
	a.fresh = a.located.Sub(l.Asked) < justNow
	if err := location.Check(l.URL, a.allowHTTP); err != nil {
		return false, &Error{Kind: Protocol, Err: err}
	}
	a.location = l
	return true, nil
}

// renewable reports whether a new location may help against e, which nothing helps against at this
// one: if it was not asked for just now, as when it was saved with a listing, or if it was good
// before storage refused it. So each new location is given up for that only once.
func (a *address) renewable(e *Error) bool {
	refused := e.Status/100 == 4 && e.remedy != wait
	return a.unproductive < maxUnproductive && (!a.fresh || a.served && refused)
}
