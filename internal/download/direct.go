package download

import (
	"context"
	"errors"
	"fmt"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// published returns the location of the original that a job's metadata have, if the job is direct. Any failure there leads to
// another location: it is Tentative, and not known to be new.
func published(p Portal, job Job) (transfer.Location, bool) {
	if !job.direct || job.Selector.Kind != bynder.Original || job.Asset == nil {
		return transfer.Location{}, false
	}
	found, err := p.Link(job.Asset.Original)
	return transfer.Location{URL: found.URL, Tentative: true}, err == nil
}

// checkPublished reports the URL of the original in the metadata as a failed attempt if it is invalid.
func (f *file) checkPublished() {
	if a := f.job.Asset; f.job.direct && a != nil && a.Original != "" {
		if _, err := f.engine.API.Link(a.Original); err != nil {
			f.retried(fmt.Errorf("the URL of the original in the metadata: %w", err), 0)
		}
	}
}

// errDiffers returns the error of an original from the URL in the metadata that would replace an existing file, or get another
// name because of one: only the location that the portal returns shows that the two differ.
func errDiffers() error {
	return &Error{Code: CodeExists, Err: errors.New("the existing file differs from that of the URL in the metadata")}
}

// failsDirectly reports whether a transfer that ended with err did so because of the URL in the asset's metadata: storage failed
// there, or has something else than the file, also where a file is in place and differs from that.
func (f *file) failsDirectly(err error) bool {
	if err == nil || f.result.Via != ViaDirect || f.written {
		return false
	}
	if present, ok := errors.AsType[*Present](err); ok {
		return present.Status == Skipped
	}
	if refused, ok := errors.AsType[*Error](err); ok && refused.Code == CodeExists {
		return true
	}
	_, failed := errors.AsType[*transfer.Error](err)
	return failed || f.result.Suspect != ""
}

// fallBack transfers the file from the location that a call gives.
func (f *file) fallBack(ctx context.Context, err error) (Partial, error) {
	f.forget(err)
	return f.transfer(ctx)
}

// forget clears what the URL in the metadata has said of the file, after an attempt that ended with err.
func (f *file) forget(err error) {
	if _, named := errors.AsType[*transfer.Error](err); !named {
		err = fmt.Errorf("get %s: %w", f.at, err)
	}
	f.retried(err, 0)
	f.claim.Withdraw()
	f.job.direct = false
	f.target, f.object = Target{}, transfer.Object{}
	f.clearContent()
	r := &f.result
	r.Name, r.ETag, r.Encoding, r.Suspect, r.ResumedFrom = assetName(f.job), "", "", "", 0
}

// suspicion returns why the bytes in storage are probably not the file, as suspicion does. At the URL in the metadata, their
// type also has to match the extension of the asset, because a page there may have a name of its own.
func (f *file) suspicion(size int64) string {
	why, a := suspicion(f.job, f.target.Name, f.object, size), f.job.Asset
	if why == "" && f.result.Via == ViaDirect && a.Extension() != "" {
		expected := f.object
		expected.Name = assetName(f.job) + "." + a.Extension()
		why = suspicion(f.job, "", expected, size)
	}
	return why
}
