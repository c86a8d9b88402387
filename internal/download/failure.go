package download

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"syscall"

	"github.com/bynder-cli/bynder/internal/budget"
	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/retry"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// FailureOf returns the failure for an error that does not belong to a job.
func FailureOf(ctx context.Context, err error) *Failure { return failure(ctx, Job{}, err) }

// failure returns the failure for an error: the one function that decides its code.
func failure(ctx context.Context, job Job, err error) *Failure {
	f := &Failure{Message: err.Error()}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		f.Hint = hinted.Hint()
	}
	var (
		known     *Error
		blocked   *budget.Exhausted
		api       *bynder.APIError
		protocol  *bynder.ProtocolError
		storage   *transfer.Error
		timeout   interface{ Timeout() bool }
		malformed interface{ MalformedAnswer() }
		local     *fs.PathError
	)
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)), errors.Is(err, context.Canceled):
		f.Code, f.Message, f.Retryable = CodeInterrupted, "interrupted", true
	case errors.As(err, &known):
		f.Code, f.Retryable = known.Code, known.Retryable
	case errors.As(err, &blocked):
		f.Code, f.HTTPStatus, f.Retryable = CodeRateLimited, http.StatusTooManyRequests, true
	case errors.As(err, &api):
		f.Code, f.HTTPStatus = apiCode(api.Status), api.Status
		f.Retryable = retry.Answer(api.Status, api.Header)
		if role := missingRole(job.Asset); role != "" && f.Code == CodeForbidden {
			f.Hint = role
		}
	case errors.As(err, &protocol):
		f.Code = CodeProtocol
	case errors.As(err, &storage):
		f.Code, f.HTTPStatus, f.Retryable = Code(storage.Kind), storage.Status, storage.Retryable
		if storage.Kind == transfer.Integrity && f.Hint == "" {
			f.Hint = "open the file in the portal: it may be damaged there"
		}
		if job.Selector.Kind == bynder.Transform && storage.Kind == transfer.Storage {
			refusedImage(f, job)
		}
	case errors.As(err, &malformed):
		f.Code = CodeProtocol
	case errors.As(err, &timeout) && timeout.Timeout():
		f.Code, f.Retryable = CodeTimeout, true
	case errors.Is(err, syscall.ENOSPC):
		f.Code = CodeDiskFull
	case errors.As(err, &local):
		f.Code = CodeLocal
	default:
		f.Code, f.Retryable = CodeNetwork, retry.Temporary(err)
	}
	return f
}

// refusedImage sets the code and hint for a status from the URL of a transformed image. The portal's documentation
// does not list its statuses.
func refusedImage(f *Failure, job Job) {
	switch f.HTTPStatus {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusNotImplemented:
		f.Code, f.Retryable = CodeUsage, false
		f.Hint = "check --transform, --format and --quality: the portal may not know them"
		if job.Recorded {
			f.Hint = "look at the asset in the portal"
		}
	case http.StatusNotFound, http.StatusGone:
		f.Code = CodeNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		f.Code, f.Retryable = CodeForbidden, false
		f.Hint = "Dynamic Asset Transformation may not be enabled for this portal"
	default:
		return
	}
	f.Message = "the portal cannot make this image (" + job.Selector.Name + "): " + f.Message
}

// apiCode returns the code for a status of the portal's API.
func apiCode(status int) Code {
	switch status {
	case http.StatusUnauthorized:
		return CodeAuth
	case http.StatusForbidden:
		return CodeForbidden
	case http.StatusNotFound, http.StatusGone:
		return CodeNotFound
	case http.StatusTooManyRequests:
		return CodeRateLimited
	default:
		return CodeProtocol
	}
}

// missingRole guesses from an asset's flags which role a refusal is about; "" if the
// asset is not known.
func missingRole(a *bynder.Asset) string {
	switch {
	case a == nil:
		return ""
	case a.Archived:
		return "the asset is archived: the role ARCHIVEDOWNLOAD is probably missing"
	case a.Limited:
		return "the asset is limited: the role KEYVISUALSDOWNLOAD is probably missing"
	case a.Watermarked:
		return "the asset is watermarked: the role DOWNLOADWATERMARK is probably missing"
	default:
		return "the role MEDIAHIGHRES is probably missing"
	}
}
