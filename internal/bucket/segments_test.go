package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// segments returns the segments of a journal in the server's bucket, as a new process sees them.
func (s *server) segments() *Segments {
	s.t.Helper()
	all, err := NewSegments(s.client(), "j/")
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// read returns what Read writes last, and how often it begins.
func (s *Segments) read(t *testing.T) (content string, begun int) {
	t.Helper()
	var all bytes.Buffer
	err := s.Read(t.Context(), func() (io.Writer, error) {
		begun++
		all.Reset()
		return &all, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String(), begun
}

func add(t *testing.T, s *Segments, lines string) {
	t.Helper()
	if err := s.Add(t.Context(), []byte(lines)); err != nil {
		t.Fatal(err)
	}
}

// keys returns the keys of the segments in the bucket, in order.
func (s *server) keys() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.contents())), func(key string) bool { return !strings.HasPrefix(key, "j/") })
}

func TestSegmentsAreReadInTheirOrder(t *testing.T) {
	server := newServer(t)
	one := server.segments()
	if got, _ := one.read(t); got != "" {
		t.Errorf("an empty prefix has %q", got)
	}
	var want strings.Builder
	for i := range 3 * segmentsAtOnce {
		line := fmt.Sprintf("line %d\n", i)
		add(t, one, line)
		want.WriteString(line)
	}
	server.put("j/notes.txt", "of the user\n")
	server.put("j/sub/0000000000000000001-AAAAAAAAAAAAAAAAAAAAAAAAAA.ndjson", "of another journal\n")
	server.put("k", "outside\n")
	two := server.segments()
	if got, begun := two.read(t); got != want.String() || begun != 1 {
		t.Errorf("read %d times: %q", begun, got)
	}
	add(t, two, "and one of another process\n")
	if got, _ := server.segments().read(t); got != want.String()+"and one of another process\n" {
		t.Errorf("after another process has added a line: %q", got)
	}
}

// What is added is later than all that was read, whatever the clock of another machine says.
func TestSegmentsOfAClockThatIsFast(t *testing.T) {
	server := newServer(t)
	server.put("j/4100000000000000000-AAAAAAAAAAAAAAAAAAAAAAAAAA.ndjson", "of the year 2099") // its end is missing
	one := server.segments()
	one.read(t)
	add(t, one, "of today\n")
	add(t, one, "and later\n")
	if got, _ := server.segments().read(t); got != "of the year 2099\nof today\nand later\n" {
		t.Errorf("read: %q", got)
	}
}

// Replace removes exactly those segments that were known, and only when the new ones are stored.
func TestReplaceSegments(t *testing.T) {
	server := newServer(t)
	one, two := server.segments(), server.segments()
	add(t, one, "a\n")
	add(t, one, "b\n")
	two.read(t)
	add(t, two, "c\n")
	server.put("j/notes.txt", "of the user\n")
	added := false
	server.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && !added { // two is about to store the new ones
			added = true
			add(t, one, "d\n")
		}
		return false
	}
	if err := two.Replace(t.Context(), strings.NewReader("a b c\n")); err != nil {
		t.Fatal(err)
	}
	server.mend()
	if got, _ := server.segments().read(t); got != "a b c\nd\n" {
		t.Errorf("read: %q", got)
	}
	if keys := server.keys(); len(keys) != 3 {
		t.Errorf("the bucket has %q", keys)
	}
	add(t, two, "e\n")
	if got, _ := server.segments().read(t); got != "a b c\nd\ne\n" {
		t.Errorf("after a line was added: %q", got)
	}
}

// What another process has added is later than what is merged, and would be before it.
func TestReplaceIsAlone(t *testing.T) {
	server := newServer(t)
	one, two := server.segments(), server.segments()
	add(t, one, "a\n")
	two.read(t)
	add(t, two, "a again\n")
	if err := one.Replace(t.Context(), strings.NewReader("a\n")); err == nil {
		t.Error("segments are merged beside those of another process")
	}
	if got, _ := server.segments().read(t); got != "a\na again\n" || len(server.keys()) != 2 {
		t.Errorf("read: %q", got)
	}
	// A process whose segments another one has merged knows too many, and not the merged one.
	if err := two.Replace(t.Context(), strings.NewReader("a again\n")); err != nil {
		t.Fatal(err)
	}
	if err := one.Replace(t.Context(), strings.NewReader("a\n")); err == nil {
		t.Error("segments that another process has merged are merged again")
	}
}

func TestReplaceFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		method string // that is refused
		after  int    // such requests
		want   int    // segments in the bucket
	}{
		{"without the right to remove nothing is stored again", http.MethodDelete, 0, 3},
		{"what is not stored removes nothing", http.MethodPut, 0, 3},
		{"what is not removed stays", http.MethodDelete, 1, 4},
	} {
		server := newServer(t)
		s := server.segments()
		for range 3 {
			add(t, s, "a\n")
		}
		n := 0
		server.fault = func(w http.ResponseWriter, r *http.Request) bool {
			server.mu.Lock()
			defer server.mu.Unlock()
			if r.Method != c.method {
				return false
			}
			if n++; n <= c.after {
				return false
			}
			refuse(w, http.StatusForbidden, "AccessDenied")
			return true
		}
		err := s.Replace(t.Context(), strings.NewReader("a\n"))
		server.mend()
		if keys := server.keys(); err == nil || len(keys) != c.want {
			t.Errorf("%s: %v, the bucket has %q", c.name, err, keys)
		}
		if got, _ := server.segments().read(t); strings.Trim(got, "a\n") != "" || len(got) < 2 {
			t.Errorf("%s: read %q", c.name, got)
		}
	}
}

