//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// The variables of TestSoak: how many kills, from which seed, with how many connections
// (1 where it is not set), and, for the program that it runs, the file in which that counts what it
// reads from its sockets.
const (
	soakKills       = "BYNDER_SOAK"
	soakSeed        = "BYNDER_SOAK_SEED"
	soakConnections = "BYNDER_SOAK_CONNECTIONS"
	soakCounter     = "BYNDER_SOAK_COUNTER"
)

// lostByKill is how much of what was read a kill may cost, in bytes. With one connection: what
// was on its way from a socket to the file, and the beginning of the answer that tells what
// storage has. With several also the parts that wait for their turn, two of 4 MiB for each connection.
func lostByKill(connections int) int64 {
	if connections == 1 {
		return 2 << 20
	}
	return (2*int64(connections) + 1) * (4 << 20)
}

// TestSoak downloads 256 MiB with the program itself and kills it (SIGKILL) at random
// moments until the file is whole, and begins anew until it has been killed as often as
// BYNDER_SOAK says.
func TestSoak(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv(soakKills))
	if err != nil || kills < 1 {
		t.Skipf("set %s to the number of kills, such as 200, or run make soak", soakKills)
	}
	t.Run("the file is the same each time", func(t *testing.T) { soakFor(t, kills, nil) })
	// Each run begins anew, and what it publishes is the file of one location alone.
	t.Run("metadata is embedded", func(t *testing.T) { soakFor(t, max(kills/4, 1), []sandbox.Fault{{Name: "xmp"}}) })
}

// soakFor plays TestSoak with faults.
func soakFor(t *testing.T, kills int, faults []sandbox.Fault) {
	s := newSoak(t, faults)
	var whole int
	for killed := 0; killed < kills; {
		if s.run(t) {
			killed++
			continue
		}
		whole++
		s.check(t)
	}
	for s.run(t) { // the last one is let be in the end
	}
	whole++
	s.check(t)

	fetched, most := s.fetched.Load(), int64(whole)*sandbox.VideoSize+int64(kills)*lostByKill(s.connections)
	t.Logf("%d kills, connections: %d, the file was whole %d times: read %d MiB from sockets, %.2f × the files, %.2f MiB more for each kill",
		kills, s.connections, whole, fetched>>20, float64(fetched)/float64(int64(whole)*sandbox.VideoSize),
		float64(fetched-int64(whole)*sandbox.VideoSize)/float64(kills)/(1<<20))
	if fetched > most && len(faults) == 0 {
		t.Errorf("read %d bytes from sockets, want at most %d", fetched, most)
	}
}

// soak is the world of TestSoak: a portal, a folder, and a count of what the programs that
// run in it read from their sockets.
type soak struct {
	program
	folder      string
	connections int // that the program may use for the file
	object      sandbox.Object
	embeds      bool // each location has another file
	random      *rand.Rand
	fetched     *atomic.Int64
}

func newSoak(t *testing.T, faults []sandbox.Fault) *soak {
	connections := 1
	if text := os.Getenv(soakConnections); text != "" {
		var err error
		if connections, err = strconv.Atoi(text); err != nil || connections < 1 {
			t.Fatalf("%s=%s, want a number from 1 up", soakConnections, text)
		}
	}
	portal := startSandbox(t, sandbox.Options{
		Assets: -1, NoRateLimit: true,
		// The file in a second, by all connections together: one that is faster alone gets no others.
		Faults: append([]sandbox.Fault{{Name: "slow", Value: sandbox.VideoSize / int64(connections)}}, faults...),
	})
	var err error
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(soakSeed); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", soakSeed, err)
		}
	}
	t.Logf("%s=%d", soakSeed, seed)
	state := t.TempDir()
	counter := filepath.Join(state, "counter")
	if err := os.WriteFile(counter, make([]byte, 8), 0o666); err != nil {
		t.Fatal(err)
	}
	s := &soak{
		folder: filepath.Join(t.TempDir(), "dir"), connections: connections, random: rand.New(rand.NewPCG(seed, 0)),
	}
	if s.fetched, err = mapCounter(counter); err != nil {
		t.Fatal(err)
	}
	s.object, _ = portal.Object(sandbox.VideoAsset, "original")
	s.embeds = len(faults) > 0
	s.program = newProgram(state, portal, soakCounter+"="+counter)
	return s
}

// run runs the program, and reports whether it had to be killed: it is, at a random moment,
// unless it ends before. Most moments are early. The others are late enough for the file
// to be whole, for it is hashed from its first byte each time.
func (s *soak) run(t *testing.T) (killed bool) {
	t.Helper()
	early, late := 20+s.random.IntN(280), 300+s.random.IntN(1700)
	moment := time.Duration(early) * time.Millisecond
	if s.random.IntN(4) == 0 {
		moment = time.Duration(late) * time.Millisecond
	}
	return s.killedAfter(t, moment, "download", "--connections", strconv.Itoa(s.connections), "-d", s.folder, sandbox.VideoAsset)
}

// check sees that the file is whole and alone, and takes it away.
func (s *soak) check(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "making-of.mov" {
		t.Fatalf("the folder has %v, want the file alone", entries)
	}
	path := filepath.Join(s.folder, entries[0].Name())
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, want := digest(t, f), digest(t, s.stored(t, f).Reader()); !bytes.Equal(got, want) {
		t.Fatalf("the file has the SHA-256 %x, want %x", got, want)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// stored is the object that storage has, or the one of the location whose size and
// beginning the file has.
func (s *soak) stored(t *testing.T, f *os.File) sandbox.Object {
	t.Helper()
	if !s.embeds {
		return s.object
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	got, want := make([]byte, 1024), make([]byte, 1024)
	if _, err := f.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	for serial := 1; serial < 100_000; serial++ {
		o := s.object.WithMetadata("SANDBOX" + strconv.Itoa(serial))
		if _, err := o.ReadAt(want, 0); err == nil && o.Size == info.Size() && bytes.Equal(got, want) {
			return o
		}
	}
	t.Fatal("the file is none that storage has given out")
	return sandbox.Object{}
}

func digest(t *testing.T, r io.Reader) []byte {
	t.Helper()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, r, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	return h.Sum(nil)
}

// init lets the program that TestSoak runs count what it reads from its sockets. All of
// its HTTP clients dial as the default one does.
func init() {
	path := os.Getenv(soakCounter)
	if path == "" {
		return
	}
	fetched, err := mapCounter(path)
	if err != nil {
		panic(err)
	}
	transport := http.DefaultTransport.(*http.Transport)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &countedConn{conn, fetched}, nil
	}
}

type countedConn struct {
	net.Conn
	fetched *atomic.Int64
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.fetched.Add(int64(n))
	return n, err
}

// mapCounter is the number in a file of 8 bytes, for all processes that map it: what one
// has added stays when it is killed.
func mapCounter(path string) (*atomic.Int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	memory, err := unix.Mmap(int(f.Fd()), 0, 8, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return (*atomic.Int64)(unsafe.Pointer(&memory[0])), nil
}
