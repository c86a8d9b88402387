package transfer

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestObjectOfTheFirstAnswer(t *testing.T) {
	tests := []struct {
		name    string
		headers []string
		want    Object
	}{
		{
			name:    "nothing but bytes",
			headers: []string{},
			want:    Object{Name: "photo.jpg", Size: 5},
		},
		{
			name: "all that S3 tells",
			headers: []string{
				"Content-Disposition", `attachment; filename="Sunset over Hoorn.tif"`,
				"ETag", `"5d41402abc4b2a76b9719d911017c592"`,
				"Last-Modified", "Fri, 01 Mar 2024 12:00:00 GMT",
				"X-Amz-Server-Side-Encryption", "AES256",
			},
			want: Object{Name: "Sunset over Hoorn.tif", Size: 5, ETag: `"5d41402abc4b2a76b9719d911017c592"`, LastModified: lastYear},
		},
		{
			name:    "encrypted with a key of KMS",
			headers: []string{"ETag", `"1"`, "X-Amz-Server-Side-Encryption", "aws:kms"},
			want:    Object{Name: "photo.jpg", Size: 5, ETag: `"1"`, KeyedEncryption: true},
		},
		{
			name:    "encrypted twice with a key of KMS",
			headers: []string{"X-Amz-Server-Side-Encryption", "aws:kms:dsse"},
			want:    Object{Name: "photo.jpg", Size: 5, KeyedEncryption: true},
		},
		{
			name:    "encrypted with a key of the customer",
			headers: []string{"X-Amz-Server-Side-Encryption-Customer-Algorithm", "AES256"},
			want:    Object{Name: "photo.jpg", Size: 5, KeyedEncryption: true},
		},
		{
			name:    "headers that make no sense",
			headers: []string{"ETag", "\"\u202e\"", "Last-Modified", "yesterday"},
			want:    Object{Name: "photo.jpg", Size: 5},
		},
		{
			name:    "a date that no file can have",
			headers: []string{"Last-Modified", "Sat, 01 Jan 2400 00:00:00 GMT"},
			want:    Object{Name: "photo.jpg", Size: 5},
		},
		{
			name:    "an ETag of a kilobyte",
			headers: []string{"ETag", `"` + strings.Repeat("a", 1000) + `"`},
			want:    Object{Name: "photo.jpg", Size: 5},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, randomFile(5, 1), status(200, "hello", tt.headers...))
				o := receive(t.Context(), s, Options{}, 0, false)
				if o.err != nil {
					t.Fatal(o.err)
				}
				want := tt.want
				want.ContentType = "text/plain; charset=utf-8" // which net/http finds out
				if got := o.stream.Object(); !reflect.DeepEqual(got, want) {
					t.Errorf("got  %+v\nwant %+v", got, want)
				}
			})
		})
	}
}

type portalError struct{ status int }

func (e *portalError) Error() string { return fmt.Sprintf("portal: %d", e.status) }

