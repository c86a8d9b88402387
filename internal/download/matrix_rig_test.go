package download_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/budget"
	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/sandbox"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
	"github.com/bynder-cli/bynder/internal/transport"
)

const (
	// retries keeps the waits of a row below some ten seconds.
	retries = 3
	// penalty is how long the sandbox blocks after a 429.
	penalty = time.Second
	// patience bounds every wait; nothing comes near it unless it hangs.
	patience = 3 * time.Minute

	permanentToken = "matrix"
)

// rig is the world of one row: a portal with its storage, a folder to put files in, and
// a count of the bytes of files that were read from connections.
type rig struct {
	begun   bool             // the last get had the sink receive the file
	sandbox *sandbox.Sandbox // nil in another process
	portal  *url.URL
	asset   string
	image   string // the transformation that the file is
	saved   bool   // the file is a derivative whose link was listed before
	direct  bool   // the original comes from the URL in its asset's metadata
	folder  string // DIR, which has its parent to itself
	state   string // of the API allowance
	fetched counter

	strict bool
	synced *download.Replaceable // the file that sync has written, if this is sync's next run
	told   int64                 // what the portal told of the file's size; 0 for nothing; with direct -1 for nothing

	connections int // for one file at a time; 0 for one
	requests    *requests

	idle    time.Duration // 0 for one that no row reaches
	undated bool          // storage does not say when the file was changed
	sink    sink.DirOptions
	bucket  bool      // the file goes to the sandbox's bucket
	out     io.Writer // nil, or where the file goes in place of the folder
	hooks   hooks
	atEnd   func() // nil, or what is left to do
}

// hooks are what a row does in the middle of a transfer; any may be nil.
type hooks struct {
	answered func()                           // storage has answered with some of the file
	started  func()                           // the partial is open
	advanced func(landed int64)               // so many bytes have been written
	retried  func(err error, _ time.Duration) // something is tried again
}

// newRig starts a sandbox in which faults are on, and makes its folders below root.
func newRig(ctx context.Context, root, faults string) (g *rig, stop func(), err error) {
	strikes, err := parseFaults(faults)
	if err != nil {
		return nil, nil, err
	}
	s, err := sandbox.New(sandbox.Options{
		Assets: -1, Penalty: penalty, Faults: strikes, Credentials: sandbox.Credentials{PermanentToken: permanentToken},
	})
	if err != nil {
		return nil, nil, err
	}
	g = &rig{
		sandbox: s, asset: sandbox.DocumentedAsset, requests: &requests{},
		folder: filepath.Join(root, "around", "dir"), state: filepath.Join(root, "state"),
	}
	if err := os.MkdirAll(g.folder, 0o777); err != nil {
		return nil, nil, err
	}
	if g.fetched, err = openCounter(filepath.Join(root, "fetched")); err != nil {
		return nil, nil, err
	}
	serving, err := s.Start(context.WithoutCancel(ctx))
	if err != nil {
		return nil, nil, errors.Join(err, g.fetched.file.Close())
	}
	g.portal = &url.URL{Scheme: "http", Host: strings.TrimPrefix(s.PortalURL(), "http://")}
	return g, func() {
		serving()
		_ = g.fetched.file.Close()
	}, nil
}