// A reader that meets a segment which another process has merged lists them again.
func TestSegmentsAreMergedWhileTheyAreRead(t *testing.T) {
	server := newServer(t)
	one, two := server.segments(), server.segments()
	add(t, one, "a\n")
	add(t, one, "b\n")
	two.read(t)
	merged := false
	server.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".ndjson") {
			server.mu.Lock()
			first := !merged
			merged = true
			server.mu.Unlock()
			if first {
				if err := two.Replace(t.Context(), strings.NewReader("a b\n")); err != nil {
					t.Error(err)
				}
			}
		}
		return false
	}
	if got, begun := server.segments().read(t); got != "a b\n" || begun != 2 {
		t.Errorf("read %d times: %q", begun, got)
	}
}

// A server whose list has objects that do not exist ends the reading.
func TestSegmentsNeverFound(t *testing.T) {
	server := newServer(t)
	add(t, server.segments(), "a\n")
	server.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, ".ndjson") {
			return false
		}
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return true
	}
	begun := 0
	err := server.segments().Read(t.Context(), func() (io.Writer, error) { begun++; return io.Discard, nil })
	if !errors.Is(err, ErrNotFound) || begun != mostReadings {
		t.Errorf("begun %d times: %v", begun, err)
	}
}

func TestSegmentsThatCannotBe(t *testing.T) {
	for name, content := range map[string]string{
		"j/9000000000000000000-AAAAAAAAAAAAAAAAAAAAAAAAAA.ndjson": "too late",
		"j/9999999999999999999-AAAAAAAAAAAAAAAAAAAAAAAAAA.ndjson": "no number of 64 bits",
		"j/1000000000000000000-AAAAAAAAAAAAAAAAAAAAAAAAAA.ndjson": strings.Repeat("too large", maxSegment/9+1),
	} {
		server := newServer(t)
		server.put(name, content)
		if err := server.segments().Read(t.Context(), func() (io.Writer, error) { return io.Discard, nil }); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	server := newServer(t)
	server.fault = func(w http.ResponseWriter, r *http.Request) bool {
		_, err := fmt.Fprint(w, "<ListBucketResult><Contents><Key>j/1000000000000000000-AAAAAAAAAAAAAAAAAAAAAAAAAA.ndjson</Key><ETag>e</ETag><Size>-1000</Size></Contents></ListBucketResult>")
		return r.URL.Query().Has("list-type") && err == nil
	}
	if err := server.segments().Read(t.Context(), func() (io.Writer, error) { return io.Discard, nil }); err == nil || !strings.Contains(err.Error(), "-1000 bytes") {
		t.Errorf("a negative size: %v", err)
	}
	c := newServer(t).client()
	var e *download.Error
	if _, err := NewSegments(c, strings.Repeat("a", 1000)+"/"); !errors.As(err, &e) || e.Code != download.CodeUsage {
		t.Errorf("a prefix that leaves no room for the names: %v", err)
	}
}

// Lines that are too many for one segment are divided between lines, and many segments are worth merging.
func TestSegmentsAreDivided(t *testing.T) {
	server := newServer(t)
	s := server.segments()
	line := strings.Repeat("x", 1<<20-1) + "\n"
	all := strings.Repeat(line, 9)
	add(t, s, all)
	if got, _ := server.segments().read(t); got != all || len(server.keys()) != 3 {
		t.Errorf("%d segments with %d bytes", len(server.keys()), len(got))
	}
	for len(server.keys()) <= fewSegments+4 {
		if s.Many() {
			t.Fatalf("%d segments are many", len(server.keys()))
		}
		add(t, s, "a\n")
	}
	if !s.Many() {
		t.Errorf("%d segments are not many", len(server.keys()))
	}
}

func TestSegmentsArePutAside(t *testing.T) {
	server := newServer(t)
	one, two := server.segments(), server.segments()
	add(t, one, "damaged\n")
	add(t, one, "as well\n")
	two.read(t)
	add(t, one, "not known to two\n")
	if err := two.PutAside(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _ := server.segments().read(t); got != "not known to two\n" {
		t.Errorf("read: %q", got)
	}
	aside := map[string]bool{}
	for key, content := range server.contents() {
		if strings.HasPrefix(key, "j/old-") {
			aside[content] = true
		}
	}
	if !aside["damaged\n"] || !aside["as well\n"] || len(aside) != 2 {
		t.Errorf("put aside: %v", aside)
	}
}

func TestSegmentsEndWithTheContext(t *testing.T) {
	server := newServer(t)
	s := server.segments()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Add(ctx, []byte("a\n")); !errors.Is(err, context.Canceled) {
		t.Errorf("Add: %v", err)
	}
	if err := s.Read(ctx, func() (io.Writer, error) { return io.Discard, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Read: %v", err)
	}
	if keys := server.keys(); len(keys) != 0 {
		t.Errorf("the bucket has %q", keys)
	}
}

// A server that answers 412 or 409 to a request without a condition means another request.
func TestSegmentsDespiteConditions(t *testing.T) {
	s := newServer(t)
	refused := 0
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || refused == 2 {
			return false
		}
		refused++
		refuse(w, http.StatusConflict, "ConditionalRequestConflict")
		return true
	}
	one := s.segments()
	add(t, one, "one\n")
	if got, _ := s.segments().read(t); got != "one\n" || refused != 2 {
		t.Errorf("after %d refusals there is %q", refused, got)
	}
}
