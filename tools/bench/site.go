package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// sizes are how much work the rows are.
type sizes struct {
	large     int64 // bytes of one file
	limited   int64 // bytes of one file from storage that limits the rate of a connection
	small     int64 // bytes of one of many files
	many      int   // files
	unchanged int   // files that are in place
	listed    int   // assets of a sync
	starts    int   // of the program
	known     int   // ids in a journal

	distances []time.Duration // round trips of the plot
}

var (
	fullSizes = sizes{
		large: 1 << 30, limited: 512 << 20, small: 100 << 10, many: 2000, unchanged: 1768, listed: 20_000, starts: 60, known: 1_000_000,
		distances: []time.Duration{0, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond},
	}
	quickSizes = sizes{
		large: 32 << 20, limited: 16 << 20, small: 100 << 10, many: 64, unchanged: 48, listed: 1_500, starts: 3, known: 10_000,
		distances: []time.Duration{0, 20 * time.Millisecond},
	}
)

// site is everything that stays while rows are measured: the program, the programs that it is measured beside, files,
// and the server that has them.
type site struct {
	dir    string // of everything
	sizes  sizes
	pairs  int
	warm   bool // one more pair comes first and does not count
	found  tools
	bynder string
	nginx  *nginx // nil if it is not installed
}

// newSite builds the program and starts the server.
func newSite(ctx context.Context, o options, found tools) (_ *site, err error) {
	s := &site{sizes: fullSizes, pairs: o.pairs, warm: !o.quick, found: found}
	parent := o.dir
	if o.quick {
		s.sizes = quickSizes
	} else if info, err := os.Stat("/dev/shm"); parent == "" && err == nil && info.IsDir() {
		parent = "/dev/shm"
	}
	if s.dir, err = os.MkdirTemp(parent, "bynder-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := errors.Join(os.Mkdir(s.path("served"), 0o755), writeCertificate(s.cert(), s.key())); err != nil {
		return nil, err
	}
	if err := s.build(ctx); err != nil {
		return nil, err
	}
	if found["nginx"] == "" {
		return s, nil
	}
	s.nginx, err = startNginx(ctx, found["nginx"], s.dir, s.path("served"))
	return s, err
}

// build builds the program as releases are.
func (s *site) build(ctx context.Context) error {
	s.bynder = s.path("bynder")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", s.bynder, "github.com/bynder-cli/bynder/cmd/bynder")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w: %s", err, said)
	}
	return nil
}

// close ends the server and removes everything.
func (s *site) close() error {
	if s.nginx != nil {
		s.nginx.close()
	}
	return os.RemoveAll(s.dir)
}

// path returns the path of something in the site's folder.
func (s *site) path(elements ...string) string {
	return filepath.Join(append([]string{s.dir}, elements...)...)
}

// out is the folder where runs leave their files. It is empty before each run.
func (s *site) out() string { return s.path("out") }

// kept is the folder whose files are in place before each run of a row.
func (s *site) kept() string { return s.path("kept") }

// cert is the certificate of all servers here, and key its key.
func (s *site) cert() string { return s.path("cert.pem") }
func (s *site) key() string  { return s.path("key.pem") }

// files makes a set of n files of random bytes in the served folder, once, and returns
// their names.
func (s *site) files(set string, n int, size int64) ([]string, error) {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%04d.mov", set, i)
	}
	folder := s.path("served", set)
	if _, err := os.Stat(folder); err == nil {
		return names, nil
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, err
	}
	var seed [32]byte
	copy(seed[:], set)
	random := rand.NewChaCha8(seed)
	for _, name := range names {
		if err := writeFile(filepath.Join(folder, name), random, size); err != nil {
			return nil, fmt.Errorf("making the files to serve: %w", err)
		}
	}
	return names, nil
}

// sizeOf returns how many bytes the files in a folder have.
func sizeOf(folder string) (int64, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	var bytes int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		bytes += info.Size()
	}
	return bytes, nil
}

func writeFile(name string, content io.Reader, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, content, size)
	return errors.Join(err, f.Close())
}

// sameFiles returns an error if the folder got has not the files of the folder want: the same names and bytes.
func sameFiles(want, got string) error {
	expected, err := os.ReadDir(want)
	if err != nil {
		return err
	}
	found, err := os.ReadDir(got)
	if err != nil {
		return err
	}
	if len(found) != len(expected) {
		return fmt.Errorf("there are %d files, and should be %d", len(found), len(expected))
	}
	for _, each := range expected {
		if err := sameBytes(filepath.Join(want, each.Name()), filepath.Join(got, each.Name())); err != nil {
			return err
		}
	}
	return nil
}

func sameBytes(want, got string) error {
	a, err := os.Open(want)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := os.Open(got)
	if err != nil {
		return err
	}
	defer b.Close()
	bufA, bufB := make([]byte, 256<<10), make([]byte, 256<<10)
	for {
		n, errA := io.ReadFull(a, bufA)
		m, errB := io.ReadFull(b, bufB)
		if !bytes.Equal(bufA[:n], bufB[:m]) {
			return fmt.Errorf("%s has other bytes than were served", got)
		}
		if errA != nil || errB != nil {
			break
		}
	}
	return nil
}

// environment returns that of a run: no settings of the user, and no state of an earlier run.
func (s *site) environment(portal string) []string {
	home := s.path("home")
	return []string{
		"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + home, "XDG_STATE_HOME=" + home + "/state", "XDG_CONFIG_HOME=" + home + "/config",
		"BYNDER_DOMAIN=https://" + portal, "BYNDER_PERMANENT_TOKEN=" + token, "SSL_CERT_FILE=" + s.cert(),
	}
}

// startOrigin serves a file over TLS as S3 serves one that was uploaded whole: its ETag is its MD5, and conditions on
// it are honored. nginx can send such an ETag, but then answers 412 to each If-Match.
func (s *site) startOrigin(ctx context.Context, file string) (addr string, stop func(), err error) {
	sum, err := sumOf(file)
	if err != nil {
		return "", nil, err
	}
	l, err := listen(ctx)
	if err != nil {
		return "", nil, err
	}
	server := newServer(ctx, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(file)
		if err != nil || !strings.HasSuffix(r.URL.Path, "/"+filepath.Base(file)) {
			http.NotFound(w, r)
			return
		}
		defer f.Close()
		w.Header().Set("ETag", `"`+sum+`"`)
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, file, time.Unix(1_700_000_000, 0), f)
	}))
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true) // as S3
	go func() { _ = server.ServeTLS(l, s.cert(), s.key()) }()
	return l.Addr().String(), func() { _ = server.Close() }, nil
}

// sumOf returns the MD5 of a file in hexadecimal digits.
func sumOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := md5.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, f, make([]byte, 1<<20)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
