package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// knownToJournal sets up the row for ids that are all done, which nothing else does.
func knownToJournal(ctx context.Context, s *site) (*contest, error) {
	n := s.sizes.known
	p, err := s.startPortal(ctx, nil, 0)
	if err != nil {
		return nil, err
	}
	c := &contest{portal: p.addr(), units: n, ended: []func(){p.close, func() { _ = os.RemoveAll(s.kept()) }}}
	journal := s.path("journal.ndjson")
	if err := errors.Join(s.writeIDs(n), s.writeJournal(journal, p.addr(), n)); err != nil {
		c.close()
		return nil, err
	}
	c.ours.args = []string{s.bynder, "download", "-d", s.kept(), "--max-failures", "1", "--journal", journal, "--from", s.path("ids")}
	c.ours.check = func(stdout string) error {
		said, err := countLines(stdout)
		if err == nil && (said != n || p.calls.Load() != 0) {
			err = fmt.Errorf("%d of %d ids were found, with %d API calls", said, n, p.calls.Load())
		}
		return err
	}
	return c, nil
}

// writeJournal writes a journal of n originals, each with a path of its own in the folder kept. They are links to one
// file: more files would measure how fast a file system creates them.
func (s *site) writeJournal(journal, portal string, n int) error {
	const content = "content"
	if err := os.Mkdir(s.kept(), 0o755); err != nil {
		return err
	}
	first := filepath.Join(s.kept(), fmt.Sprintf("photo-%06d.jpg", 0))
	if err := os.WriteFile(first, []byte(content), 0o644); err != nil {
		return err
	}
	for i := 1; i < n; i++ {
		if err := os.Link(first, filepath.Join(s.kept(), fmt.Sprintf("photo-%06d.jpg", i))); err != nil {
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

// syncUnchanged sets up the row for a sync of assets of which none has changed, which nothing else does.
func syncUnchanged(ctx context.Context, s *site) (*contest, error) {
	const set, size = "synced", 1 << 10
	names, err := s.files(set, 1, size)
	if err != nil {
		return nil, err
	}
	urls := make([]string, s.sizes.listed)
	for i := range urls {
		urls[i] = "https://" + s.nginx.addr + "/" + set + "/" + names[0] // the paths are of the assets' names
	}
	p, err := s.startPortal(ctx, urls, size)
	if err != nil {
		return nil, err
	}
	c := &contest{portal: p.addr(), units: len(urls), ended: []func(){p.close, func() { _ = os.RemoveAll(s.kept()) }}}
	c.before = func(int) { p.calls.Store(0) }
	c.count = p.calls.Load
	if _, err := s.once(ctx, c, side{args: []string{s.bynder, "sync", "--api-rate", "0", s.kept()}}, 0); err != nil {
		c.close()
		return nil, err
	}
	c.ours.args = []string{s.bynder, "sync", s.kept()}
	c.ours.check = func(stdout string) error {
		changes, err := countLines(stdout)
		if err != nil {
			return err
		}
		synced, err := filepath.Glob(filepath.Join(s.kept(), "Campaign picture *.jpg"))
		if err == nil && (changes != 0 || len(synced) != len(urls)) {
			err = fmt.Errorf("%d of %d files, and %d changes", len(synced), len(urls), changes)
		}
		return err
	}
	return c, nil
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
