package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// object is a JSON object under construction.
type object = map[string]any

// Portal returns the handler of the API. Storage's URLs in its answers lead to the
// sandbox's StorageURL.
func (s *Sandbox) Portal() http.Handler { return s.handler(s.servePortal) }

// endpoint is what a path of the API leads to.
type endpoint struct {
	name      string
	scope     string // that a token needs
	mediaID   string
	catalogue catalogue // at the moment of the call
	serve     func(w http.ResponseWriter, r *http.Request, e endpoint)
	path      []string // the unescaped elements after the one that names the endpoint
}

var endpointNames = []string{
	"download", "media", "list", "collections", "collection", "collectionMedia", "currentUser", "derivatives",
	"metaproperties", "options", "brands", "tags", "token", "unknown",
}

const tokenPath = "/v6/authentication/oauth2/token"

// maxRequestLine is what CloudFront takes, in bytes.
const maxRequestLine = 8192

func (s *Sandbox) servePortal(w http.ResponseWriter, r *http.Request) {
	e := s.route(r.URL.EscapedPath())
	s.counters.call(e.name)
	if len(r.Method)+len(r.RequestURI)+len(r.Proto)+2 > maxRequestLine {
		w.Header().Set("Server", "CloudFront")
		writePage(w, http.StatusRequestURITooLong, "The request could not be satisfied")
		return
	}
	if !s.limit.admit(s.now(), !s.opts.NoRateLimit) {
		s.tooManyCalls(w, 0)
		return
	}
	if e.name != "token" && !strings.HasSuffix(r.URL.Path, "/") {
		target := url.URL{Path: r.URL.Path + "/", RawQuery: r.URL.RawQuery}
		if r.URL.RawPath != "" {
			target.RawPath = r.URL.RawPath + "/"
		}
		http.Redirect(w, r, target.String(), http.StatusMovedPermanently)
		return
	}
	if e.name != "token" && !s.admits(w, r, e) {
		return
	}
	var err error
	if e.catalogue, err = s.catalogue(); err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	what := e.mediaID
	setDefault(&what, e.name)
	if active := s.faults.match(OnAPI, e.name, e.mediaID, what); len(active) > 0 {
		s.breakAPI(w, r, e, active[0])
		return
	}
	if isAccountList(e.name) {
		if active := s.faults.match(OnAccount, e.name, "", e.name); len(active) > 0 {
			s.breakAccountList(w, r, e, active[0])
			return
		}
	}
	e.serve(w, r, e)
}

// admits answers 401, 403 or 405 where the call may not be made.
func (s *Sandbox) admits(w http.ResponseWriter, r *http.Request, e endpoint) bool {
	scopes, err := s.authorize(r)
	if err != nil {
		s.counters.refuse(reasonOf(err))
		writeError(w, http.StatusUnauthorized, "Unauthorized: "+err.Error())
		return false
	}
	if e.scope != "" && !containsAll(strings.Fields(scopes), []string{e.scope}) {
		writeError(w, http.StatusForbidden, "The token lacks the scope "+e.scope)
		return false
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		writeError(w, http.StatusMethodNotAllowed, "Method not allowed")
		return false
	}
	return true
}

// reasonOf returns the part of an error before anything that a client chose.
func reasonOf(err error) string {
	text := err.Error()
	if i := strings.IndexAny(text, "\";:,0123456789"); i >= 0 {
		text = text[:i]
	}
	return strings.TrimSpace(text)
}

func (s *Sandbox) tooManyCalls(w http.ResponseWriter, retryAfter int64) {
	s.counters.rateLimited()
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(retryAfter, 10))
	}
	writeError(w, http.StatusTooManyRequests, "Too many requests")
}

