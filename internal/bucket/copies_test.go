package bucket

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// A copy has the bytes, the attributes and the class of storage, also if it takes several requests.
func TestCopies(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 3*smallPart/16) + "the end"
	for _, tt := range []struct {
		name   string
		change func(*Options)
		most   int64
		copies string // the operation
		want   int    // of these
	}{
		{"at once", func(*Options) {}, mostCopied, "copy", 1},
		{"in parts", func(*Options) {}, smallPart, "part", 4},
		{"of a class", func(o *Options) { o.StorageClass = "STANDARD_IA" }, mostCopied, "copy", 1},
		{"of a class, in parts", func(o *Options) { o.StorageClass = "STANDARD_IA" }, 2 * smallPart, "part", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			c := s.client(tt.change)
			c.mostCopied = tt.most
			file := download.FileID{Portal: "portal", MediaID: "A", Selector: "original"}
			attributes := Attributes{ContentType: "image/x", ContentEncoding: "gzip", Metadata: identity(file)}
			etag, err := c.Put(t.Context(), "a", []byte(content), attributes, Condition{})
			if err != nil {
				t.Fatal(err)
			}
			s.mu.Lock()
			s.count = map[string]int{}
			s.mu.Unlock()
			copied, err := c.Copy(t.Context(), Object{Key: "a", Size: int64(len(content)), ETag: etag}, "b")
			if err != nil {
				t.Fatal(err)
			}
			o, err := c.Head(t.Context(), "b")
			if err != nil || o.ETag != copied || o.Size != int64(len(content)) || o.ContentType != "image/x" || o.ContentEncoding != "gzip" || !o.IsOf(file) {
				t.Errorf("the copy is %+v, %v, of ETag %q", o, err, copied)
			}
			if got := s.contents()["b"]; got != content {
				t.Errorf("the copy has %d bytes", len(got))
			}
			if got := s.counted(tt.copies); got != tt.want {
				t.Errorf("%d requests, want %d", got, tt.want)
			}
			s.mu.Lock()
			class := s.objects["b"].header.Get("X-Amz-Storage-Class")
			s.mu.Unlock()
			if want := c.opts.StorageClass; class != want {
				t.Errorf("the class is %q, want %q", class, want)
			}
		})
	}
}

// What was replaced or removed since it was looked at is not copied, and no upload is left.
func TestCopiesOfAnotherVersion(t *testing.T) {
	for _, most := range []int64{mostCopied, 4} {
		s := newServer(t)
		c := s.client()
		c.mostCopied = most
		s.put("a", "other bytes")
		if _, err := c.Copy(t.Context(), Object{Key: "a", Size: 11, ETag: "old"}, "b"); !errors.Is(err, ErrCondition) {
			t.Errorf("%v is not ErrCondition", err)
		}
		if _, err := c.Copy(t.Context(), Object{Key: "missing", Size: 11, ETag: "old"}, "b"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v is not ErrNotFound", err)
		}
		wantContents(t, s, map[string]string{"a": "other bytes"})
	}
	s := newServer(t)
	c := s.client(func(o *Options) { o.Retries = 0 })
	c.mostCopied = smallPart
	content := strings.Repeat("x", 2*smallPart)
	s.put("a", content)
	o, err := c.Head(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if operation(r) != "part" || r.URL.Query().Get("partNumber") == "1" {
			return false
		}
		refuse(w, http.StatusInternalServerError, "InternalError")
		return true
	}
	if _, err := c.Copy(t.Context(), o, "b"); err == nil {
		t.Error("no error")
	}
	wantContents(t, s, map[string]string{"a": content})
	if got := s.unfinished(); got != 0 {
		t.Errorf("%d uploads are left", got)
	}
}

// An object that another program puts under the new key, even at the last moment, is not replaced. A server that does not know the
// condition is asked right before.
func TestCopiesReplaceNothing(t *testing.T) {
	content := strings.Repeat("x", 2*smallPart)
	for _, tt := range []struct {
		name    string
		most    int64
		at      string // the operation at which the object appears
		server  func(s *server, what string, w http.ResponseWriter, r *http.Request) bool
		ignores bool
	}{
		{"at once", mostCopied, "copy", nil, false},
		{"in parts", smallPart, "complete", nil, false},
		{"before parts, without conditions", smallPart, "begin", nil, true},
		{"before, without conditions", mostCopied, "", nil, true},
		{"before, with conditions refused", mostCopied, "", func(_ *server, what string, w http.ResponseWriter, r *http.Request) bool {
			if what == "copy" && r.Header.Get("If-None-Match") != "" {
				refuse(w, http.StatusNotImplemented, "NotImplemented")
				return true
			}
			return false
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.ignorant = tt.ignores
			c := s.client()
			c.mostCopied = tt.most
			s.put("a", content)
			o, err := c.Head(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			if tt.at == "" {
				s.put("b", "of another program")
			}
			s.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if what := operation(r); what == tt.at {
					s.put("b", "of another program")
				} else if tt.server != nil {
					return tt.server(s, what, w, r)
				}
				return false
			}
			if _, err := c.Copy(t.Context(), o, "b"); !errors.Is(err, fs.ErrExist) {
				t.Errorf("%v is not fs.ErrExist", err)
			}
			wantContents(t, s, map[string]string{"a": content, "b": "of another program"})
			if got := s.unfinished(); got != 0 {
				t.Errorf("%d uploads are left", got)
			}
			if tt.at = "never"; tt.server != nil {
				if _, err := c.Copy(t.Context(), o, "c"); err != nil || !c.Conditional() {
					t.Errorf("a copy to a free key: %v; other objects are written with a condition: %v", err, c.Conditional())
				}
			}
		})
	}
}

