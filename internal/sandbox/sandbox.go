// Package sandbox is a Bynder portal with its storage and a bucket, on this machine: what
// `bynder sandbox` and the demo serve and what the tests run against.
//
// It plays the documented part of the API with the quirks that real payloads
// show, checks what clients send (OAuth 1.0a signatures by code of its own,
// tokens, the call limit) and breaks on demand in named ways (see [FaultKinds]).
// It shares no code with the client, so that it can judge it.
//
//	s, err := sandbox.New(sandbox.Options{Faults: []sandbox.Fault{{Name: "cut", Value: 100_000, Times: 1}}})
//	stop, err := s.Start(ctx)
//	defer stop()
//	cmd.Env = append(cmd.Env, s.Env(sandbox.OAuth1)...)
//
// Without a file of a catalogue, nothing is held in memory for an asset: assets are a function of their
// number, and bytes of their object and offset.
package sandbox

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the settings of a Sandbox. The zero value is a healthy portal with
// 300 generated assets.
type Options struct {
	// Assets is the number of generated assets, besides the fixed ones: 300 for
	// zero, none for a negative number.
	Assets int
	// Catalogue is a file that has the assets, in place of the fixed and the generated ones; the
	// documentation has its format. It is read again whenever it has changed.
	Catalogue string
	// CatalogueError receives each error of reading that file again, once, and from any goroutine.
	// Until it is mended the portal and storage answer 500.
	CatalogueError func(error)
	// Port is where Start serves the portal, storage on the port after it and the bucket on the next, so that URLs
	// without their query are the same each time; 0 for free ports.
	Port int
	// Credentials that the portal accepts; fields left empty have defaults, whose
	// secrets hold characters that are easily encoded wrongly.
	Credentials Credentials
	// Clock tells the time to everything that expires or is limited; the
	// system's by default.
	Clock func() time.Time
	// PortalURL, StorageURL and BucketURL are where the handlers can be reached, for those
	// who serve them on listeners of their own. Start sets them.
	PortalURL, StorageURL, BucketURL string
	// NoRateLimit turns the limit of 4,500 calls in 300 s off.
	NoRateLimit bool
	// Penalty is the time without any call after which a block by 429 is lifted;
	// five minutes for zero, as the portal documents.
	Penalty time.Duration
	// LocationLifetime is how long URLs of storage are good for; 15 min for zero.
	LocationLifetime time.Duration
	// TokenLifetime is how long OAuth 2 tokens are good for; an hour for zero.
	TokenLifetime time.Duration
	// Latency is waited before each answer, the portal's and storage's.
	Latency time.Duration
	// NoCursor leaves X-Bynder-NextCursor out of lists, so that clients page.
	NoCursor bool
	// Faults that are on from the start.
	Faults []Fault
}

// Sandbox is a portal, its storage and a bucket. Its methods may be used from several
// goroutines at once.
type Sandbox struct {
	opts      Options
	generated generated
	file      *catalogueFile // nil: the catalogue is the generated one
	oauth1    *oauth1Verifier
	limit     *callLimit
	counters  counters
	faults    faultSet
	bucket    bucket
	signKey   [sha256.Size]byte
	issued    atomic.Uint64 // URLs of storage
	running   sync.RWMutex  // read-locked by every handler while it runs
}

