package transport_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/retry"
	"github.com/bynder-cli/bynder/internal/transport"
)

// Errors of net/http about a body that is not HTTP differ from those about a connection.
func TestBodiesThatAreNotHTTP(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	long := strings.Repeat("x", 10<<10)
	for _, tt := range []struct{ name, body, wants string }{
		{"as it should be", "3\r\nabc\r\n0\r\n\r\n", ""},
		{"a trailer without end", "3\r\nabc\r\n0\r\nA: " + long, "trailer of the answer is too long"},
		{"a long extension", "3;" + long + "\r\nabc\r\n", "line that is too long"},
		{"a chunk that goes on", "3\r\nabcdefgh\r\n0\r\n\r\n", "not as long as declared"},
		{"next to no data", strings.Repeat("1;"+long[:1<<10]+"\r\na\r\n", 100), "almost no data"},
		{"no number", "xyz\r\n", "has an invalid length"},
		{"no length", "\r\nabc\r\n", "has an invalid length"},
		{"an enormous length", "11111111111111111\r\nabc", "has an invalid length"},
		{"a line that ends otherwise", "3\nabc\r\n", "malformed line"},
		{"a stray CR", "3\r \r\nabc\r\n", "malformed line"},
		{"cut short", "3\r\na", "the connection ended early"},
		{"cut short in a length", "3", "the connection ended early"},
		{"cut short before the trailer", "3\r\nabc\r\n0\r\n", "the connection ended early"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := answerRaw(t, listenTCP(t), "http", chunked+tt.body)
			for name, client := range map[string]*http.Client{
				"storage": transport.Storage(transport.Options{PlainHTTP: true}),
				"portal":  transport.Portal(portalConfig(t, server.url, config.OAuth1), transport.Options{}),
			} {
				err := readAll(t, client, server.url)
				if tt.wants == "" {
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				if err == nil || !strings.Contains(err.Error(), tt.wants) || strings.Contains(err.Error(), "xxx") {
					t.Errorf("%s: error %v, want one that says %q", name, err, tt.wants)
				}
				_, malformed := errors.AsType[*transport.AnswerError](err)
				cut := strings.HasPrefix(tt.name, "cut short")
				if malformed == cut || retry.Temporary(err) != cut {
					t.Errorf("%s: %v (%[2]T) is an *AnswerError: %t, worth another try: %t", name, err, malformed, retry.Temporary(err))
				}
			}
		})
	}
}

func TestAServerThatDoesNotSpeakTLS(t *testing.T) {
	for name, answer := range map[string]string{"HTTP": "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "SSH": "SSH-2.0-OpenSSH_9.6\r\n"} {
		listener := listenTCP(t)
		var asked atomic.Int64
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				asked.Add(1)
				_, _ = io.WriteString(conn, answer)
				_, _ = conn.Read(make([]byte, 1<<10)) // the client's first message
				conn.Close()
			}
		}()
		t.Cleanup(func() { listener.Close(); <-done })
		url := "https://" + listener.Addr().String() + "/a"
		for kind, client := range map[string]*http.Client{
			"storage": transport.Storage(transport.Options{}),
			"portal":  transport.Portal(portalConfig(t, url, config.OAuth1), transport.Options{Retries: 3}),
		} {
			asked.Store(0)
			err := readAll(t, client, url)
			if _, malformed := errors.AsType[*transport.AnswerError](err); !malformed || !strings.Contains(err.Error(), "the server does not speak TLS") {
				t.Errorf("%s from %s: error %v", name, kind, err)
			}
			if n := asked.Load(); n != 1 {
				t.Errorf("%s from %s: %d requests, want 1", name, kind, n)
			}
		}
	}
}

// readAll makes a request and reads the answer to its end.
func readAll(t *testing.T, c *http.Client, target string) error {
	t.Helper()
	defer c.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// What went wrong is said without the words of net/http.
func TestConnectionsThatEnd(t *testing.T) {
	for _, tt := range []struct{ name, answer, wants string }{
		{"no answer", "", "the connection ended early"},
		{"in the header", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "the connection ended early"},
		{"in the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "the connection ended early"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := answerRaw(t, listenTCP(t), "http", tt.answer)
			for name, client := range map[string]*http.Client{
				"storage": transport.Storage(transport.Options{PlainHTTP: true}),
				"portal":  transport.Portal(portalConfig(t, server.url, config.OAuth1), transport.Options{}),
			} {
				err := readAll(t, client, server.url)
				if err == nil || !strings.HasSuffix(err.Error(), tt.wants) || strings.Contains(err.Error(), "EOF") || !retry.Temporary(err) {
					t.Errorf("%s: error %v, worth another try: %t", name, err, retry.Temporary(err))
				}
			}
		})
	}
}
