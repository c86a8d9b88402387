package location

import (
	"net/url"
	"strconv"
	"time"
)

// Expiry returns when a temporary URL says that it expires; zero if it does not. AWS Signature Version 4 writes
// X-Amz-Date and X-Amz-Expires, the seconds from then ("Authenticating requests: using query parameters" in the
// Amazon S3 API reference). CloudFront's signed URLs and Signature Version 2 write Expires, the seconds since 1970.
func Expiry(u *url.URL) time.Time {
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

// maxMargin is how long before its expiry a URL is given up, for a request takes time to arrive and clocks differ.
const maxMargin = 10 * time.Second

// Stale reports whether a new URL should be obtained at now instead of using u once more, which was obtained at from. The
// margin is a tenth of a short life. If u seems to have expired when it was new, our clock is wrong, and only storage
// knows.
func Stale(u *url.URL, from, now time.Time) bool {
	until := Expiry(u)
	if until.IsZero() || !until.After(from) {
		return false
	}
	return !now.Before(until.Add(-min(maxMargin, until.Sub(from)/10)))
}