// New makes a Sandbox that serves nothing yet. It fails on an unknown
// fault, an invalid URL or port, or a catalogue that cannot be read.
func New(opts Options) (*Sandbox, error) {
	if opts.Assets == 0 {
		opts.Assets = 300
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	setDefault(&opts.Penalty, 5*time.Minute)
	setDefault(&opts.LocationLifetime, 15*time.Minute)
	setDefault(&opts.TokenLifetime, time.Hour)
	setDefault(&opts.PortalURL, "http://portal.invalid")
	setDefault(&opts.StorageURL, "http://storage.invalid")
	setDefault(&opts.BucketURL, "http://bucket.invalid")
	for _, raw := range []string{opts.PortalURL, opts.StorageURL, opts.BucketURL} {
		if u, err := url.Parse(raw); err != nil || u.Host == "" || u.Path != "" {
			return nil, fmt.Errorf("sandbox address %q is not scheme://host[:port]", raw)
		}
	}
	if opts.Port < 0 || opts.Port > maxPort {
		return nil, fmt.Errorf("port %d: must be from 1 to %d; storage and bucket take the next two", opts.Port, maxPort)
	}
	opts.Credentials.setDefaults()
	s := &Sandbox{
		opts:      opts,
		generated: newGenerated(opts.Assets, opts.Clock()),
		limit:     newCallLimit(opts.Penalty),
		signKey:   sha256.Sum256([]byte("sandbox storage " + opts.Credentials.ClientSecret)),
	}
	s.oauth1 = newOAuth1Verifier(opts.Credentials.oauth1(), s.now)
	if err := s.SetFaults(opts.Faults...); err != nil {
		return nil, err
	}
	if opts.Catalogue != "" {
		s.file = &catalogueFile{path: opts.Catalogue}
		if _, err := s.file.current(); err != nil {
			return nil, err
		}
		s.file.warn = opts.CatalogueError
	}
	return s, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// SetFaults replaces the faults that are on and forgets how often they were used.
func (s *Sandbox) SetFaults(faults ...Fault) error { return s.faults.set(faults) }

// PortalURL returns the portal's address without a trailing slash.
func (s *Sandbox) PortalURL() string { return s.opts.PortalURL }

// StorageURL returns storage's address without a trailing slash.
func (s *Sandbox) StorageURL() string { return s.opts.StorageURL }

// Start serves portal, storage and bucket on three ports of 127.0.0.1 until ctx
// ends or stop is called. stop returns when no handler runs any more, and removes
// the bytes of the bucket; it may be called again. Start is called at most once, before anything is served.
func (s *Sandbox) Start(ctx context.Context) (stop func(), err error) {
	listeners, err := listenOn(ctx, s.opts.Port, "the portal", "storage", "the bucket")
	if err != nil {
		return nil, err
	}
	portal, storage, bucket := listeners[0], listeners[1], listeners[2]
	s.opts.PortalURL = "http://" + portal.Addr().String()
	s.opts.StorageURL = "http://" + storage.Addr().String()
	s.opts.BucketURL = "http://" + bucket.Addr().String()

	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	serve := func(l net.Listener, h http.Handler, state func(net.Conn, http.ConnState)) {
		srv := &http.Server{
			Handler:           h,
			ConnState:         state,
			ReadHeaderTimeout: 30 * time.Second,
			BaseContext:       func(net.Listener) context.Context { return ctx },
		}
		serving.Go(func() { _ = srv.Serve(l) }) // always ErrServerClosed, by Close
		serving.Go(func() {
			<-ctx.Done()
			_ = srv.Close()
		})
	}
	serve(portal, s.Portal(), nil)
	serve(storage, s.Storage(), s.counters.connected)
	serve(bucket, s.Bucket(), nil)
	return func() {
		cancel()
		serving.Wait()
		s.running.Lock() // waits for the handlers, whose connections are closed
		defer s.running.Unlock()
		s.bucket.bodies.close()
	}, nil
}

// maxPort leaves ports for storage and bucket.
const maxPort = 1<<16 - 3

// listenOn listens for each name on a port of its own, from port on; 0 for any free ones.
func listenOn(ctx context.Context, port int, names ...string) ([]net.Listener, error) {
	var all []net.Listener
	for _, name := range names {
		var config net.ListenConfig
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			for _, l := range all {
				_ = l.Close()
			}
			return nil, fmt.Errorf("listen for %s: %w", name, err)
		}
		all = append(all, l)
		if port > 0 {
			port++
		}
	}
	return all, nil
}

// handler wraps what the servers share: the latency, the clock in Date, and the
// lock by which stop waits.
func (s *Sandbox) handler(serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.running.RLock()
		defer s.running.RUnlock()
		s.faults.match(OnClock, "", "", "clock") // which counts it
		w.Header().Set("Date", s.now().Format(http.TimeFormat))
		if s.opts.Latency > 0 && wait(r.Context(), s.opts.Latency) != nil {
			panic(http.ErrAbortHandler)
		}
		serve(w, r)
	})
}

func (s *Sandbox) now() time.Time { return s.opts.Clock().Add(s.faults.clockAhead()).UTC() }

// wait returns after d, or earlier with ctx's error.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
