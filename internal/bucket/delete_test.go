package bucket

import (
	"net/http"
	"testing"
)

func TestDeletesSame(t *testing.T) {
	s := newServer(t)
	c := s.client()
	s.put("a", "bytes")
	o, err := c.Head(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if gone, err := c.DeleteSame(t.Context(), "a", "another"); gone || err != nil {
		t.Errorf("another version: %v, %v", gone, err)
	}
	wantContents(t, s, map[string]string{"a": "bytes"})
	for _, key := range []string{"a", "a", "missing"} {
		if gone, err := c.DeleteSame(t.Context(), key, o.ETag); !gone || err != nil {
			t.Errorf("%s: %v, %v", key, gone, err)
		}
	}
	wantContents(t, s, map[string]string{})
}

// What another program puts under the key after the look at it stays, on a server that knows the condition.
func TestDeletesOnlyThatObject(t *testing.T) {
	answers := func(status int, code string) func(*server, http.ResponseWriter, *http.Request) bool {
		return func(_ *server, w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("If-Match") == "" {
				return false
			}
			refuse(w, status, code)
			return true
		}
	}
	replaces := func(s *server, _ http.ResponseWriter, _ *http.Request) bool {
		s.put("a", "of another program")
		return false
	}
	loses := func(s *server, w http.ResponseWriter, r *http.Request) bool {
		s.serveInstead(w, r, func(http.Header, string) string { return "" })
		panic(http.ErrAbortHandler)
	}
	losesThenReplaced := func(s *server, w http.ResponseWriter, r *http.Request) bool {
		s.serveInstead(w, r, func(http.Header, string) string { return "" })
		s.put("a", "of another program")
		panic(http.ErrAbortHandler)
	}
	removes := func(s *server, _ http.ResponseWriter, _ *http.Request) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.objects, "a")
		return false
	}
	same, other, none := map[string]string{"a": "bytes"}, map[string]string{"a": "of another program"}, map[string]string{}
	for _, tt := range []struct {
		name     string
		ignorant bool
		times    int // how often a DELETE meets fault; 0 = always
		fault    func(*server, http.ResponseWriter, *http.Request) bool
		want     map[string]string
		gone     bool
		fails    bool
		deletes  int
		retries  int
	}{
		{"replaced at the last moment", false, 1, replaces, other, false, false, 1, 0},
		{"removed at the last moment", false, 1, removes, none, true, false, 1, 0},
		{"without an answer", false, 1, loses, none, true, false, 1, 3},
		{"without an answer, and another one since", false, 1, losesThenReplaced, other, false, false, 1, 3},
		{"without an answer, and another one since, without conditions", true, 1, losesThenReplaced, other, false, false, 1, 3},
		{"without an answer, without conditions", true, 1, loses, none, true, false, 1, 3},
		{"a conflict, once", false, 1, answers(http.StatusConflict, "ConditionalRequestConflict"), none, true, false, 2, 3},
		{"a conflict, always", false, 0, answers(http.StatusConflict, "ConditionalRequestConflict"), same, false, true, 4, 3},
		{"a wrong 412, once", false, 1, answers(http.StatusPreconditionFailed, "PreconditionFailed"), none, true, false, 2, 3},
		{"a wrong 412, always", false, 0, answers(http.StatusPreconditionFailed, "PreconditionFailed"), same, false, true, 4, 3},
		{"an error, once", false, 1, answers(http.StatusServiceUnavailable, "SlowDown"), none, true, false, 2, 3},
		{"not implemented", false, 0, answers(http.StatusNotImplemented, "NotImplemented"), none, true, false, 2, 3},
		{"an unknown header", false, 0, answers(http.StatusBadRequest, "InvalidArgument"), none, true, false, 2, 3},
		{"no right", false, 0, answers(http.StatusForbidden, "AccessDenied"), same, false, true, 1, 3},
		{"keys that have expired", false, 0, answers(http.StatusBadRequest, "ExpiredToken"), same, false, true, 1, 3},
		{"without conditions", true, 0, nil, none, true, false, 1, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.ignorant = tt.ignorant
			c := s.client(func(o *Options) { o.Retries = tt.retries })
			s.put("a", "bytes")
			o, err := c.Head(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			met := 0
			s.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if operation(r) != "delete" || tt.fault == nil || tt.times > 0 && met == tt.times {
					return false
				}
				met++
				return tt.fault(s, w, r)
			}
			gone, err := c.DeleteSame(t.Context(), "a", o.ETag)
			if gone != tt.gone || (err != nil) != tt.fails {
				t.Errorf("gone: %v, %v", gone, err)
			}
			wantContents(t, s, tt.want)
			if got := s.counted("delete"); got != tt.deletes {
				t.Errorf("%d requests to delete, want %d", got, tt.deletes)
			}
		})
	}
}

// A server that does not know the condition is asked for it once.
func TestDeletesWithoutConditions(t *testing.T) {
	s := newServer(t)
	c := s.client()
	conditions := 0
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if operation(r) != "delete" || r.Header.Get("If-Match") == "" {
			return false
		}
		conditions++
		refuse(w, http.StatusNotImplemented, "NotImplemented")
		return true
	}
	for _, key := range []string{"a", "b", "c"} {
		s.put(key, "bytes")
		if gone, err := c.DeleteSame(t.Context(), key, "4b3a6218bb3e3a7303e8a171a60fcf92"); !gone || err != nil {
			t.Errorf("%s: %v, %v", key, gone, err)
		}
	}
	if conditions != 1 || !c.Conditional() {
		t.Errorf("%d requests had the condition; objects are written with one: %v", conditions, c.Conditional())
	}
	wantContents(t, s, map[string]string{})
}