func TestWhatTheSourceRefusesIsPassedThrough(t *testing.T) {
	refusal := &portalError{status: 404}
	// It wraps io.EOF, which must not pass for the end of the file.
	broken := fmt.Errorf("portal: %w", io.EOF)
	for _, want := range []error{refusal, broken} {
		synctest.Test(t, func(t *testing.T) {
			s := newStorage(t, randomFile(100, 1), cut(10), status(403, ""))
			opener := New(Options{Client: s.client, AllowHTTP: true, Retries: 3})

			_, err := opener.Open(t.Context(), func(context.Context) (Location, error) { return Location{}, want }, nil)
			if err != want { //nolint:errorlint // untouched means the same value
				t.Errorf("Open: %v, want %v", err, want)
			}

			asked := 0
			first := s.source(new(int))
			stream, err := opener.Open(t.Context(), func(ctx context.Context) (Location, error) {
				if asked++; asked > 1 {
					return Location{}, want
				}
				return first(ctx)
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()
			for range 2 { // a failure is final
				err = Copy(t.Context(), io.Discard, stream, nil, nil, nil)
				if err != want { //nolint:errorlint // untouched means the same value
					t.Errorf("Copy: %v, want %v", err, want)
				}
			}
			if asked != 2 {
				t.Errorf("the source was asked %d times, want 2", asked)
			}
		})
	}
}

func TestLocationsThatAreNotAsked(t *testing.T) {
	tests := []struct {
		location string
		text     string
	}{
		{"", "no location"},
		{"http://storage.example/a?X-Amz-Signature=" + secret, "http://storage.example/a is not encrypted"},
		{"ftp://storage.example/a?X-Amz-Signature=" + secret, `begins with "ftp:"`},
		{"file:///etc/passwd", "no host"},
		{"https:///a?X-Amz-Signature=" + secret, "no host"},
		{"https://user:" + secret + "@storage.example/a", "user name"},
		{"/a/b", "no host"},
	}
	for _, tt := range tests {
		t.Run(tt.location, func(t *testing.T) {
			asked := 0
			client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				asked++
				return nil, errors.New("asked")
			})}
			var l Location
			if tt.location != "" {
				u, err := url.Parse(tt.location)
				if err != nil {
					t.Fatal(err)
				}
				l.URL = u
			}
			_, err := New(Options{Client: client, Retries: 3}).Open(t.Context(), func(context.Context) (Location, error) { return l, nil }, nil)
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Kind != Protocol || e.Retryable || !strings.Contains(e.Error(), tt.text) || strings.Contains(e.Error(), secret) {
				t.Errorf("error %v, want a protocol error with %q", err, tt.text)
			}
			if asked != 0 {
				t.Error("it was asked")
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRequestsWithoutAnAnswer(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	tests := []struct {
		name  string
		err   error
		kind  Kind
		tries int
	}{
		{"refused", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), Network, 3},
		{"reset", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, Network, 3},
		{"closed", io.EOF, Network, 3},
		{"dial time-out", dial(os.ErrDeadlineExceeded), Timeout, 3},
		{"name server time-out", &net.DNSError{Err: "i/o timeout", IsTimeout: true}, Timeout, 3},
		{"host unknown", dial(&net.DNSError{Err: "no such host", IsNotFound: true}), Network, 1},
		{"certificate", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, Network, 1},
		{"redirect to another scheme", errors.New("a redirect that is not https"), Storage, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					tries++
					return nil, tt.err
				})}
				u := &url.URL{Scheme: "https", Host: "storage.example", Path: "/a", RawQuery: "X-Amz-Signature=" + secret}
				var notified []time.Duration
				_, err := New(Options{Client: client, Retries: 2}).Open(t.Context(),
					func(context.Context) (Location, error) { return Location{URL: u, Asked: time.Now()}, nil },
					func(err error, wait time.Duration) { notified = append(notified, wait) })
				e, ok := errors.AsType[*Error](err)
				if !ok || e.Kind != tt.kind || e.Retryable != (tt.tries > 1) {
					t.Errorf("error %#v, want kind %s", err, tt.kind)
				}
				if strings.Contains(err.Error(), secret) || !strings.HasPrefix(err.Error(), "get https://storage.example/a: ") {
					t.Errorf("error %q, want the URL without its query", err)
				}
				if tries != tt.tries || len(notified) != tt.tries-1 {
					t.Errorf("%d tries and %d notices, want %d tries", tries, len(notified), tt.tries)
				}
			})
		})
	}
}

func TestWaitsBetweenTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(t, randomFile(100, 1), status(503, "", "Retry-After", "77"), status(503, ""))
		o := receive(t.Context(), s, Options{Retries: 3}, 0, false)
		if o.err != nil {
			t.Fatal(o.err)
		}
		// The second wait is about a second, give or take half.
		if o.took < 77*time.Second+400*time.Millisecond || o.took > 79*time.Second {
			t.Errorf("took %v, want the 77 s that were asked for and a wait of about a second", o.took)
		}
	})
}

