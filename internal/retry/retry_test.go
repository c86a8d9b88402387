package retry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestBackoffGrowsWithJitterUpToItsCeiling(t *testing.T) {
	const limit = 12
	b := New(limit)
	nominal := firstWait
	for try := range limit {
		wait, ok := b.Next(0)
		if !ok {
			t.Fatalf("try %d: refused, want one of %d", try, limit)
		}
		if wait < nominal/2 || wait > nominal*3/2+1 {
			t.Errorf("try %d: wait %v, want %v give or take half", try, wait, nominal)
		}
		nominal = min(2*nominal, longestWait)
	}
	if wait, ok := b.Next(0); ok {
		t.Errorf("after %d tries: another one after %v, want none", limit, wait)
	}
}

func TestBackoffStartsAfreshOnProgress(t *testing.T) {
	b := New(2)
	for range 100 { // far more tries than the limit, but never three in a row
		b.Next(0)
		b.Next(0)
		b.Reset()
	}
	wait, ok := b.Next(0)
	if !ok || wait > firstWait*3/2+1 {
		t.Errorf("after progress: %v, %v; want a first wait of about %v", wait, ok, firstWait)
	}
}

func TestBackoffWithoutRetries(t *testing.T) {
	for _, limit := range []int{0, -1} {
		if _, ok := New(limit).Next(time.Second); ok {
			t.Errorf("New(%d) allows a try", limit)
		}
	}
}

func TestBackoffLetsTheServerDecide(t *testing.T) {
	b := New(3)
	if wait, _ := b.Next(77 * time.Second); wait != 77*time.Second {
		t.Errorf("wait = %v, want the 77 s that were asked for", wait)
	}
	if wait, _ := b.Next(24 * time.Hour); wait != longestAfter {
		t.Errorf("wait = %v, want no more than %v", wait, longestAfter)
	}
}

func TestAfter(t *testing.T) {
	now := time.Date(2025, 5, 4, 12, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	tests := []struct {
		name, value, date string
		want              time.Duration
		ok                bool
	}{
		{name: "absent"},
		{name: "seconds", value: "120", want: 2 * time.Minute, ok: true},
		{name: "spaces around", value: " 3 ", want: 3 * time.Second, ok: true},
		{name: "zero", value: "0", ok: true},
		{name: "too long", value: "86400", want: longestAfter, ok: true},
		{name: "beyond int64", value: strings.Repeat("9", 40), want: longestAfter, ok: true},
		{name: "largest int64", value: strconv.FormatInt(math.MaxInt64, 10), want: longestAfter, ok: true},
		{name: "negative", value: "-5"},
		{name: "fraction", value: "1.5"},
		{name: "words", value: "soon"},
		{name: "date", value: date(90 * time.Second), want: 90 * time.Second, ok: true},
		{name: "date gone by", value: date(-time.Hour), ok: true},
		{name: "date far away", value: date(48 * time.Hour), want: longestAfter, ok: true},
		{name: "the server's clock is behind", value: date(-time.Hour), date: date(-time.Hour - time.Minute), want: time.Minute, ok: true},
		{name: "the server's clock cannot be read", value: date(time.Minute), date: "noon", want: time.Minute, ok: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			if tt.value != "" {
				h.Set("Retry-After", tt.value)
			}
			if tt.date != "" {
				h.Set("Date", tt.date)
			}
			got, ok := After(h, now)
			if got != tt.want || ok != tt.ok {
				t.Errorf("After(%q) = %v, %v; want %v, %v", tt.value, got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	temporary := map[int]bool{202: true, 408: true, 425: true, 429: true}
	for code := 100; code < 1000; code++ {
		if got, want := Answer(code, http.Header{}), temporary[code] || code >= 500 && code < 600; got != want {
			t.Errorf("Answer(%d) = %v, want %v", code, got, want)
		}
		never := code == 200 || code == 206 || code == 401
		for _, after := range []string{"0", "7", "99999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT"} {
			if got := Answer(code, http.Header{"Retry-After": {after}}); got == never {
				t.Errorf("Answer(%d, Retry-After: %s) = %v", code, after, got)
			}
		}
		for _, after := range []string{"", "soon", "-1", "1.5"} {
			if got, want := Answer(code, http.Header{"Retry-After": {after}}), Answer(code, http.Header{}); got != want {
				t.Errorf("Answer(%d, Retry-After: %q) = %v, want %v", code, after, got, want)
			}
		}
	}
	if Answer(302, http.Header{"Retry-After": {"7"}, "Location": {"/elsewhere"}}) {
		t.Error("a redirect is followed, and not tried again")
	}
}

func TestTemporary(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	tests := []struct {
		name string
		err  error
		want bool
	}{
		{"no error", nil, false},
		{"refused", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), true},
		{"reset", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, true},
		{"reset on Windows", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("wsarecv", syscall.Errno(10054))}, true},
		{"no route", dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), true},
		{"broken pipe while a body is sent", &net.OpError{Op: "readfrom", Net: "tcp", Err: &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}}, true},
		{"broken pipe", &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}, true},
		{"closed without an answer", io.EOF, true},
		{"cut short", fmt.Errorf("read: %w", io.ErrUnexpectedEOF), true},
		{"time-out", dial(os.ErrDeadlineExceeded), true},
		{"deadline", context.DeadlineExceeded, true},
		{"name server does not answer", dial(&net.DNSError{Err: "server misbehaving", IsTemporary: true}), true},
		{"name server times out", dial(&net.DNSError{Err: "i/o timeout", IsTimeout: true}), true},
		{"GOAWAY", errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=1"), true},
		{"HTTP/2 stream refused", errors.New("stream error: stream ID 7; REFUSED_STREAM"), true},
		{"kept connection closed", errors.New("http: server closed idle connection"), true},

		{"cancelled", fmt.Errorf("wait: %w", context.Canceled), false},
		{"host unknown", dial(&net.DNSError{Err: "no such host", IsNotFound: true}), false},
		{"wrong host in the certificate", x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}, false},
		{"certificate not trusted", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, false},
		{"certificate expired", x509.CertificateInvalidError{Reason: x509.Expired}, false},
		{"no TLS there", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, false},
		{"TLS alert", &net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, false},
		{"firewall", dial(os.NewSyscallError("connect", syscall.EPERM)), false},
		{"no such network", dial(net.UnknownNetworkError("carrier pigeon")), false},
		{"malformed address", dial(&net.AddrError{Err: "missing port", Addr: "a"}), false},
		{"scheme", errors.New(`unsupported protocol scheme "gopher"`), false},
		{"redirects", errors.New("stopped after 5 redirects"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Temporary(tt.err); got != tt.want {
				t.Errorf("Temporary(%v) = %v, want %v", tt.err, got, tt.want)
			}
			if tt.err == nil {
				return
			}
			wrapped := &url.Error{Op: "Get", URL: "https://portal.example/", Err: tt.err}
			if got := Temporary(wrapped); got != tt.want {
				t.Errorf("as net/http wraps it: Temporary(%v) = %v, want %v", wrapped, got, tt.want)
			}
		})
	}
}

