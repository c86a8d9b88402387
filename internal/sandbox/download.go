package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const disclaimer = "<p>By downloading this file you accept the <b>terms of use</b>.</p>"

// serveDownload answers with the location of the original or, by type=additional,
// of the newest additional file.
func (s *Sandbox) serveDownload(w http.ResponseWriter, r *http.Request, e endpoint) {
	a, ok := e.catalogue.find(e.mediaID)
	if !ok {
		writeError(w, http.StatusNotFound, "Media not found")
		return
	}
	switch r.URL.Query().Get("type") {
	case "", "original":
		it, ok := a.original(0)
		s.writeLocation(w, &a, it, ok, "Original file not available")
	case "additional":
		it, ok := a.additional()
		s.writeLocation(w, &a, it, ok, "Additional file not available")
	default:
		writeError(w, http.StatusBadRequest, "Invalid type")
	}
}

func (s *Sandbox) serveVersionDownload(w http.ResponseWriter, _ *http.Request, e endpoint) {
	a, ok := e.catalogue.find(e.mediaID)
	if !ok {
		writeError(w, http.StatusNotFound, "Media not found")
		return
	}
	version, err := strconv.Atoi(e.path[0])
	if err != nil || version < 1 {
		writeError(w, http.StatusBadRequest, "Invalid version")
		return
	}
	it, ok := a.original(version)
	s.writeLocation(w, &a, it, ok, "Original file not available")
}

func (s *Sandbox) serveItemDownload(w http.ResponseWriter, r *http.Request, e endpoint) {
	a, ok := e.catalogue.find(e.mediaID)
	if !ok {
		writeError(w, http.StatusNotFound, "Media not found")
		return
	}
	it, ok := a.item(e.path[0], isSet(r.URL.Query().Get("hash")))
	s.writeLocation(w, &a, it, ok, "Media item not found")
}

// writeLocation answers with the temporary URL of an item's file, 403 without the right to it,
// or 404 with the message if there is no such item.
func (s *Sandbox) writeLocation(w http.ResponseWriter, a *asset, it item, ok bool, missing string) {
	if a.rights != rightsDownload {
		writeForbidden(w)
		return
	}
	if !ok {
		writeError(w, http.StatusNotFound, missing)
		return
	}
	active := s.faults.match(OnLocation, "download", a.id, a.id)
	o := a.object(it)
	if f, ok := active.get("hostile-name"); ok {
		o = o.renamed(hostileNames[f.Text])
	}
	if active.has("spelling") {
		o = s.spelledName(o)
	}
	issued := s.now()
	if active.has("expired") {
		issued = issued.Add(-s.opts.LocationLifetime - time.Second)
	}
	location := s.presign(o, issued, false)
	if active.has("spelling") {
		location = s.spell(location, a.id, false)
	}
	answer := object{"s3_file": location, "disclaimer": disclaimer}
	if f, ok := active.get("location"); ok {
		brokenLocation(answer, f.Text, location)
	}
	writeJSON(w, http.StatusOK, answer)
}

func brokenLocation(answer object, how, location string) {
	switch how {
	case "file":
		answer["s3_file"] = "file:///etc/passwd"
	case "ftp":
		answer["s3_file"] = "ftp://files.invalid/film.mov"
	case "relative":
		_, rest, _ := strings.Cut(location, "://")
		_, path, _ := strings.Cut(rest, "/")
		answer["s3_file"] = "/" + path
	case "empty":
		answer["s3_file"] = ""
	case "null":
		answer["s3_file"] = nil
	case "missing":
		delete(answer, "s3_file")
	case "number":
		answer["s3_file"] = 42
	case "userinfo":
		answer["s3_file"] = strings.Replace(location, "://", "://user:secret@", 1)
	case "garbage":
		answer["s3_file"] = "http://[::1/%zz\x01"
	case "url":
		delete(answer, "s3_file")
		answer["url"] = location
	}
}

// hostileNames are names of files that an attacker may choose, or that a system
// does not allow.
var hostileNames = map[string]string{
	"traversal": "../../../outside.txt",
	"absolute":  "/etc/outside.txt",
	"backslash": `..\..\outside.txt`,
	"drive":     "C:outside.txt:stream",
	"control":   "bell\a\x1b[2Jescape\x7f.txt",
	"newline":   "two\r\nlines.txt",
	"bidi":      "invoice\u202etxt.exe",
	"reserved":  "CON.txt",
	"dots":      "..",
	"long":      strings.Repeat("ä", 300) + ".jpg",
	"empty":     "",
	"nul":       "before\x00after.txt",
	"part":      "film.mov.part",
	"dash":      "-rf.txt",
	"hidden":    ".bashrc",
	"invalid":   "\xff\xfe broken.txt",
	"encoded":   "..%2F..%5C..%2foutside%20file.txt",
	"joiners":   "می\u200cخواهم क्\u200dष 👩🏽\u200d⚕\ufe0f\u200d.txt",
}

// contentDisposition returns an attachment's header: an ASCII name as it is, any other
// as RFC 8187 spells it.
func contentDisposition(name string) string {
	plain := true
	for i := range len(name) {
		plain = plain && name[i] >= ' ' && name[i] < 0x7f
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	if plain {
		return `attachment; filename="` + quoted.Replace(name) + `"`
	}
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return '_'
		}
		return r
	}, name)
	return `attachment; filename="` + quoted.Replace(ascii) + `"; filename*=UTF-8''` + extValue(name)
}

// extValue percent-encodes all but the attr-char of RFC 8187 §3.2.1.
func extValue(s string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "'", "%27", "(", "%28", ")", "%29").Replace(url.QueryEscape(s))
}