// A copy whose answer was lost is found, also if it has another ETag than the object, and in whatever number of requests it was
// made.
func TestCopiesWithoutAnAnswer(t *testing.T) {
	content := strings.Repeat("x", 2*smallPart)
	for most, what := range map[int64]string{mostCopied: "copy", smallPart: "complete"} {
		s := newServer(t)
		c := s.client()
		c.mostCopied = most
		file := download.FileID{Portal: "portal", MediaID: "A", Selector: "original"}
		etag, err := c.Put(t.Context(), "a", []byte(content), Attributes{Metadata: identity(file)}, Condition{})
		if err != nil {
			t.Fatal(err)
		}
		seen := false
		s.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if seen || operation(r) != what {
				return false
			}
			seen = true
			s.serveInstead(w, r, func(http.Header, string) string { return "" })
			panic(http.ErrAbortHandler)
		}
		got, err := c.Copy(t.Context(), Object{Key: "a", Size: int64(len(content)), ETag: etag}, "b")
		if now, failed := c.Head(t.Context(), "b"); err != nil || failed != nil || now.ETag != got || !seen {
			t.Errorf("%s: %q, %v; the copy is %+v, %v", what, got, err, now, failed)
		}
		wantContents(t, s, map[string]string{"a": content, "b": content})
	}
}

// Metadata beside a file are its own as long as nothing has changed them.
func TestBeside(t *testing.T) {
	s := newServer(t)
	c := s.client()
	file := download.FileID{Portal: "portal", MediaID: "A", Selector: "original"}
	if _, err := c.PutBeside(t.Context(), "a.json", []byte("{}"), "99914b932bd37a50b983c5e7c90ae93b", file, ""); err != nil {
		t.Fatal(err)
	}
	o, err := c.Head(t.Context(), "a.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := o.Beside(file); got != "99914b932bd37a50b983c5e7c90ae93b" {
		t.Errorf("it is %q", got)
	}
	if got := o.Beside(download.FileID{Portal: "portal", MediaID: "A", Selector: "derivative/mini"}); got != "" {
		t.Errorf("of another file it is %q", got)
	}
	o.ETag = "5d41402abc4b2a76b9719d911017c592" // as with a program that keeps the metadata when it writes other bytes
	if got := o.Beside(file); got != "" {
		t.Errorf("of other bytes it is %q", got)
	}
	if o.Keyed = true; o.Beside(file) == "" {
		t.Error("an ETag that is not a digest was compared")
	}
	s.put("other", "{}")
	if o, err = c.Head(t.Context(), "other"); err != nil || o.Beside(file) != "" {
		t.Errorf("an object of another program is %q, %v", o.Beside(file), err)
	}
}

// An answer that is lost, or that a condition does not hold although it does, is not the end. Another object is.
func TestBesideAndCopiesDespiteConditions(t *testing.T) {
	file := download.FileID{Portal: "portal", MediaID: "A", Selector: "original"}
	const sum = "99914b932bd37a50b983c5e7c90ae93b" // of {}
	for _, tt := range []struct {
		name  string
		fault func(s *server, w http.ResponseWriter, r *http.Request) bool
	}{
		{"lost", func(s *server, w http.ResponseWriter, r *http.Request) bool {
			s.serveInstead(w, r, func(http.Header, string) string { return "" })
			panic(http.ErrAbortHandler)
		}},
		{"refused", func(_ *server, w http.ResponseWriter, _ *http.Request) bool {
			refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return true
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			c := s.client()
			once := func(what string) {
				s.mu.Lock()
				defer s.mu.Unlock()
				seen := false
				s.fault = func(w http.ResponseWriter, r *http.Request) bool {
					if seen || operation(r) != what {
						return false
					}
					seen = true
					return tt.fault(s, w, r)
				}
			}
			once("put")
			etag, err := c.PutBeside(t.Context(), "a.json", []byte("{}"), sum, file, "")
			if err != nil || etag != sum {
				t.Fatalf("written as %q, %v", etag, err)
			}
			once("put")
			const next = "d751713988987e9331980363e24189ce" // of []
			if got, err := c.PutBeside(t.Context(), "a.json", []byte("[]"), next, file, sum); err != nil || got != next {
				t.Fatalf("replaced as %q, %v", got, err)
			}
			if etag, err = c.PutBeside(t.Context(), "a.json", []byte("{}"), sum, file, next); err != nil {
				t.Fatal(err)
			}
			once("copy")
			if got, err := c.Copy(t.Context(), Object{Key: "a.json", Size: 2, ETag: etag}, "b.json"); err != nil || got != etag {
				t.Fatalf("copied as %q, %v", got, err)
			}
			wantContents(t, s, map[string]string{"a.json": "{}", "b.json": "{}"})
			s.mend()
			s.put("b.json", "other")
			for _, was := range []string{"", etag} {
				if _, err := c.PutBeside(t.Context(), "b.json", []byte("{}"), sum, file, was); !errors.Is(err, ErrCondition) {
					t.Errorf("over another object: %v", err)
				}
			}
			if _, err := c.PutBeside(t.Context(), "c.json", []byte("{}"), sum, file, etag); !errors.Is(err, ErrCondition) {
				t.Errorf("in place of an object that is gone: %v", err)
			}
		})
	}
}