// parseFaults reads faults as --fault takes them, apart by spaces.
func parseFaults(text string) ([]sandbox.Fault, error) {
	var faults []sandbox.Fault
	for one := range strings.FieldsSeq(text) {
		f, err := sandbox.ParseFault(one)
		if err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// object is the file as it is on storage when nothing is wrong.
func (g *rig) object() sandbox.Object {
	selector := "original"
	switch {
	case g.saved:
		selector = "derivative/webimage"
	case g.image != "":
		selector = "transform/" + g.image
	}
	o, ok := g.sandbox.Object(g.asset, selector)
	if !ok {
		panic("the sandbox has no file of " + g.asset)
	}
	return o
}

// get brings the original of the asset to the folder as the program does, and returns
// its result.
func (g *rig) get(ctx context.Context) (download.Result, error) {
	allowance, err := budget.Open(g.portal.String(), budget.DefaultRate, budget.Options{Dir: g.state, Penalty: penalty})
	if err != nil {
		return download.Result{}, err
	}
	seen := &witness{hooks: g.hooks}
	o := transport.Options{UserAgent: "bynder-test", PlainHTTP: true, Allowance: allowance, Retries: retries, Retried: seen.retried, Refusal: bynder.Refusal}
	api := transport.Portal(config.Config{Portal: g.portal, Credentials: config.Credentials{
		Kind: config.PermanentToken, PermanentToken: config.NewSecret(permanentToken),
	}}, o)
	defer api.CloseIdleConnections()
	storage := transport.Storage(o)
	defer storage.CloseIdleConnections()
	counted := *storage
	counted.Transport = &counting{next: storage.Transport, fetched: g.fetched, requests: g.requests, answered: g.hooks.answered}

	to, err := g.destination(ctx)
	if err != nil {
		return download.Result{}, err
	}
	closing := sync.OnceValue(to.Close)
	defer closing()
	idle := g.idle
	if idle == 0 {
		idle = patience
	}
	client := bynder.New(g.portal, api)
	job := download.Job{MediaID: g.asset, Size: g.told, Replaces: g.synced}
	if g.image != "" {
		job.Selector = bynder.Selector{Kind: bynder.Transform, Name: g.image}
	}
	if g.saved {
		job.Selector = bynder.Selector{Kind: bynder.Derivative, Name: "webimage"}
		if job.Asset, err = client.Asset(ctx, g.asset); err != nil {
			return download.Result{}, err
		}
	}
	if g.direct {
		if job.Asset, err = client.Asset(ctx, g.asset); err != nil {
			return download.Result{}, err
		}
		if g.told < 0 {
			job.Asset.Size, job.Size = -1, 0
		}
	}
	engine := download.Engine{
		API: client,
		Opener: transfer.New(transfer.Options{
			Client: &counted, Retries: retries, Idle: idle, AllowHTTP: true, Jobs: max(g.connections, 1), Connections: max(g.connections, 1),
			KeepCoded: g.bucket,
		}),
		Sink:     to.Sink,
		Progress: seen,
		Results:  []download.ResultObserver{seen},
		Options: download.Options{
			Portal: g.portal.Host,
			Name:   func(_ download.Job, obj transfer.Object) string { return naming.Safe(obj.Name) },
			Digest: transfer.DigestOptions{Verify: !g.sink.NoVerify},
			Strict: g.strict,
			Direct: g.direct,
		},
	}
	if to.Dir != nil {
		engine.Options.Existing = to.Dir.Existing
	}
	tally := engine.Run(ctx, func(context.Context) iter.Seq[download.Job] {
		return slices.Values([]download.Job{job})
	})
	if len(seen.results) != 1 || tally.Wanted != 1 {
		return download.Result{}, fmt.Errorf("%d results and a tally of %+v, want one of each", len(seen.results), tally)
	}
	if err := closing(); err != nil {
		return download.Result{}, err
	}
	g.begun = seen.begun
	result := seen.results[0]
	if result.Path != "" && to.Show != nil {
		result.Path = to.Show(result.Path)
	}
	return result, nil
}

func (g *rig) destination(ctx context.Context) (sink.Output, error) {
	if g.bucket {
		return g.openBucket(ctx)
	}
	if g.out != nil {
		return sink.Output{Sink: sink.NewStream(g.out, ""), Close: func() error { return nil }}, nil
	}
	dir, err := sink.NewDir(g.folder, g.sink)
	if err != nil {
		return sink.Output{}, err
	}
	return sink.Output{Sink: dir, Dir: dir, Show: dir.Show, Close: dir.Close}, nil
}

// witness observes one get.
type witness struct {
	hooks  hooks
	landed int64
	begun  bool

	mu      sync.Mutex
	results []download.Result
}

func (w *witness) Started(download.Job, string, transfer.Object, int64) {
	w.begun = true
	if w.hooks.started != nil {
		w.hooks.started()
	}
}

func (w *witness) Advanced(_ download.Job, n int64) {
	w.landed += n
	if w.hooks.advanced != nil {
		w.hooks.advanced(w.landed)
	}
}

func (w *witness) Retried(_ download.Job, _ string, err error, wait time.Duration) {
	w.retried(err, wait)
}

func (w *witness) retried(err error, wait time.Duration) {
	if w.hooks.retried != nil {
		w.hooks.retried(err, wait)
	}
}

func (w *witness) Finished(_ download.Job, r download.Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.results = append(w.results, r)
}

// requests knows which requests for the file were under way at the same time: each from when it was
// sent until its answer was closed. When first bytes come is up to the machine; that the next
// request is sent while another one is open hardly is.
type requests struct {
	mu    sync.Mutex
	clock int
	all   []*request
}

type request struct {
	sent, closed int  // on the clock; not closed yet at 0
	brought      bool // some of the file
}

func (rs *requests) begin() *request {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.clock++
	r := &request{sent: rs.clock}
	rs.all = append(rs.all, r)
	return r
}

func (rs *requests) bring(r *request) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r.brought = true
}

func (rs *requests) end(r *request) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.clock++; r.closed == 0 {
		r.closed = rs.clock
	}
}

// atOnce is in words how many requests that brought something were under way at the same time.
func (rs *requests) atOnce() string {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	most := "none"
	for i, r := range rs.all {
		if !r.brought {
			continue
		}
		most = "one"
		for _, later := range rs.all[i+1:] {
			if later.brought && (r.closed == 0 || later.sent < r.closed) {
				return "several"
			}
		}
	}
	return most
}

// counting counts the bytes of files that are read from the answers of storage.
type counting struct {
	next     http.RoundTripper
	fetched  counter
	requests *requests
	answered func()
}

func (c *counting) RoundTrip(req *http.Request) (*http.Response, error) {
	r := c.requests.begin()
	resp, err := c.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		c.requests.end(r)
		return resp, err
	}
	resp.Body = &countedBody{ReadCloser: resp.Body, fetched: c.fetched, requests: c.requests, request: r}
	if c.answered != nil {
		c.answered()
	}
	return resp, nil
}

type countedBody struct {
	io.ReadCloser
	fetched  counter
	requests *requests
	request  *request
}

func (b *countedBody) Close() error {
	b.requests.end(b.request)
	return b.ReadCloser.Close()
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.requests.bring(b.request)
		if err := b.fetched.add(n); err != nil {
			return n, err
		}
	}
	return n, err
}

// counter is a file that several processes, one of which may be killed, add to: the sum
// of its records.
type counter struct{ file *os.File }

func openCounter(path string) (counter, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	return counter{f}, err
}

func (c counter) add(n int) error {
	_, err := c.file.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
	return err
}

func (c counter) sum() (int64, error) {
	records, err := os.ReadFile(c.file.Name())
	var sum int64
	for ; len(records) >= 8; records = records[8:] {
		sum += int64(binary.LittleEndian.Uint64(records))
	}
	return sum, err
}
