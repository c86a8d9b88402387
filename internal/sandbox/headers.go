package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// controlHeader puts control characters, which net/http's server sends as they are, into a header.
func controlHeader(h http.Header, where string) {
	switch where {
	case "disposition":
		h.Set("Content-Disposition", "attachment; filename=\"con\x01trol\x1b\x7f.jpg\"")
	case "etag":
		h.Set("ETag", "\"\x02"+strings.Trim(h.Get("ETag"), `"`)+`"`)
	case "meta":
		h.Set("X-Amz-Meta-Note", "a\x0bb\x1b[2J")
	case "nul":
		h.Set("X-Amz-Meta-Note", "a\x00b")
	}
}

// setDisposition sets the header that names the file, if the URL or the fault disposition wants it.
func setDisposition(h http.Header, r *http.Request, active activeFaults) {
	if f, ok := active.get("disposition"); ok {
		h.Set("Content-Disposition", contentDisposition(f.Text))
	} else if d := r.URL.Query().Get(keyDisposition); d != "" {
		h.Set("Content-Disposition", d)
	}
}

// fillHeader adds fields that take at least size bytes, a few bytes each.
func fillHeader(h http.Header, size int64) {
	for i := int64(0); size > 0; i++ {
		name := "X" + strconv.FormatInt(i, 36)
		h[name] = []string{""}
		size -= int64(len(name) + len(": \r\n"))
	}
}

// answersCondition answers a condition as a fault wants it. It reports whether it did.
func answersCondition(w http.ResponseWriter, r *http.Request, o Object, active activeFaults) bool {
	if active.has("if-match-412") && r.Header.Get("If-Match") != "" {
		preconditionFailed().write(w, r)
		return true
	}
	f, ok := active.get("not-modified")
	if ok = ok && (f.Text == "always" || r.Header.Get("If-None-Match") == o.ETag()); ok {
		notModified(w, r, o, f.Text)
	}
	return ok
}

// notModified answers 304, or 412, as the fault not-modified wants it.
func notModified(w http.ResponseWriter, r *http.Request, o Object, how string) {
	switch how {
	case "other":
		w.Header().Set("ETag", strconv.Quote(idHash(o.Key)+idHash(o.Key+"wrong")))
	case "weak":
		w.Header().Set("ETag", "W/"+o.ETag())
	case "bare":
		w.Header().Del("ETag")
	case "refused":
		preconditionFailed().write(w, r)
		return
	}
	w.WriteHeader(http.StatusNotModified)
}
