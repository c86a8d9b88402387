package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// proxy passes connections on to one address and spoils them on the way, as networks
// do. It knows bytes, not requests: whatever holds for a connection holds for all
// requests on it.
type proxy struct {
	listener net.Listener
	target   string
	spoil    func(n int) spoiling
	ctx      context.Context //nolint:containedctx // of its connections, which outlive the call that made it
	cancel   context.CancelFunc
	running  sync.WaitGroup
	accepted atomic.Int64 // connections since the last reset
}

// spoiling is what happens to a connection.
type spoiling struct {
	// roundTrip is how long bytes take there and back; opening the connection takes as
	// long once.
	roundTrip time.Duration
	// rate is the most that comes back, in bytes a second, without any burst; 0 is no limit.
	rate float64
}

// newProxy listens on a port of loopback. spoil is told the number of each connection,
// from 0.
func newProxy(ctx context.Context, target string, spoil func(n int) spoiling) (*proxy, error) {
	l, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, target: target, spoil: spoil}
	p.ctx, p.cancel = context.WithCancel(ctx)
	p.running.Go(p.accept)
	return p, nil
}

func listen(ctx context.Context) (net.Listener, error) {
	var c net.ListenConfig
	return c.Listen(ctx, "tcp", "127.0.0.1:0")
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// reset counts connections from 0 again.
func (p *proxy) reset() { p.accepted.Store(0) }

// close ends all connections and returns when they have ended.
func (p *proxy) close() {
	p.cancel()
	p.listener.Close()
	p.running.Wait()
}

func (p *proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		s := p.spoil(int(p.accepted.Add(1) - 1))
		p.running.Go(func() { p.pass(conn, s) })
	}
}

// pass moves bytes both ways until one side ends.
func (p *proxy) pass(client net.Conn, s spoiling) {
	defer client.Close()
	var d net.Dialer
	server, err := d.DialContext(p.ctx, "tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	ctx, cancel := context.WithCancel(p.ctx)
	defer context.AfterFunc(ctx, func() { client.Close(); server.Close() })()
	opened := time.Now().Add(s.roundTrip)
	var asking sync.WaitGroup
	asking.Go(func() {
		_ = delay(ctx, server, client, s.roundTrip/2, opened)
		cancel() // a client that says nothing more wants no answer either
	})
	if s.rate > 0 {
		_ = throttle(ctx, client, server, s.rate)
	} else {
		_ = delay(ctx, client, server, s.roundTrip/2, opened)
	}
	cancel()
	client.Close()
	server.Close()
	asking.Wait()
}

// throttle copies at a rate. What a wait was too long by is not made up for.
func throttle(ctx context.Context, to io.Writer, from io.Reader, rate float64) error {
	buf := make([]byte, 32<<10)
	due := time.Now()
	for {
		n, err := from.Read(buf)
		if err != nil {
			return err
		}
		due = later(due, time.Now().Add(-5*time.Millisecond)) // what timers are late by
		due = due.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if err := retry.Sleep(ctx, time.Until(due)); err != nil {
			return err
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return err
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// delayed is a piece that has been sent and has not arrived.
type delayed struct {
	bytes   []byte
	arrives time.Time
}

// onTheWay is how many pieces of up to 64 KiB a connection holds at most.
const onTheWay = 128

// delay copies so that each piece arrives after a while, and none before the connection has
// been opened. Pieces follow each other: it costs time, not throughput. It returns nil where
// the sender said that nothing more comes.
func delay(ctx context.Context, to io.Writer, from io.Reader, while time.Duration, opened time.Time) error {
	way := make(chan delayed, onTheWay)
	var arriving sync.WaitGroup
	var lost error
	arriving.Go(func() {
		for d := range way {
			if lost == nil {
				lost = retry.Sleep(ctx, time.Until(d.arrives))
			}
			if lost == nil {
				_, lost = to.Write(d.bytes)
			}
		}
	})
	var err error
	for err == nil {
		buf := make([]byte, 64<<10)
		var n int
		n, err = from.Read(buf)
		if n > 0 {
			way <- delayed{buf[:n], later(opened, time.Now()).Add(while)}
		}
	}
	close(way)
	arriving.Wait()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, lost)
}
