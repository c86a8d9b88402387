package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
)

// dialled is an arrivalConn and the other end of it.
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
	if n := c.Waiting(); n != 70 {
		t.Errorf("%d bytes wait, want 70", n)
	}
	far.Close()
	if rest, err := io.ReadAll(c); err != nil || len(rest) != 70 || c.Waiting() != 0 {
		t.Errorf("the rest has %d bytes, and then %d wait: %v", len(rest), c.Waiting(), err)
	}
}

// pieces is a connection whose reads end as told. A read into less than least bytes fails.
type pieces struct {
	net.Conn
	least int
	reads []int
	err   error
}

func (c *pieces) Read(p []byte) (int, error) {
	if len(p) < c.least {
		return 0, errors.New("too small a buffer")
	}
	if len(c.reads) == 0 {
		return 0, c.err
	}
	n := c.reads[0]
	c.reads = c.reads[1:]
	for i := range n {
		p[i] = byte(i)
	}
	return n, nil
}

// Bytes are read ahead in large pieces, and all of them come before an error. A read that is large itself takes no
// detour.
func TestReadAhead(t *testing.T) {
	lost := errors.New("lost")
	for _, tt := range []struct {
		name string
		size int // of a read
	}{{"small reads", 5}, {"records", 16 << 10}, {"a buffer", arrivalBuffer}, {"more", arrivalBuffer + 1}} {
		t.Run(tt.name, func(t *testing.T) {
			c := &arrivalConn{Conn: &pieces{least: arrivalBuffer, reads: []int{1, arrivalBuffer, 3, 100}, err: lost}}
			var got []byte
			var err error
			for p := make([]byte, tt.size); err == nil; {
				var n int
				n, err = c.Read(p)
				got = append(got, p[:n]...)
			}
			var want []byte
			for _, n := range []int{1, arrivalBuffer, 3, 100} {
				for i := range n {
					want = append(want, byte(i))
				}
			}
			if !errors.Is(err, lost) || !bytes.Equal(got, want) {
				t.Errorf("%d bytes came, want %d, and then %v", len(got), len(want), err)
			}
			if direct := tt.size >= arrivalBuffer; direct != (c.buf == nil) {
				t.Errorf("there is a buffer of %d bytes", len(c.buf))
			}
		})
	}
}

func TestDialArrivalPassesErrorsOn(t *testing.T) {
	want := errors.New("no way there")
	c, err := dialArrival(func(context.Context, string, string) (net.Conn, error) { return nil, want })(t.Context(), "tcp", "storage.example:80")
	if c != nil || !errors.Is(err, want) {
		t.Errorf("dial = %v, %v", c, err)
	}
}