// route reads an escaped path. Ids are unescaped and not looked into.
func (s *Sandbox) route(escaped string) endpoint {
	unknown := endpoint{name: "unknown", serve: func(w http.ResponseWriter, _ *http.Request, _ endpoint) {
		writeError(w, http.StatusNotFound, "Not found")
	}}
	if escaped == tokenPath {
		return endpoint{name: "token", serve: func(w http.ResponseWriter, r *http.Request, _ endpoint) { s.serveToken(w, r) }}
	}
	rest, ok := strings.CutPrefix(strings.TrimSuffix(escaped, "/"), "/api/v4/")
	if !ok {
		return unknown
	}
	path := strings.Split(rest, "/")
	for i, element := range path {
		var err error
		if path[i], err = url.PathUnescape(element); err != nil {
			return unknown
		}
	}
	switch path[0] {
	case "media":
		if e, ok := s.routeMedia(path[1:]); ok {
			return e
		}
	case "collections":
		switch {
		case len(path) == 1:
			return endpoint{name: "collections", scope: "collection:read", serve: s.serveCollections}
		case len(path) == 2:
			return endpoint{name: "collection", scope: "collection:read", path: path[1:], serve: s.serveCollection}
		case len(path) == 3 && path[2] == "media":
			return endpoint{
				name: "collectionMedia", scope: "collection:read", path: path[1:2], serve: s.serveCollectionMedia,
			}
		}
	case "currentUser":
		if len(path) == 1 {
			return endpoint{name: "currentUser", serve: s.serveCurrentUser}
		}
	case "metaproperties":
		if len(path) == 3 && path[2] == "options" {
			return endpoint{name: "options", path: path[1:2], serve: s.serveOptions}
		}
	}
	switch name := strings.Join(path, "/"); {
	case name == "account/derivatives":
		return endpoint{name: "derivatives", serve: s.serveAccountList}
	case name != "derivatives" && isAccountList(name):
		return endpoint{name: name, serve: s.serveAccountList}
	}
	return unknown
}

// routeMedia reads what comes after media/.
func (s *Sandbox) routeMedia(path []string) (endpoint, bool) {
	const scope = "asset:read"
	switch {
	case len(path) == 0:
		return endpoint{name: "list", scope: scope, serve: s.serveList}, true
	case len(path) == 1:
		return endpoint{name: "media", scope: scope, mediaID: path[0], serve: s.serveMedia}, true
	case len(path) == 2 && path[1] == "download":
		return endpoint{name: "download", scope: scope, mediaID: path[0], serve: s.serveDownload}, true
	case len(path) == 3 && path[1] == "download":
		return endpoint{
			name: "download", scope: scope, mediaID: path[0], path: path[2:], serve: s.serveItemDownload,
		}, true
	case len(path) == 3 && path[2] == "download":
		return endpoint{
			name: "download", scope: scope, mediaID: path[0], path: path[1:2], serve: s.serveVersionDownload,
		}, true
	default:
		return endpoint{}, false
	}
}

// serveMedia answers with one asset; its files only with versions=1.
func (s *Sandbox) serveMedia(w http.ResponseWriter, r *http.Request, e endpoint) {
	a, ok := e.catalogue.find(e.mediaID)
	if !ok {
		writeError(w, http.StatusNotFound, "Media not found")
		return
	}
	if a.rights == rightsNone {
		writeForbidden(w)
		return
	}
	if f, ok := s.faults.selected("many-items", a.id); ok {
		writeItems(w, a.id, f)
		return
	}
	fields := s.describe(&a)
	if isSet(r.URL.Query().Get("versions")) {
		fields["mediaItems"] = s.describeItems(&a, true)
	}
	s.misshape(fields, a.id)
	writeJSON(w, http.StatusOK, fields)
}

// isSet reads a flag of a query.
func isSet(value string) bool { return value == "1" || value == "true" }

// writeForbidden answers that a right or role is missing.
func writeForbidden(w http.ResponseWriter) {
	refusal := refusals["api-403"]
	writeError(w, refusal.status, refusal.message)
}

// writeError answers as the media endpoints do: with statuscode as a string.
func writeError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, object{"message": message, "statuscode": strconv.Itoa(status)})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // our own types: it cannot fail
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func writePage(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!DOCTYPE html>\n<html><head><title>"+title+"</title></head><body><h1>"+
		strconv.Itoa(status)+" "+title+"</h1></body></html>\n")
}