// What net/http really returns, not what we believe it does.
func TestTemporaryOverRealConnections(t *testing.T) {
	get := func(client *http.Client, url string) error {
		resp, err := client.Get(url)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	handler := func(do func(http.ResponseWriter)) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { do(w) })
	}
	cut := handler(func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "short")
	})
	abort := handler(func(http.ResponseWriter) { panic(http.ErrAbortHandler) })

	t.Run("body cut short", func(t *testing.T) {
		srv := httptest.NewServer(cut)
		defer srv.Close()
		if err := get(srv.Client(), srv.URL); !Temporary(err) {
			t.Errorf("not temporary: %v", err)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		srv := httptest.NewServer(abort)
		defer srv.Close()
		if err := get(srv.Client(), srv.URL); !Temporary(err) {
			t.Errorf("not temporary: %v", err)
		}
	})
	t.Run("HTTP/2 stream reset", func(t *testing.T) {
		srv := httptest.NewUnstartedServer(abort)
		srv.EnableHTTP2 = true
		srv.StartTLS()
		defer srv.Close()
		if err := get(srv.Client(), srv.URL); !Temporary(err) {
			t.Errorf("not temporary: %v", err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		srv := httptest.NewServer(cut)
		srv.Close()
		if err := get(&http.Client{Transport: &http.Transport{}}, srv.URL); !Temporary(err) {
			t.Errorf("not temporary: %v", err)
		}
	})
	t.Run("certificate not trusted", func(t *testing.T) {
		srv := httptest.NewUnstartedServer(cut)
		srv.Config.ErrorLog = nil
		srv.StartTLS()
		defer srv.Close()
		if err := get(&http.Client{Transport: &http.Transport{}}, srv.URL); err == nil || Temporary(err) {
			t.Errorf("temporary: %v", err)
		}
	})
	t.Run("HTTPS to a plain server", func(t *testing.T) {
		srv := httptest.NewServer(cut)
		defer srv.Close()
		if err := get(srv.Client(), "https"+strings.TrimPrefix(srv.URL, "http")); err == nil || Temporary(err) {
			t.Errorf("temporary: %v", err)
		}
	})
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := Sleep(t.Context(), 3*time.Second); err != nil {
			t.Errorf("Sleep: %v", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("slept %v, want 3s", took)
		}
		if err := Sleep(t.Context(), 0); err != nil {
			t.Errorf("Sleep(0): %v", err)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if err := Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Sleep past the deadline: %v", err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("a context ends the wait after %v, want 1s", took)
		}
		if err := Sleep(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Sleep(0) with a dead context: %v", err)
		}
	})
}
