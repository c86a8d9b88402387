package transfer

import (
	"context"
	"net/url"
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
	// Tentative says that failures before the first byte are final, and refusals say nothing of storage elsewhere.
	Tentative bool
	// InPlace, if set, is what is known of the file, because it is probably in place already. Then Open does not ask for the
	// bytes, so that no body, and with it the connection, has to be thrown away: with a strong ETag, which must be a digest of
	// the bytes, it asks for any other file (If-None-Match; RFC 9110, section 13.1.2), else for the first byte alone, whose
	// answer lacks what storage says beside whole answers only (Checksums). Storage that ignores this answers as usual.
	InPlace *Object
}

// Source asks the portal for a fresh location of one file. Its errors are passed
// through as they are: what the portal refuses is not asked for again.
type Source func(ctx context.Context) (Location, error)

// Name returns the file's name as the location's path gives it, as Object.Name; "" if it gives none.
func (l Location) Name() string { return naming.FromURL(l.URL) }

// String returns the URL for display, without its query.
func (l Location) String() string { return location.Redacted(l.URL) }

// justNow is how long ago the portal may have given a location that counts as asked for just now.
const justNow = time.Minute

// refusalPauses is how long to wait, after storage has refused one, two or more locations in a row, before another one is
// asked for, which costs a call to the portal. The first one may have expired. If the next one is refused too, storage may
// refuse all for a while, as a firewall does.
var refusalPauses = [...]time.Duration{0, time.Second, 3 * time.Second}

// maxUnproductive is how many locations in a row may bring no progress before storage is held to be at fault.
const maxUnproductive = 1 + len(refusalPauses)

// address is where storage is asked for a file: at the location that the portal gave last.
type address struct {
	source       Source
	allowHTTP    bool
	location     Location
	located      time.Time // when location was given
	fresh        bool      // the portal had made it just then
	served       bool      // storage has answered there with bytes of the file
	unproductive int       // locations since the last progress, with the one that brought it
}

// locate makes sure of a location that is good for a request. It reports whether that is a new one.
func (a *address) locate(ctx context.Context) (renewed bool, err error) {
	if a.location.URL != nil && !location.Stale(a.location.URL, a.located, time.Now()) {
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
