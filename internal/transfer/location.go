package transfer

import (
	"net/url"
	"strconv"
	"time"

	"github.com/bynder-cli/bynder/internal/location"
	"github.com/bynder-cli/bynder/internal/naming"
)

// Name returns the file's name as the location's path gives it, as Object.Name; "" if it gives none.
func (l Location) Name() string { return naming.FromURL(l.URL) }

// check refuses a location that must not be asked at all.
func (l Location) check(allowHTTP bool) error {
	if err := location.Check(l.URL, allowHTTP); err != nil {
		return &Error{Kind: Protocol, Err: err}
	}
	return nil
}

// expiry is when a temporary URL says that it expires; zero where it does not.
// AWS Signature Version 4 writes X-Amz-Date and X-Amz-Expires, the seconds from then
// ("Authenticating requests: using query parameters" in the Amazon S3 API
// reference). CloudFront's signed URLs and Signature Version 2 write Expires, the
// seconds since 1970.
func expiry(u *url.URL) time.Time {
	q := u.Query()
	if signed, err := time.Parse("20060102T150405Z", q.Get("X-Amz-Date")); err == nil {
		// A week is the longest that AWS allows. Beyond any sense it is no expiry.
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

// stale tells whether a location obtained at from should be asked for again at now
// rather than used once more. The margin is a tenth of a short life. A location that
// seems expired when it is fresh says that our clock is wrong: only storage can
// tell then.
func (l Location) stale(from, now time.Time) bool {
	until := expiry(l.URL)
	if until.IsZero() || !until.After(from) {
		return false
	}
	margin := min(maxMargin, until.Sub(from)/10)
	return !now.Before(until.Add(-margin))
}

// justNow is how long ago the portal may have given a location that counts as asked for just now.
const justNow = time.Minute

// locate makes sure of a location that is good for a request.
func (s *Stream) locate() error {
	if s.location.URL != nil && !s.location.stale(s.located, time.Now()) {
		return nil
	}
	s.location = Location{}
	l, err := s.source(s.ctx)
	if err != nil {
		return err
	}
	s.barren++
	s.located, s.served = time.Now(), false
	s.fresh = s.located.Sub(l.Asked) < justNow
	if err := l.check(s.opts.AllowHTTP); err != nil {
		return err
	}
	s.location = l
	return nil
}

// renewable reports whether a new location may help against e, which nothing helps against at this
// one: if it was not asked for just now, as when it was saved with a listing, or if it was good
// before storage refused it. So each new location is given up for that only once.
func (s *Stream) renewable(e *Error) bool {
	refused := e.Status/100 == 4 && e.remedy != wait
	return s.barren < maxBarren && (!s.fresh || s.served && refused)
}
