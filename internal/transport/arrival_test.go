package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
)

// dialled is a arrivalConn and the other end of it.
func dialled(t *testing.T) (*arrivalConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := dialArrival((&net.Dialer{}).DialContext)(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return c.(*arrivalConn), far
}

func TestWaiting(t *testing.T) {
	c, far := dialled(t)
	if n := c.Waiting(); n != 0 {
		t.Errorf("%d bytes wait before any was sent", n)
	}
	if _, err := far.Write(bytes.Repeat([]byte("x"), 100)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 30)); err != nil {
		t.Fatal(err)
	}
	want := 70
	if runtime.GOOS != "linux" {
		want = 0
	}
	if n := c.Waiting(); n != want {
		t.Errorf("%d bytes wait, want %d", n, want)
	}
	c.Close()
	if n := c.Waiting(); n != 0 {
		t.Errorf("%d bytes wait after the end", n)
	}
}

func TestDialArrivalPassesErrorsOn(t *testing.T) {
	want := errors.New("no way there")
	c, err := dialArrival(func(context.Context, string, string) (net.Conn, error) { return nil, want })(t.Context(), "tcp", "storage.example:80")
	if c != nil || !errors.Is(err, want) {
		t.Errorf("dial = %v, %v", c, err)
	}
}
