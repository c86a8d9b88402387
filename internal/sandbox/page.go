package sandbox

import (
	"crypto/md5"
	"fmt"
	"net/http"
	"strings"
)

// storedPages are what storage has in place of a file: the answer of a login page, a portal or an S3
// that was stored under its name. The media type is the file's if none is given.
var storedPages = map[string]struct{ mediaType, text string }{
	"html":    {"text/html; charset=utf-8", "<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>"},
	"xhtml":   {"application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"><body>Please log in</body></html>`},
	"json":    {"Application/JSON", `{"message":"Not found","statuscode":404}`},
	"problem": {"application/problem+json", `{"title":"Not found","status":404}`},
	"xml":     {"application/xml", "<Error><Code>NoSuchKey</Code></Error>"},
	"untyped": {"", "<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>"},
}

// servePage answers with a page that is stored in place of a file: whole, with an ETag of its own, as
// if nothing were wrong.
func (s *Sandbox) servePage(w http.ResponseWriter, r *http.Request, o Object, which string, active activeFaults) {
	stored := storedPages[which]
	h := w.Header()
	h.Set("ETag", fmt.Sprintf("\"%x\"", md5.Sum([]byte(stored.text))))
	h.Set("Content-Type", stored.mediaType)
	if stored.mediaType == "" {
		h.Set("Content-Type", contentType(o.Name))
	}
	setDisposition(h, r, active)
	answer := s.newAnswer(w, r, active)
	http.ServeContent(answer, r, "", o.LastModified, strings.NewReader(stored.text))
	answer.finish()
}
