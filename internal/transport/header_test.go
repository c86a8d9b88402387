package transport_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/transport"
)

// raw answers every request on a connection with the same bytes, and counts them.
type raw struct {
	listener net.Listener
	url      string
	asked    atomic.Int64
}

func answerRaw(t *testing.T, listener net.Listener, scheme, answer string) *raw {
	t.Helper()
	s := &raw{listener: listener, url: scheme + "://" + listener.Addr().String() + "/a/logo.jpg"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(time.Minute))
			r := bufio.NewReader(conn)
			for {
				line, err := r.ReadString('\n')
				if err != nil || strings.TrimSpace(line) == "" {
					break
				}
			}
			s.asked.Add(1)
			_, _ = io.WriteString(conn, answer)
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return s
}

func listenTCP(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestHeadersThatNetHTTPRefuses(t *testing.T) {
	const end = "Content-Length: 2\r\n\r\nok"
	for _, tt := range []struct {
		name, answer string
		header       string // of X-Note
		asked        int64
		wants        string // or what the error says
	}{
		{"as it should be", "HTTP/1.1 200 OK\r\nX-Note: a\r\n" + end, "a", 1, ""},
		{"a control character", "HTTP/1.1 200 OK\r\nX-Note: a\x01b\x1b\x7f\r\n" + end, "a\tb", 2, ""},
		{"a carriage return", "HTTP/1.1 200 OK\r\nX-Note: a\rb\r\n" + end, "a\tb", 2, ""},
		{"no carriage returns", "HTTP/1.1 200 OK\nX-Note: a\x01b\nContent-Length: 2\n\nok", "a\tb", 2, ""},
		{"in a line that is folded", "HTTP/1.1 200 OK\r\nX-Note: a\r\n \x01b\r\n" + end, "a b", 2, ""},
		{"a line without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n folded\r\nX-Note: a\r\n" + end, "a", 2, ""},
		{"an invalid name", "HTTP/1.1 200 OK\r\nX(: b\r\nX-Note: a\r\n" + end, "a", 2, ""},
		{"an empty name", "HTTP/1.1 200 OK\r\n: b\r\nX-Note: a\r\n" + end, "a", 2, ""},
		{"a first line that is folded", "HTTP/1.1 200 OK\r\n b\r\nX-Note: a\r\n" + end, "a", 2, ""},
		{"behind an informational answer", "HTTP/1.1 103 Early Hints\r\nX: \x01\r\n\r\nHTTP/1.1 200 OK\r\nX-Note: a\x01b\r\n" + end, "a\tb", 2, ""},
		{"Latin-1", "HTTP/1.1 200 OK\r\nX-Note: a\xfcb\r\n" + end, "a\xfcb", 1, ""},
		{"NUL", "HTTP/1.1 200 OK\r\nX-Note: a\x00b\r\n" + end, "a\tb", 2, ""},
		{"no HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "", 1, "the answer is not HTTP"},
		{"no status", "HTTP/1.1 abc\r\n" + end, "", 1, "the answer is not HTTP"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + end, "", 1, "invalid Content-Length"},
		{"an invalid length", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok", "", 1, "invalid Content-Length"},
		{"an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: smoke\r\n\r\nok", "", 1, "unknown Transfer-Encoding"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := answerRaw(t, listenTCP(t), "http", tt.answer)
			trace := func(e transport.Exchange) {
				if e.Err != nil && strings.Contains(e.Err.Error(), "MIME") {
					t.Errorf("the trace repeats a header, which may be a secret: %v", e.Err)
				}
			}
			for name, client := range map[string]*http.Client{
				"storage": transport.Storage(transport.Options{PlainHTTP: true, Trace: trace}),
				"portal":  transport.Portal(portalConfig(t, server.url, config.OAuth1), transport.Options{Trace: trace}),
			} {
				server.asked.Store(0)
				resp, err := get(t, client, server.url)
				if asked := server.asked.Load(); asked != tt.asked {
					t.Errorf("%s: %d requests, want %d", name, asked, tt.asked)
				}
				if tt.wants != "" {
					var malformed *transport.AnswerError
					if !errors.As(err, &malformed) || !strings.Contains(err.Error(), tt.wants) || strings.Contains(err.Error(), "MIME") {
						t.Errorf("%s: error %v, want a *AnswerError that says %q", name, err, tt.wants)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				} else if got := resp.Header.Get("X-Note"); got != tt.header || resp.ContentLength != 2 {
					t.Errorf("%s: header %q and length %d, want %q and 2", name, got, resp.ContentLength, tt.header)
				}
			}
		})
	}
}

// TLS is repaired inside, whether or not the server agrees on a protocol.
func TestHeadersThatNetHTTPRefusesOverTLS(t *testing.T) {
	certified := record(t, true, ok)
	trusted, err := config.LoadRoots(t.Context(), certificateFile(t, certified))
	if err != nil {
		t.Fatal(err)
	}
	for _, protocols := range [][]string{nil, {"http/1.1"}, {"h2", "http/1.1"}} {
		server := answerRaw(t, tls.NewListener(listenTCP(t), &tls.Config{
			Certificates: certified.TLS.Certificates, NextProtos: protocols, MinVersion: tls.VersionTLS12,
		}), "https", "HTTP/1.1 200 OK\r\nX-Note: a\x01b\r\nContent-Length: 2\r\n\r\nok")
		resp, err := get(t, transport.Storage(transport.Options{Roots: trusted}), server.url)
		if err != nil || resp.Header.Get("X-Note") != "a\tb" {
			t.Errorf("%v: %v, %v", protocols, resp, err)
		}
		if _, err := get(t, transport.Storage(transport.Options{}), server.url); err == nil {
			t.Errorf("%v: an unknown certificate is trusted", protocols)
		}
	}
}

// What a control character stands for in the URL of a redirect is not lost.
func TestRedirectWithControlCharacters(t *testing.T) {
	to := make(chan string, 1)
	storage := record(t, false, func(w http.ResponseWriter, r *http.Request) {
		to <- r.RequestURI
		ok(w, r)
	})
	server := answerRaw(t, listenTCP(t), "http", "HTTP/1.1 302 Found\r\nLocation: "+storage.URL+"/100% a\x01?b=\x7f\r\nContent-Length: 0\r\n\r\n")
	if _, err := get(t, transport.Storage(transport.Options{PlainHTTP: true}), server.url); err != nil {
		t.Fatal(err)
	}
	if got := <-to; got != "/100%25%20a%01?b=%7F" {
		t.Errorf("asked for %s", got)
	}
}
