package transfer

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/location"
	"github.com/bynder-cli/bynder/internal/retry"
)

// malformed is the error of an answer that is not HTTP, as internal/transport returns it.
type malformed struct{}

func (malformed) Error() string       { return "the answer is not HTTP" }
func (malformed) MalformedAnswer()    {}
func (malformed) WorthRetrying() bool { return false }

// An answer that is not HTTP is told from a connection that breaks.
func TestInterrupted(t *testing.T) {
	for _, tt := range []struct {
		name      string
		err       error
		kind      Kind
		retryable bool
	}{
		{"not HTTP", fmt.Errorf("reading: %w", malformed{}), Protocol, false},
		{"cut short", io.ErrUnexpectedEOF, Network, true},
		{"anything else", errors.New("something else"), Network, true},
		{"silent", &retry.IdleError{}, Timeout, true},
	} {
		failed := interrupted(&url.URL{Scheme: "https", Host: "h"}, tt.err)
		if failed.Kind != tt.kind || failed.Retryable != tt.retryable {
			t.Errorf("%s: %s, retryable %t; want %s, %t", tt.name, failed.Kind, failed.Retryable, tt.kind, tt.retryable)
		}
	}
}

func TestParseContentRange(t *testing.T) {
	tests := []struct {
		header string
		want   [3]int64
		ok     bool
	}{
		{"bytes 0-0/1", [3]int64{0, 0, 1}, true},
		{"bytes 100-199/200", [3]int64{100, 199, 200}, true},
		{"Bytes 100-199/*", [3]int64{100, 199, -1}, true},
		{"bytes 5-4/10", [3]int64{}, false},
		{"bytes 5-10/10", [3]int64{}, false},
		{"bytes -5-9/10", [3]int64{}, false},
		{"bytes +5-9/10", [3]int64{}, false},
		{"bytes 5-/10", [3]int64{}, false},
		{"bytes */10", [3]int64{}, false},
		{"bytes 5-9", [3]int64{}, false},
		{"bytes=5-9/10", [3]int64{}, false},
		{"items 5-9/10", [3]int64{}, false},
		{"bytes 5-9/9999999999999999999999", [3]int64{}, false},
		{"bytes 5-9223372036854775807/*", [3]int64{}, false},
		{"", [3]int64{}, false},
	}
	for _, tt := range tests {
		first, last, total, ok := parseContentRange(tt.header)
		if got := [3]int64{first, last, total}; ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q = %v, %v; want %v, %v", tt.header, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 100-199/200", "bytes 0-0/*", "bytes */5", "bytes 1-2/-3", "pages 1-2/3", "bytes  1-2/3 "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		first, last, total, ok := parseContentRange(header)
		if !ok {
			return
		}
		if first < 0 || last < first || last+1 <= 0 || total >= 0 && last >= total || total < -1 {
			t.Fatalf("%q gives %d, %d, %d", header, first, last, total)
		}
		size := "*"
		if total >= 0 {
			size = fmt.Sprint(total)
		}
		header = fmt.Sprintf("bytes %d-%d/%s", first, last, size)
		if from, to, of, ok := parseContentRange(header); !ok || from != first || to != last || of != total {
			t.Fatalf("%q gives %d, %d, %d", header, from, to, of)
		}
	})
}

func TestStorageError(t *testing.T) {
	tests := []struct{ body, want string }{
		{s3("NoSuchKey", "The specified key does not exist."), "NoSuchKey: The specified key does not exist."},
		{"<Error><Code>SlowDown</Code></Error>", "SlowDown"},
		{"<Error><Message>a &lt;b&gt; \x7f c</Message></Error>", "a <b> c"},
		{"<Error><Code>Cut", ""},
		{"<html><body>Bad gateway</body></html>", ""},
		{`{"message": "no XML"}`, ""},
		{"", ""},
		{"<Error><Code>A</Code><Pad>" + strings.Repeat("x", maxErrorBody) + "</Pad></Error>", ""},
		{"<Error><Message>" + strings.Repeat("é", 1000) + "</Message></Error>", strings.Repeat("é", 200) + "…"},
	}
	for _, tt := range tests {
		if got := readStorageError(strings.NewReader(tt.body)).String(); got != tt.want {
			t.Errorf("%.60q says %q, want %q", tt.body, got, tt.want)
		}
	}
}

func FuzzStorageError(f *testing.F) {
	f.Add(s3("AccessDenied", "Request has expired"))
	f.Add("<Error><Code>\n&#x202e;a</Code><Message>https://a/b?c=d</Message></Error>")
	f.Add("<!DOCTYPE a [<!ENTITY b 'c'>]><Error><Code>&b;</Code></Error>")
	f.Fuzz(func(t *testing.T, body string) {
		said := readStorageError(strings.NewReader(body)).String()
		if !utf8.ValidString(said) || utf8.RuneCountInString(said) > 60+200+4 {
			t.Errorf("too long or no UTF-8: %q", said)
		}
		if strings.ContainsFunc(said, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }) {
			t.Errorf("steers a terminal: %q", said)
		}
		if location.WithoutQueries(said) != said {
			t.Errorf("shows a query: %q", said)
		}
	})
}

func TestCompare(t *testing.T) {
	strong := Object{Size: 5, ETag: `"a"`, LastModified: lastYear}
	weak := Object{Size: 5, ETag: `W/"a"`, LastModified: lastYear}
	dated := Object{Size: 5, LastModified: lastYear}
	sized := Object{Size: 5}
	with := func(o Object, change func(*Object)) Object { change(&o); return o }
	later := func(o *Object) { o.LastModified = lastYear.Add(time.Second) }
	tests := []struct {
		name     string
		was, now Object
		want     likeness
	}{
		{"same strong ETag", strong, strong, proven},
		{"same strong ETag at another time", strong, with(strong, later), proven},
		{"other ETag", strong, with(strong, func(o *Object) { o.ETag = `"b"` }), unlike},
		{"other size", strong, with(strong, func(o *Object) { o.Size = 6 }), unlike},
		{"size not told", strong, with(strong, func(o *Object) { o.Size = -1 }), alike},
		{"ETag not told", strong, dated, alike},
		{"ETag weakened on the way", strong, weak, alike},
		{"same weak ETag and time", weak, weak, proven},
		{"same weak ETag at another time", weak, with(weak, later), unlike},
		{"same time", dated, dated, proven},
		{"other time", dated, with(dated, later), unlike},
		{"time not told", dated, sized, alike},
		{"same size alone", sized, sized, alike},
		{"other name", strong, with(strong, func(o *Object) { o.Name = "b" }), proven},
	}
	for _, tt := range tests {
		if got := compare(tt.was, tt.now); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