func TestAContextEndsEveryWait(t *testing.T) {
	tests := map[string][]step{
		"for the headers":        {silent},
		"for a byte":             {stall(10)},
		"for the body to resume": {cut(10), silent},
		"before another try":     {status(503, "", "Retry-After", "500")},
		"after a break":          {cut(10), status(503, "", "Retry-After", "500")},
		"for the rate":           {well},
	}
	for name, script := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, randomFile(100_000, 1), script...)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				opts := Options{Retries: 3}
				if name == "for the rate" {
					opts.Rate = 10
				}
				o := receive(ctx, s, opts, 0, true)
				if !errors.Is(o.err, context.DeadlineExceeded) || o.took > 5*time.Second+time.Millisecond {
					t.Errorf("%v after %v, want the context's error after 5s", o.err, o.took)
				}
				if _, ok := errors.AsType[*Error](o.err); ok {
					t.Errorf("%v passes for an error of storage", o.err)
				}
			})
		})
	}
}

// Only time in which storage is waited for is held against it.
func TestASlowReaderIsNoSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(100_000, 1)
		s := newStorage(t, f)
		stream, err := New(Options{Client: s.client, AllowHTTP: true}).Open(t.Context(), s.source(new(int)), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		total := 0
		err = Copy(t.Context(), writerFunc(func(p []byte) (int, error) {
			total += len(p)
			time.Sleep(5 * time.Minute) //nolint:forbidigo // the clock is the bubble's
			return len(p), nil
		}), stream, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if total != len(f.bytes) || len(s.requests()) != 1 {
			t.Errorf("%d bytes with %q, want %d with one request", total, s.requests(), len(f.bytes))
		}
	})
}

func TestASlowServerIsNoSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(50, 1)
		s := newStorage(t, f, func(f *file, w http.ResponseWriter, _ *http.Request) {
			f.headers(w.Header())
			w.Header().Set("Content-Length", "50")
			for i := range f.bytes {
				time.Sleep(29 * time.Second) //nolint:forbidigo // the clock is the bubble's
				w.Write(f.bytes[i : i+1])
				w.(http.Flusher).Flush()
			}
		})
		o := receive(t.Context(), s, Options{}, 0, false)
		if o.err != nil || string(o.bytes) != string(f.bytes) || o.took != 50*29*time.Second {
			t.Errorf("%d bytes after %v: %v", len(o.bytes), o.took, o.err)
		}
	})
}

func TestConnectionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(t, randomFile(100_000, 1),
			status(503, strings.Repeat("<p>busy</p>", 1000)), status(403, s3("AccessDenied", "Request has expired")))
		opts := Options{Retries: 1, Client: s.client, AllowHTTP: true}
		for range 3 {
			stream, err := New(opts).Open(t.Context(), s.source(new(int)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := Copy(t.Context(), io.Discard, stream, nil, nil, nil); err != nil {
				t.Fatal(err)
			}
			stream.Close()
		}
		if n := s.listener.dialed.Load(); n != 1 {
			t.Errorf("%d connections for three files and two errors, want 1", n)
		}
	})
}

func TestAClosedStreamIsNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(t, randomFile(100_000, 1))
		stream, err := New(Options{Client: s.client, AllowHTTP: true}).Open(t.Context(), s.source(new(int)), nil)
		if err != nil {
			t.Fatal(err)
		}
		stream.Close()
		stream.Close()
		var got bytes.Buffer
		if err := Copy(t.Context(), &got, stream, nil, nil, nil); err == nil || got.Len() > 0 {
			t.Errorf("%d bytes after Close, %v", got.Len(), err)
		}
		if err := stream.Restart(corrupt("for one reason or another")); err == nil || len(s.requests()) != 1 {
			t.Errorf("Restart after Close = %v, after %q", err, s.requests())
		}
	})
}
