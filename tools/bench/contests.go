package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
)

// download is the command that gets files of ids into the out folder.
func (s *site) download(args ...string) []string {
	return append([]string{s.bynder, "download", "-d", s.out()}, args...)
}

// storage is how a file of a set is reached. It returns what URLs begin with, and what bynder
// needs to know of it.
type storage func(ctx context.Context, s *site, set, name string) (base string, flags []string, stop func(), err error)

func plain(_ context.Context, s *site, set, _ string) (string, []string, func(), error) {
	return "http://" + s.nginx.plain + "/" + set + "/", nil, func() {}, nil
}

func encrypted(_ context.Context, s *site, set, _ string) (string, []string, func(), error) {
	return "https://" + s.nginx.tls + "/" + set + "/", []string{"--ca-cert", s.path("cert.pem")}, func() {}, nil
}

func digested(ctx context.Context, s *site, set, name string) (string, []string, func(), error) {
	addr, stop, err := startOrigin(ctx, s.path("served", set, name))
	return "http://" + addr + "/" + set + "/", nil, stop, err
}

// oneLarge is the contest for one large file.
func oneLarge(from storage, flags []string, theirs func(s *site, url string) []string) func(context.Context, *site) (*contest, error) {
	return func(ctx context.Context, s *site) (*contest, error) {
		const set = "large"
		names, err := s.files(set, 1, s.sizes.large)
		if err != nil {
			return nil, err
		}
		base, more, stop, err := from(ctx, s, set, names[0])
		if err != nil {
			return nil, err
		}
		c, err := s.contest(ctx, set, []string{base + names[0]}, nil)
		if err != nil {
			stop()
			return nil, err
		}
		c.ended = append(c.ended, stop)
		c.ours = s.download(slices.Concat(more, flags, []string{mediaID(0)})...)
		c.theirs = theirs(s, base+names[0])
		return c, nil
	}
}

// contest starts a portal that knows the URLs, and checks that runs leave the files of a
// set. far, where set, puts something between the portal and who asks it.
func (s *site) contest(ctx context.Context, set string, urls []string, far func(addr string) (*proxy, error)) (*contest, error) {
	p, err := startPortal(ctx, urls)
	if err != nil {
		return nil, err
	}
	c := &contest{portal: p.addr(), ended: []func(){p.close}, check: func(string) error { return sameFiles(s.path("served", set), s.out()) }}
	if c.bytes, err = sizeOf(s.path("served", set)); err != nil {
		p.close()
		return nil, err
	}
	if far != nil {
		between, err := far(p.addr())
		if err != nil {
			p.close()
			return nil, err
		}
		c.portal = between.addr()
		c.ended = append(c.ended, between.close)
	}
	return c, nil
}

func curlOne(s *site, url string) []string {
	return []string{"curl", "-sS", "--fail", "-o", filepath.Join(s.out(), filepath.Base(url)), url}
}

func curlTLS(s *site, url string) []string {
	return append(curlOne(s, url), "--http1.1", "--cacert", s.path("cert.pem"))
}

func curlAndSum(s *site, url string) []string {
	return []string{"sh", "-c", `curl -sS --fail -o "$1" "$2" && md5sum "$1"`, "sh", filepath.Join(s.out(), filepath.Base(url)), url}
}

// fromLimited is the contest for a file from an origin that limits connections. With a
// straggler one connection of eight is ten times slower: another one in each pair, in
// the second the first that is opened.
func fromLimited(connections int, straggler bool) func(context.Context, *site) (*contest, error) {
	return func(ctx context.Context, s *site) (*contest, error) {
		const set = "limited"
		names, err := s.files(set, 1, s.sizes.limited)
		if err != nil {
			return nil, err
		}
		var slow atomic.Int64
		between, err := newProxy(ctx, s.nginx.plain, func(n int) spoiling {
			if straggler && n%8 == int(slow.Load()) {
				return spoiling{rate: limitedRate / slowdown}
			}
			return spoiling{rate: limitedRate}
		})
		if err != nil {
			return nil, err
		}
		url := "http://" + between.addr() + "/" + set + "/" + names[0]
		c, err := s.contest(ctx, set, []string{url}, nil)
		if err != nil {
			between.close()
			return nil, err
		}
		c.ended = append(c.ended, between.close)
		c.before = func(pair int) {
			slow.Store(int64((3 + 5*pair) % 8))
			between.reset()
		}
		c.ours = s.download("--no-verify", mediaID(0))
		if connections != 8 {
			c.ours = append(c.ours, "--connections", fmt.Sprint(connections))
		}
		// --file-allocation=none spares aria2c what would be no help on tmpfs.
		c.theirs = []string{
			"aria2c", "--no-conf", "-q", "--file-allocation=none", fmt.Sprintf("-x%d", connections), fmt.Sprintf("-s%d", connections), "-k1M",
			"-d", s.out(), url,
		}
		return c, nil
	}
}

// What is distant, as bits.
const (
	storageDistant = 1 << iota
	portalDistant
)

// derivatives is the contest for many small files, of which bynder gets ids and the others
// URLs.
func derivatives(n, distant int, theirs func(s *site, urls []string) ([]string, error)) func(context.Context, *site) (*contest, error) {
	return func(ctx context.Context, s *site) (*contest, error) {
		set := fmt.Sprintf("small-%d", n)
		names, err := s.files(set, n, s.sizes.small)
		if err != nil {
			return nil, err
		}
		addr := s.nginx.plain
		behind := func(target string) (*proxy, error) {
			return newProxy(ctx, target, func(int) spoiling { return spoiling{roundTrip: roundTrip} })
		}
		stop := func() {}
		if distant&storageDistant != 0 {
			between, err := behind(addr)
			if err != nil {
				return nil, err
			}
			addr, stop = between.addr(), between.close
		}
		var far func(string) (*proxy, error)
		if distant&portalDistant != 0 {
			far = behind
		}
		urls := urlsOf(addr, set, names)
		c, err := s.contest(ctx, set, urls, far)
		if err != nil {
			stop()
			return nil, err
		}
		c.ended = append(c.ended, stop)
		c.units = n
		c.ours = s.download("--derivative", "webimage", "--from", s.path("ids"))
		if err = s.writeIDs(n); err == nil {
			c.theirs, err = theirs(s, urls)
		}
		if err != nil {
			c.close()
			return nil, err
		}
		return c, nil
	}
}

