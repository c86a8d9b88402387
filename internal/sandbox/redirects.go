package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// hopPrefix begins the paths of redirects on storage; the number after it counts
// them.
const hopPrefix = "/hop/"

func cutHops(escaped string) (rest string, hops int64) {
	after, ok := strings.CutPrefix(escaped, hopPrefix)
	if !ok {
		return escaped, 0
	}
	number, rest, _ := strings.Cut(after, "/")
	hops, err := strconv.ParseInt(number, 10, 32)
	if err != nil {
		return escaped, 0
	}
	return "/" + rest, hops
}

// redirectStorage sends the client somewhere else, if a fault wants that.
func (s *Sandbox) redirectStorage(w http.ResponseWriter, r *http.Request, mediaID string, active activeFaults, hops int64) bool {
	f, ok := active.get("storage-redirect")
	if !ok || f.Text != "loop" && hops >= f.Value {
		return false
	}
	rest, _ := cutHops(r.URL.EscapedPath())
	target := hopPrefix + strconv.FormatInt(hops+1, 10) + rest + "?" + r.URL.RawQuery
	base := s.opts.StorageURL
	switch f.Text {
	case "host", "loop":
		if hops%2 == 0 {
			base = otherHost(base)
		}
	case "userinfo":
		base = strings.Replace(base, "://", "://user:secret@", 1)
	case "api":
		base = s.opts.PortalURL
	}
	location := base + target
	if f.Text == "relative" {
		location = target
	}
	w.Header().Set("Location", s.spell(location, mediaID, true))
	w.WriteHeader(http.StatusTemporaryRedirect)
	return true
}

// otherHost returns another name of the same address, where it is a loopback one.
func otherHost(base string) string { return strings.Replace(base, "127.0.0.1", "localhost", 1) }
