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

// proxy passes connections on to one address as a network would that has a round trip and a rate. It reads no
// requests: what applies to a connection applies to its TLS handshake and to all requests on it.
type proxy struct {
	listener net.Listener
	target   string
	network  func(n int) network // of the connection with this number, from 0
	ctx      context.Context     //nolint:containedctx // of its connections, which outlive the call that made it
	cancel   context.CancelFunc
	running  sync.WaitGroup
	accepted atomic.Int64 // connections since the last reset
}

// network is what a connection passes through. The zero network is loopback.
type network struct {
	// roundTrip is how long bytes take to the server and back. Opening the connection takes as long once.
	roundTrip time.Duration
	// rate is the most that comes back, in bytes per second, without a burst; 0 = no limit.
	rate float64
}

// newProxy listens on a port of loopback.
func newProxy(ctx context.Context, target string, through func(n int) network) (*proxy, error) {
	l, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, target: target, network: through}
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
		through := p.network(int(p.accepted.Add(1) - 1))
		p.running.Go(func() { p.pass(conn, through) })
	}
}

// pass moves bytes both ways until one side ends.
func (p *proxy) pass(client net.Conn, through network) {
	defer client.Close()
	var d net.Dialer
	server, err := d.DialContext(p.ctx, "tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	ctx, cancel := context.WithCancel(p.ctx)
	defer context.AfterFunc(ctx, func() { client.Close(); server.Close() })()
	opened := time.Now().Add(through.roundTrip)
	var asking sync.WaitGroup
	asking.Go(func() {
		_ = through.copy(ctx, server, client, 0, opened)
		cancel() // a client that has closed its side reads no answer either
	})
	_ = through.copy(ctx, client, server, through.rate, opened)
	cancel()
	client.Close()
	server.Close()
	asking.Wait()
}

// copy copies one direction of a connection that was opened at a time.
func (n network) copy(ctx context.Context, to, from net.Conn, rate float64, opened time.Time) error {
	switch {
	case rate > 0:
		return throttle(ctx, to, from, rate)
	case n.roundTrip > 0:
		return delay(ctx, to, from, n.roundTrip/2, opened)
	default:
		_, err := io.Copy(to, from)
		return err
	}
}

// throttle copies at a rate, in bytes per second. A wait that took too long is not made up for.
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

// piece is what was read at once, and when it arrives.
type piece struct {
	buf     *[64 << 10]byte
	n       int
	arrives time.Time
}

// pieces are those that have arrived: 128 connections read thousands per second.
var pieces = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// maxPieces is how many pieces of a connection may be on their way.
const maxPieces = 128

// delay copies so that each piece arrives after a time, and none before the connection has been opened. Pieces follow
// each other, so it costs time and no throughput. It returns nil if the sender has closed its side.
func delay(ctx context.Context, to io.Writer, from io.Reader, after time.Duration, opened time.Time) error {
	sent := make(chan piece, maxPieces)
	var arriving sync.WaitGroup
	var lost error
	arriving.Go(func() {
		for p := range sent {
			if lost == nil {
				lost = retry.Sleep(ctx, time.Until(p.arrives))
			}
			if lost == nil {
				_, lost = to.Write(p.buf[:p.n])
			}
			pieces.Put(p.buf)
		}
	})
	var err error
	for err == nil {
		buf := pieces.Get().(*[64 << 10]byte)
		var n int
		if n, err = from.Read(buf[:]); n > 0 {
			sent <- piece{buf, n, later(opened, time.Now()).Add(after)}
		}
	}
	close(sent)
	arriving.Wait()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, lost)
}
