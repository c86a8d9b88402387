package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// small is a set of small files, and a portal that lists them as derivatives of its assets.
type small struct {
	*contest
	urls    []string
	between *proxy // in front of storage, nil if there is no distance
}

// smallFiles makes n small files at a distance from storage, and writes the list of their ids. Behind a proxy with a
// round trip of 0, storage is as near as loopback.
func (s *site) smallFiles(ctx context.Context, n int, distance *network) (*small, error) {
	set := fmt.Sprintf("small-%d", n)
	names, err := s.files(set, n, s.sizes.small)
	if err != nil {
		return nil, err
	}
	addr, stop := s.nginx.addr, func() {}
	f := &small{}
	if distance != nil {
		if f.between, err = newProxy(ctx, addr, func(int) network { return *distance }); err != nil {
			return nil, err
		}
		addr, stop = f.between.addr(), f.between.close
	}
	f.urls = urlsOf(addr, set, names)
	if f.contest, err = s.contest(ctx, set, f.urls); err != nil {
		stop()
		return nil, err
	}
	f.ended = append(f.ended, stop)
	f.units = n
	if err := s.writeIDs(n); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func urlsOf(addr, set string, names []string) []string {
	urls := make([]string, len(names))
	for i, name := range names {
		urls[i] = "https://" + addr + "/" + set + "/" + name
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

// fetcher returns a command that fetches URLs into the out folder, and writes the lists that it reads.
type fetcher func(s *site, urls []string) ([]string, error)

// derivatives returns the command that fetches the derivative of each id.
func derivatives(flags ...string) fetcher {
	return func(s *site, _ []string) ([]string, error) {
		return s.download(append([]string{"--derivative", "webimage", "--from", s.path("ids")}, flags...)...), nil
	}
}

// curlMany returns curl with connections in parallel, and more flags.
func curlMany(connections int, flags ...string) fetcher {
	return func(s *site, urls []string) ([]string, error) {
		var b strings.Builder
		for _, u := range urls {
			fmt.Fprintf(&b, "url = %q\noutput = %q\n", u, filepath.Join(s.out(), filepath.Base(u)))
		}
		file := s.path("curl.conf")
		args := append([]string{"curl", "-sS", "--cacert", s.cert(), "--parallel", "--parallel-max", strconv.Itoa(connections), "-K", file}, flags...)
		return args, os.WriteFile(file, []byte(b.String()), 0o644)
	}
}

// wget2 returns wget2 with flags.
func wget2(flags ...string) fetcher {
	return func(s *site, urls []string) ([]string, error) {
		file := s.path("urls")
		args := append([]string{"wget2", "-q", "--ca-certificate=" + s.cert(), "-P", s.out(), "-i", file}, flags...)
		return args, os.WriteFile(file, []byte(strings.Join(urls, "\n")+"\n"), 0o644)
	}
}

// manySmall sets up the contest for many small files, of which bynder gets ids and the other program URLs.
func manySmall(distance *network, beside fetcher) func(context.Context, *site) (*contest, error) {
	return func(ctx context.Context, s *site) (*contest, error) {
		f, err := s.smallFiles(ctx, s.sizes.many, distance)
		if err != nil {
			return nil, err
		}
		var errOurs, errBeside error
		f.ours.args, errOurs = derivatives()(s, f.urls)
		f.beside.args, errBeside = beside(s, f.urls)
		if err := errors.Join(errOurs, errBeside); err != nil {
			f.close()
			return nil, err
		}
		return f.contest, nil
	}
}

// unchanged sets up the contest for files that are in place, beside the run that has fetched them.
func unchanged(distance *network) func(context.Context, *site) (*contest, error) {
	return func(ctx context.Context, s *site) (*contest, error) {
		f, err := s.smallFiles(ctx, s.sizes.unchanged, distance)
		if err != nil {
			return nil, err
		}
		f.ended = append(f.ended, func() { _ = os.RemoveAll(s.kept()) })
		flags := []string{"--derivative", "webimage", "--from", s.path("ids")}
		first := append([]string{s.bynder, "download", "-d", s.kept()}, flags...)
		f.beside.args = s.download(flags...)
		f.ours.args = slices.Concat(first, []string{"--if-exists", "overwrite"})
		if _, err := s.once(ctx, f.contest, side{args: first}, 0); err != nil {
			f.close()
			return nil, err
		}
		var written time.Time
		f.before = func(int) { written = modified(s.kept()); f.between.reset() }
		f.count = f.between.accepted.Load
		f.ours.check = func(string) error {
			if now := modified(s.kept()); !now.Equal(written) {
				return errors.New("a file that has not changed was written")
			}
			return sameFiles(s.path("served", fmt.Sprintf("small-%d", s.sizes.unchanged)), s.kept())
		}
		return f.contest, nil
	}
}

// modified returns when a file was created in a folder, or got its name there, the last time.
func modified(folder string) time.Time {
	info, err := os.Stat(folder)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// twoCurls is the usual script: request the location, then fetch the file. curl trusts SSL_CERT_FILE.
const twoCurls = `#!/bin/sh
url=$(curl -sS --fail -H "Authorization: Bearer $BYNDER_PERMANENT_TOKEN" "$BYNDER_DOMAIN/api/v4/media/$1/download/" |
	sed 's/.*"s3_file":"\([^"]*\)".*/\1/')
path=${url%%\?*}
exec curl -sS --fail -o "out/${path##*/}" "$url"
`

// originals sets up the contest for many originals, each of which costs an API call.
func originals(ctx context.Context, s *site) (*contest, error) {
	f, err := s.smallFiles(ctx, s.sizes.many, nil)
	if err != nil {
		return nil, err
	}
	script := s.path("two-curls")
	if err := os.WriteFile(script, []byte(twoCurls), 0o755); err != nil {
		f.close()
		return nil, err
	}
	f.ours.args = s.download("--api-rate", "0", "--from", s.path("ids"))
	f.beside.args = []string{"xargs", "-a", s.path("ids"), "-n", "1", "-P", "8", script}
	return f.contest, nil
}
