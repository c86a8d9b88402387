package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
)

// dialled is a plainConn and the other end of it.
func dialled(t *testing.T) (*plainConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := dialPlain((&net.Dialer{}).DialContext)(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return c.(*plainConn), far
}

// Only reads into the buffer that was named go another way, and only until that ends.
func TestDivert(t *testing.T) {
	c, far := dialled(t)
	if _, err := io.WriteString(far, "abcdefg"); err != nil {
		t.Fatal(err)
	}
	into, other := make([]byte, 4), make([]byte, 2)
	wantErr := errors.New("taken")
	var limits []int
	c.Divert(into, func(conn syscall.RawConn, limit int) (int, error) {
		limits = append(limits, limit)
		return limit, wantErr
	})
	if n, err := c.Read(other); n != 2 || err != nil || string(other) != "ab" {
		t.Errorf("read of another buffer = %d, %v, %q", n, err, other)
	}
	if n, err := c.Read(into[1:]); n != 3 || err != nil || string(into[1:]) != "cde" {
		t.Errorf("read of a part of the buffer = %d, %v, %q", n, err, into[1:])
	}
	for _, p := range [][]byte{into, into[:2]} {
		if n, err := c.Read(p); n != len(p) || !errors.Is(err, wantErr) {
			t.Errorf("diverted read = %d, %v", n, err)
		}
	}
	if len(limits) != 2 || limits[0] != 4 || limits[1] != 2 {
		t.Errorf("taken %v", limits)
	}
	if n, err := c.Read(nil); n != 0 || err != nil {
		t.Errorf("read of nothing = %d, %v", n, err)
	}
	c.Divert(into, func(syscall.RawConn, int) (int, error) { return 0, errors.ErrUnsupported })
	if n, err := c.Read(into[:1]); n != 1 || err != nil || into[0] != 'f' {
		t.Errorf("read where nothing can be taken = %d, %v, %q", n, err, into[:1])
	}
	c.Divert(nil, nil)
	if n, err := c.Read(into); n != 1 || err != nil || into[0] != 'g' {
		t.Errorf("read afterwards = %d, %v, %q", n, err, into[:n])
	}
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

func TestDialPlainPassesErrorsOn(t *testing.T) {
	want := errors.New("no way there")
	c, err := dialPlain(func(context.Context, string, string) (net.Conn, error) { return nil, want })(t.Context(), "tcp", "storage.example:80")
	if c != nil || !errors.Is(err, want) {
		t.Errorf("dial = %v, %v", c, err)
	}
}
