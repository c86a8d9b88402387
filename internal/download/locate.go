package download

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// locate returns the temporary location of a job's file, and what distinguishes the file in its name: the name of a
// derivative, the label of a transformation, or "". again is the number of earlier locations. For the first one, known
// metadata are used if they have a URL.
func locate(ctx context.Context, p Portal, job Job, again int) (transfer.Location, string, error) {
	switch job.Selector.Kind {
	case bynder.Derivative:
	case bynder.Transform:
		return transformed(ctx, p, job, again)
	default:
		if location, ok := published(p, job); ok && again == 0 {
			return location, "", nil
		}
		location, err := p.Location(ctx, job.MediaID, job.Selector)
		return transfer.Location{URL: location.URL, Asked: time.Now()}, "", err
	}
	if job.Selector.Name == bynder.OriginalChoice { // no metadata are needed
		return original(ctx, p, job)
	}
	asset, asked, err := metadata(ctx, p, job, again)
	if err != nil {
		return transfer.Location{}, "", err
	}
	links, err := derivatives(asset, job)
	if err != nil {
		return transfer.Location{}, "", err
	}
	name, ok := job.Selector.Choose(links)
	if !ok {
		return transfer.Location{}, "", lacks(job.Selector.Name, links)
	}
	if name == bynder.OriginalChoice {
		return original(ctx, p, job)
	}
	found, err := p.Link(links[name])
	switch {
	case err != nil && again == 0 && asked.IsZero(): // in a saved list
		return locate(ctx, p, job, 1)
	case err != nil:
		return transfer.Location{}, "", &bynder.ProtocolError{Err: fmt.Errorf("derivative %q: %w", name, err)}
	}
	return transfer.Location{URL: found.URL, Asked: asked}, name, nil
}

// transformed returns the URL of the transformed image that a job requests.
func transformed(ctx context.Context, p Portal, job Job, again int) (transfer.Location, string, error) {
	asset, asked, err := metadata(ctx, p, job, again)
	if err != nil {
		return transfer.Location{}, "", err
	}
	base, err := p.Link(asset.TransformBase)
	switch saved := again == 0 && asked.IsZero(); {
	case err != nil && saved: // in a list that may lack it
		return transformed(ctx, p, job, 1)
	case asset.TransformBase == "":
		return transfer.Location{}, "", lacksTransforms()
	case err != nil:
		return transfer.Location{}, "", &bynder.ProtocolError{Err: fmt.Errorf("transformBaseUrl: %w", err)}
	}
	location := transfer.Location{URL: bynder.TransformURL(base.URL, job.Selector.Name), Asked: asked}
	return location, bynder.TransformLabel(job.Selector.Name), nil
}

// metadata returns the metadata of a job's asset, and when they were requested: known ones, unless there was an
// earlier location.
func metadata(ctx context.Context, p Portal, job Job, again int) (*bynder.Asset, time.Time, error) {
	switch {
	case job.Asset != nil && again == 0:
		return job.Asset, job.asked, nil
	case job.batch != nil:
		return job.batch.again(ctx, p, job.MediaID, again)
	default:
		asset, err := p.Asset(ctx, job.MediaID)
		return asset, time.Now(), err
	}
}

// original returns the location of the original of a job for a derivative.
func original(ctx context.Context, p Portal, job Job) (transfer.Location, string, error) {
	var itself bynder.Selector
	if id := job.Selector.ItemID; id != "" {
		itself = bynder.Selector{Kind: bynder.Item, ItemID: id}
	}
	location, err := p.Location(ctx, job.MediaID, itself)
	return transfer.Location{URL: location.URL, Asked: time.Now()}, bynder.OriginalChoice, err
}

// derivatives returns the URLs of the derivatives of a job's asset or media item, by name.
func derivatives(asset *bynder.Asset, job Job) (map[string]string, error) {
	id := job.Selector.ItemID
	if id == "" {
		return asset.Derivatives, nil
	}
	for item, err := range asset.Items() {
		if err == nil && strings.EqualFold(item.ID, id) {
			return item.Derivatives, nil
		}
	}
	return nil, &Error{
		Code: CodeNotFound, Err: fmt.Errorf("the asset has no media item %q", id),
		Advice: "list the files of the asset with `bynder items " + job.MediaID + "`",
	}
}

// Pick returns which of an asset's derivatives a selector chooses, or the label of the transformed image, and its URL as
// the portal writes it, without a call; both are "" for an original, and the URL is for OriginalChoice. If the asset has
// no such file, the error is an *Error of code not_found.
func Pick(a *bynder.Asset, s bynder.Selector) (chosen, link string, err error) {
	switch s.Kind {
	case bynder.Derivative:
		name, ok := s.Choose(a.Derivatives)
		if !ok {
			return "", "", lacks(s.Name, a.Derivatives)
		}
		if name == bynder.OriginalChoice {
			return name, "", nil
		}
		return name, a.Derivatives[name], nil
	case bynder.Transform:
		if a.TransformBase == "" {
			return "", "", lacksTransforms()
		}
		return bynder.TransformLabel(s.Name), a.TransformBase, nil
	default:
		return "", "", nil
	}
}

// lacksTransforms returns the error of an asset without images of other sizes.
func lacksTransforms() error {
	return &Error{
		Code: CodeNotFound, Err: errors.New("the portal makes no images of other sizes of this asset (it has no transformBaseUrl)"),
		Advice: "Dynamic Asset Transformation is for images, on portals that have it: choose an existing derivative",
	}
}

// isFirstChoice reports whether a result is of the derivative that the job prefers.
func (job *Job) isFirstChoice(known Result) bool {
	return !job.Selector.HasChoices() || job.Selector.IsFirst(known.Chosen)
}

// holds reports whether the result that was known before the run still holds.
func (job *Job) holds() bool {
	known := job.recorded
	return known != nil && (job.isFirstChoice(*known) || choice(*job) == known.Chosen)
}

// choice returns the derivative that a job would choose now, "" if that is not known.
func choice(job Job) string {
	if job.Err != nil || job.Asset == nil {
		return ""
	}
	links, err := derivatives(job.Asset, job)
	if err != nil {
		return ""
	}
	name, _ := job.Selector.Choose(links)
	return name
}

// lacks returns the error of an asset without the requested derivatives, whose hint lists those that it has.
func lacks(name string, links map[string]string) error {
	e := &Error{Code: CodeNotFound, Err: fmt.Errorf("the asset has no derivative %q", name), Advice: "the asset has no derivatives"}
	if len(links) > 0 {
		e.Advice = "the asset has " + strings.Join(slices.Sorted(maps.Keys(links)), ", ")
	}
	return e
}
