package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
)

// storage serves a file of a set. It returns the URL of the set and what ends the server.
type storage func(ctx context.Context, s *site, set, name string) (base string, stop func(), err error)

// fromNginx serves all files, with ETags that are not digests.
func fromNginx(_ context.Context, s *site, set, _ string) (string, func(), error) {
	return "https://" + s.nginx.addr + "/" + set + "/", func() {}, nil
}

// withDigest serves the file with its MD5 as ETag.
func withDigest(ctx context.Context, s *site, set, name string) (string, func(), error) {
	addr, stop, err := s.startOrigin(ctx, s.path("served", set, name))
	return "https://" + addr + "/" + set + "/", stop, err
}

// oneLarge sets up the contest for one large file.
func oneLarge(from storage, flags []string, beside func(s *site, url string) []string) func(context.Context, *site) (*contest, error) {
	return func(ctx context.Context, s *site) (*contest, error) {
		const set = "large"
		names, err := s.files(set, 1, s.sizes.large)
		if err != nil {
			return nil, err
		}
		base, stop, err := from(ctx, s, set, names[0])
		if err != nil {
			return nil, err
		}
		c, err := s.contest(ctx, set, []string{base + names[0]})
		if err != nil {
			stop()
			return nil, err
		}
		c.ended = append(c.ended, stop)
		c.ours.args = s.download(slices.Concat(flags, []string{mediaID(0)})...)
		c.beside.args = beside(s, base+names[0])
		return c, nil
	}
}

func curlOne(s *site, url string) []string {
	return []string{"curl", "-sS", "--fail", "--http1.1", "--cacert", s.cert(), "-o", filepath.Join(s.out(), filepath.Base(url)), url}
}

func curlAndSum(s *site, url string) []string {
	script := `out=$1; shift; "$@" && md5sum "$out"`
	return append([]string{"sh", "-c", script, "sh", filepath.Join(s.out(), filepath.Base(url))}, curlOne(s, url)...)
}

// fromLimited sets up the contest for a file from storage that limits the rate of each connection. With a straggler,
// one connection of eight is ten times slower: another one in each pair, in the second pair the one that is opened
// first.
func fromLimited(connections int, straggler bool) func(context.Context, *site) (*contest, error) {
	return func(ctx context.Context, s *site) (*contest, error) {
		const set = "limited"
		names, err := s.files(set, 1, s.sizes.limited)
		if err != nil {
			return nil, err
		}
		var slow atomic.Int64
		between, err := newProxy(ctx, s.nginx.addr, func(n int) network {
			if straggler && n%8 == int(slow.Load()) {
				return network{rate: limitedRate / slowdown}
			}
			return network{rate: limitedRate}
		})
		if err != nil {
			return nil, err
		}
		url := "https://" + between.addr() + "/" + set + "/" + names[0]
		c, err := s.contest(ctx, set, []string{url})
		if err != nil {
			between.close()
			return nil, err
		}
		c.ended = append(c.ended, between.close)
		c.before = func(pair int) {
			slow.Store(int64((3 + 5*pair) % 8))
			between.reset()
		}
		c.ours.args = s.download("--no-verify", mediaID(0))
		if connections != 8 {
			c.ours.args = append(c.ours.args, "--connections", fmt.Sprint(connections))
		}
		// --file-allocation=none saves aria2c work that has no use on tmpfs.
		c.beside.args = []string{
			"aria2c", "--no-conf", "-q", "--file-allocation=none", "--ca-certificate=" + s.cert(),
			fmt.Sprintf("-x%d", connections), fmt.Sprintf("-s%d", connections), "-k1M", "-d", s.out(), url,
		}
		return c, nil
	}
}
