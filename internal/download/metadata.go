package download

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// Portal has the calls of the API that the engine makes. Errors are those of the API client.
type Portal interface {
	// Location returns a new location, with one call.
	Location(ctx context.Context, mediaID string, s bynder.Selector) (bynder.Location, error)
	// Link returns the location of a derivative from its URL, without a call.
	Link(text string) (bynder.Location, error)
	// Asset returns an asset with its media items, with one call.
	Asset(ctx context.Context, mediaID string) (*bynder.Asset, error)
	// AssetsByID yields the assets with these ids that the portal lists, about 190 per call.
	AssetsByID(ctx context.Context, ids []string) iter.Seq2[*bynder.Asset, error]
}

// batchWait is how long a batch waits for more ids when its input pauses.
const batchWait = 200 * time.Millisecond

// WithMetadata gives each job without metadata those of its asset, in as few calls as
// the length of a URL allows, and keeps the order of the jobs. An asset that the list
// does not return is requested by itself. If the input pauses, jobs wait for batchWait
// at most.
func WithMetadata(ctx context.Context, p Portal, jobs iter.Seq[Job]) iter.Seq[Job] {
	return withMetadata(ctx, p, jobs, func(job *Job, err error) { job.Err = err })
}

// WithOptionalMetadata does what WithMetadata does for files that can be downloaded without metadata: an error becomes
// the MetadataErr of the job.
func WithOptionalMetadata(ctx context.Context, p Portal, jobs iter.Seq[Job]) iter.Seq[Job] {
	return withMetadata(ctx, p, jobs, func(job *Job, err error) { job.MetadataErr = err })
}

func withMetadata(ctx context.Context, p Portal, jobs iter.Seq[Job], failed func(*Job, error)) iter.Seq[Job] {
	return func(yield func(Job) bool) {
		complete := func(jobs []Job) []Job {
			known := lookUp(ctx, p, jobs)
			together := newBatch(jobs)
			for i := range jobs {
				job := &jobs[i]
				job.batch = together
				if job.Asset == nil && job.Err == nil {
					found := known[strings.ToUpper(job.MediaID)]
					job.Asset, job.asked = found.asset, time.Now()
					failed(job, found.err)
				}
			}
			return jobs
		}
		for jobs := range prefetch(batches(jobs), complete) {
			for _, job := range jobs {
				if !yield(job) {
					return
				}
			}
		}
	}
}

// prefetch calls work on each batch and yields the result, and works on the next batch while
// the consumer uses the one before.
func prefetch(batches iter.Seq[[]Job], work func([]Job) []Job) iter.Seq[[]Job] {
	return func(yield func([]Job) bool) {
		ready, stop := make(chan []Job), make(chan struct{})
		var worker sync.WaitGroup
		defer worker.Wait()
		defer close(stop)
		worker.Go(func() {
			defer close(ready)
			for batch := range batches {
				select {
				case ready <- work(batch):
				case <-stop:
					return
				}
			}
		})
		for batch := range ready {
			if !yield(batch) {
				return
			}
		}
	}
}

// lookedUp is the portal's answer about one asset.
type lookedUp struct {
	asset *bynder.Asset
	err   error
}

// lookUp requests the metadata that the batch lacks. Case is ignored when ids are
// compared, as portals do.
func lookUp(ctx context.Context, p Portal, batch []Job) map[string]lookedUp {
	known := map[string]lookedUp{}
	var ids []string
	for _, job := range batch {
		key := strings.ToUpper(job.MediaID)
		if _, asked := known[key]; job.Asset == nil && job.Err == nil && !asked {
			known[key] = lookedUp{}
			ids = append(ids, job.MediaID)
		}
	}
	var failed error
	for asset, err := range p.AssetsByID(ctx, ids) {
		if bynder.IsMalformedElement(err) {
			continue // one element; its asset is requested by itself
		}
		if err != nil {
			failed = err
			continue
		}
		if _, asked := known[strings.ToUpper(asset.ID)]; asked {
			known[strings.ToUpper(asset.ID)] = lookedUp{asset: asset}
		}
	}
	for _, id := range ids {
		key := strings.ToUpper(id)
		if known[key].asset != nil {
			continue
		}
		if failed != nil {
			known[key] = lookedUp{err: fmt.Errorf("asking for metadata: %w", failed)}
			continue
		}
		asset, err := p.Asset(ctx, id)
		known[key] = lookedUp{asset: asset, err: err}
	}
	return known
}

// batch has the assets whose metadata were looked up together. If the URL of one derivative
// has expired, all have or soon will, so all are requested again with one call.
type batch struct {
	ids []string

	mu     sync.Mutex
	age    int // how often they were requested again
	assets map[string]*bynder.Asset
	asked  time.Time // when they were
}

func newBatch(jobs []Job) *batch {
	b := &batch{}
	for _, job := range jobs {
		if job.Err == nil && !slices.Contains(b.ids, job.MediaID) {
			b.ids = append(b.ids, job.MediaID)
		}
	}
	return b
}

// again returns the metadata of an asset that were requested again at least age times, and when
// they were. An asset that the list does not return is requested by itself.
func (b *batch) again(ctx context.Context, p Portal, id string, age int) (*bynder.Asset, time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.age < age {
		assets := map[string]*bynder.Asset{}
		for asset, err := range p.AssetsByID(ctx, b.ids) {
			if bynder.IsMalformedElement(err) {
				continue
			}
			if err != nil {
				return nil, time.Time{}, err
			}
			if slices.ContainsFunc(b.ids, func(id string) bool { return strings.EqualFold(id, asset.ID) }) {
				assets[strings.ToUpper(asset.ID)] = asset
			}
		}
		b.age, b.assets, b.asked = age, assets, time.Now()
	}
	if asset := b.assets[strings.ToUpper(id)]; asset != nil {
		return asset, b.asked, nil
	}
	asset, err := p.Asset(ctx, id)
	return asset, time.Now(), err
}

// batches groups jobs whose assets fit into one call, or that have arrived when the input
// pauses. The next batch is collected while the consumer works on the one before.
func batches(jobs iter.Seq[Job]) iter.Seq[[]Job] {
	return func(yield func([]Job) bool) {
		arriving := make(chan Job)
		stop := make(chan struct{})
		var reader sync.WaitGroup
		defer reader.Wait()
		defer close(stop)
		reader.Go(func() {
			defer close(arriving)
			for job := range jobs {
				select {
				case arriving <- job:
				case <-stop:
					return
				}
			}
		})
		var batch []Job
		var ids bynder.IDBatch
		latest := "" // of the batch: several files of one asset follow each other
		flush := func() bool {
			full := batch
			batch, ids, latest = nil, bynder.IDBatch{}, ""
			return len(full) == 0 || yield(full)
		}
		pause := time.NewTimer(batchWait)
		defer pause.Stop()
		for {
			select {
			case job, more := <-arriving:
				if !more {
					flush()
					return
				}
				if job.MediaID != latest && !ids.Add(job.MediaID) {
					if !flush() {
						return
					}
					ids.Add(job.MediaID)
				}
				batch, latest = append(batch, job), job.MediaID
				pause.Reset(batchWait)
			case <-pause.C:
				if !flush() {
					return
				}
			}
		}
	}
}