func urlsOf(addr, set string, names []string) []string {
	urls := make([]string, len(names))
	for i, name := range names {
		urls[i] = "http://" + addr + "/" + set + "/" + name
	}
	return urls
}

// writeIDs writes the first n media ids to the file ids.
func (s *site) writeIDs(n int) error {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintln(&b, mediaID(i))
	}
	return os.WriteFile(s.path("ids"), b.Bytes(), 0o644)
}

func curlMany(s *site, urls []string) ([]string, error) {
	var b strings.Builder
	for _, u := range urls {
		fmt.Fprintf(&b, "url = %q\noutput = %q\n", u, filepath.Join(s.out(), filepath.Base(u)))
	}
	file := s.path("curl.conf")
	return []string{"curl", "-sS", "--parallel", "--parallel-max", "32", "-K", file}, os.WriteFile(file, []byte(b.String()), 0o644)
}

func wget2(s *site, urls []string) ([]string, error) {
	file := s.path("urls")
	return []string{"wget2", "-q", "-P", s.out(), "-i", file}, os.WriteFile(file, []byte(strings.Join(urls, "\n")+"\n"), 0o644)
}

// twoCurls is what people write: ask for the location, then get the file.
const twoCurls = `#!/bin/sh
url=$(curl -sS --fail -H "Authorization: Bearer $BYNDER_PERMANENT_TOKEN" "$BYNDER_DOMAIN/api/v4/media/$1/download/" |
	sed 's/.*"s3_file":"\([^"]*\)".*/\1/')
path=${url%%\?*}
exec curl -sS --fail -o "out/${path##*/}" "$url"
`

// originals is the contest for many originals, each of which costs an API call.
func originals(n int) func(context.Context, *site) (*contest, error) {
	return func(ctx context.Context, s *site) (*contest, error) {
		set := fmt.Sprintf("small-%d", n)
		names, err := s.files(set, n, s.sizes.small)
		if err != nil {
			return nil, err
		}
		script := s.path("two-curls")
		if err := errors.Join(s.writeIDs(n), os.WriteFile(script, []byte(twoCurls), 0o755)); err != nil {
			return nil, err
		}
		c, err := s.contest(ctx, set, urlsOf(s.nginx.plain, set, names), nil)
		if err != nil {
			return nil, err
		}
		c.ours = s.download("--api-rate", "0", "--from", s.path("ids"))
		c.theirs = []string{"xargs", "-a", s.path("ids"), "-n", "1", "-P", "8", script}
		return c, nil
	}
}

// knownToJournal is the contest with nobody for ids that are all done.
func knownToJournal(n int) func(context.Context, *site) (*contest, error) {
	return func(ctx context.Context, s *site) (*contest, error) {
		p, err := startPortal(ctx, nil)
		if err != nil {
			return nil, err
		}
		c := &contest{portal: p.addr(), units: n, keep: true, ended: []func(){p.close, func() { _ = os.RemoveAll(s.out()) }}}
		journal := s.path("journal.ndjson")
		if err := errors.Join(s.writeIDs(n), s.writeJournal(journal, p.addr(), n)); err != nil {
			c.close()
			return nil, err
		}
		c.ours = s.download("--max-failures", "1", "--journal", journal, "--from", s.path("ids"))
		c.check = func(stdout string) error {
			said, err := countLines(stdout)
			if err == nil && (said != n || p.calls.Load() != 0) {
				err = fmt.Errorf("%d of %d ids were found, with %d API calls", said, n, p.calls.Load())
			}
			return err
		}
		return c, nil
	}
}

// writeJournal writes a journal of n originals, each with a path of its own. They are links to one file:
// more files would measure how fast a file system makes them.
func (s *site) writeJournal(journal, portal string, n int) error {
	const content = "content"
	if err := os.Mkdir(s.out(), 0o755); err != nil {
		return err
	}
	first := filepath.Join(s.out(), fmt.Sprintf("photo-%06d.jpg", 0))
	if err := os.WriteFile(first, []byte(content), 0o644); err != nil {
		return err
	}
	for i := 1; i < n; i++ {
		if err := os.Link(first, filepath.Join(s.out(), fmt.Sprintf("photo-%06d.jpg", i))); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"portal":%q,"mediaId":%q,"selector":"original","status":"downloaded","path":"photo-%06d.jpg","bytes":%d,`+
			`"etag":"\"9a0364b9e99bb480dd25e1f0284c8555\"","verified":"md5","attempts":1,"seconds":0.123456789,"finishedAt":"2026-05-06T07:08:09.123456789Z"}`+"\n",
			portal, mediaID(i), i, len(content))
	}
	return os.WriteFile(journal, b.Bytes(), 0o644)
}

func countLines(file string) (int, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n := 0
	buf := make([]byte, 256<<10)
	for {
		read, err := f.Read(buf)
		n += bytes.Count(buf[:read], []byte{'\n'})
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// hasFlag tells whether a help text describes a flag.
func hasFlag(help, flag string) bool {
	return regexp.MustCompile(`(?m)^\s+(-\w, )?` + regexp.QuoteMeta(flag) + `\s`).MatchString(help)
}
