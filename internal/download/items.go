package download

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// AllItems replaces each job by one job per media item of its asset, with one call per
// asset; items that cannot be read become one job that fails. expanded receives the number
// of jobs before the first is yielded.
func AllItems(ctx context.Context, p Portal, jobs iter.Seq[Job], expanded func(Job, int)) iter.Seq[Job] {
	return func(yield func(Job) bool) {
		for job := range jobs {
			if job.Err == nil {
				job.Asset, job.Err = p.Asset(ctx, job.MediaID)
			}
			n := 0
			for range itemsOf(job) {
				n++
			}
			expanded(job, n)
			for item := range itemsOf(job) {
				if !yield(item) {
					return
				}
			}
		}
	}
}

// EachName returns a Step that replaces each job by one job per name (bynder.Selector.Name), without a call.
// expanded receives the number of jobs before the first is yielded.
func EachName(names []string, expanded func(Job, int)) Step {
	return func(_ context.Context, _ Portal, jobs iter.Seq[Job]) iter.Seq[Job] {
		return func(yield func(Job) bool) {
			for job := range jobs {
				if job.Err != nil {
					if !yield(job) {
						return
					}
					continue
				}
				expanded(job, len(names))
				for _, job.Selector.Name = range names {
					if !yield(job) {
						return
					}
				}
			}
		}
	}
}

// itemsOf yields one job per media item, or a job that fails if the asset has none. The items
// are decoded one at a time, because an asset may have very many.
func itemsOf(job Job) iter.Seq[Job] {
	return func(yield func(Job) bool) {
		if job.Err != nil {
			yield(job)
			return
		}
		items, malformed := 0, 0
		seen := map[string]bool{}
		var first error
		for item, err := range job.Asset.Items() {
			if err != nil {
				if malformed++; first == nil {
					first = err
				}
				continue
			}
			items++
			if id := strings.ToUpper(item.ID); seen[id] {
				continue // each file has one result
			} else {
				seen[id] = true
			}
			each := job
			each.Selector, each.Size = bynder.Selector{Kind: bynder.Item, ItemID: item.ID}, max(item.Size, 0)
			if !yield(each) {
				return
			}
		}
		switch {
		case malformed > 0:
			if malformed > 1 {
				first = fmt.Errorf("%w (and %d more such items)", first, malformed-1)
			}
			job.Selector = bynder.Selector{Kind: bynder.Item}
			job.Err = first
		case items == 0:
			job.Err = &Error{Code: CodeNotFound, Err: errors.New("the asset has no media items")}
		default:
			return
		}
		yield(job)
	}
}

// WithItems gives each job the asset with its media items, with one call for consecutive
// jobs of one asset.
func WithItems(ctx context.Context, p Portal, jobs iter.Seq[Job]) iter.Seq[Job] {
	return func(yield func(Job) bool) {
		var latest Job
		var sizes map[string]int64 // of latest's items, by id in upper case
		for job := range jobs {
			if job.Err == nil && (latest.MediaID != job.MediaID || latest.Asset == nil && latest.Err == nil) {
				latest = Job{MediaID: job.MediaID}
				latest.Asset, latest.Err = p.Asset(ctx, job.MediaID)
				latest.asked = time.Now()
				sizes = itemSizes(latest.Asset)
			}
			if job.Err == nil {
				job.Asset, job.Err, job.asked = latest.Asset, latest.Err, latest.asked
				if size := sizes[strings.ToUpper(job.Selector.ItemID)]; size > 0 {
					job.Size = size
				}
			}
			if !yield(job) {
				return
			}
		}
	}
}

// itemSizes returns the sizes in bytes of an asset's items that the portal reports, by their ids in
// upper case. A nil asset has none.
func itemSizes(asset *bynder.Asset) map[string]int64 {
	sizes := map[string]int64{}
	if asset == nil {
		return sizes
	}
	for item, err := range asset.Items() {
		if err == nil && item.Size > 0 {
			sizes[strings.ToUpper(item.ID)] = item.Size
		}
	}
	return sizes
}
