package sandbox

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestNotModified(t *testing.T) {
	o := Object{Key: "a", Size: 1}
	for _, tt := range []struct {
		how    string
		status int
		same   bool   // the ETag is the file's
		tag    string // what it is otherwise, if that is known
	}{
		{"other", 304, false, ""},
		{"weak", 304, false, "W/" + o.ETag()},
		{"bare", 304, false, ""},
		{"refused", 412, false, ""},
		{"always", 304, true, ""},
	} {
		t.Run(tt.how, func(t *testing.T) {
			w := httptest.NewRecorder()
			w.Header().Set("ETag", o.ETag())
			notModified(w, httptest.NewRequest(http.MethodGet, "/a", nil), o, tt.how)
			tag := w.Header().Get("ETag")
			if w.Code != tt.status || (tag == o.ETag()) != tt.same || tt.tag != "" && tag != tt.tag {
				t.Errorf("status %d, ETag %q; want %+v", w.Code, tag, tt)
			}
		})
	}
}
