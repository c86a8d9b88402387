package download

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// locate finds the temporary location of a job's file; again is how many were asked for
// before it. For the first one, what the metadata say will do, unless that is no URL.
func locate(ctx context.Context, p Portal, job Job, again int) (transfer.Location, error) {
	if job.Selector.Kind != bynder.Derivative {
		location, err := p.Location(ctx, job.MediaID, job.Selector)
		return transfer.Location{URL: location.URL, Asked: time.Now()}, err
	}
	asset, asked := job.Asset, job.asked
	var err error
	switch {
	case asset != nil && again == 0:
		location, err := derivative(p, asset, job)
		if malformed := (*bynder.ProtocolError)(nil); asked.IsZero() && errors.As(err, &malformed) {
			return locate(ctx, p, job, 1)
		}
		return transfer.Location{URL: location, Asked: asked}, err
	case job.batch != nil:
		asset, asked, err = job.batch.again(ctx, p, job.MediaID, again)
	default:
		asset, err = p.Asset(ctx, job.MediaID)
		asked = time.Now()
	}
	if err != nil {
		return transfer.Location{}, err
	}
	location, err := derivative(p, asset, job)
	return transfer.Location{URL: location, Asked: asked}, err
}

// derivative finds the URL of a job's derivative in the metadata.
func derivative(p Portal, asset *bynder.Asset, job Job) (*url.URL, error) {
	thumbnails := asset.Thumbnails
	if id := job.Selector.ItemID; id != "" {
		found := false
		for item, err := range asset.Items() {
			if found = err == nil && strings.EqualFold(item.ID, id); found {
				thumbnails = item.Thumbnails
				break
			}
		}
		if !found {
			return nil, &Error{
				Code: CodeNotFound, Err: fmt.Errorf("the asset has no media item %q", id),
				Advice: "`bynder items " + job.MediaID + "` lists its items",
			}
		}
	}
	text, ok := thumbnails[job.Selector.Name]
	if !ok {
		return nil, lacks(job.Selector.Name, thumbnails)
	}
	found, err := p.Link(text)
	if err != nil {
		return nil, &bynder.ProtocolError{Err: fmt.Errorf("derivative %q: %w", job.Selector.Name, err)}
	}
	return found.URL, nil
}

// lacks says which derivatives there are in place of the one asked for.
func lacks(name string, thumbnails map[string]string) error {
	e := &Error{Code: CodeNotFound, Err: fmt.Errorf("there is no derivative %q", name), Advice: "there are none at all"}
	if len(thumbnails) > 0 {
		e.Advice = "there are " + strings.Join(slices.Sorted(maps.Keys(thumbnails)), ", ")
	}
	return e
}
