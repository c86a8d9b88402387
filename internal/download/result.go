package download

import (
	"cmp"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/transfer"
)

// Status is the outcome of a file.
type Status string

// The outcomes. Only Failed means that the file is not in place.
const (
	Downloaded Status = "downloaded"
	Unchanged  Status = "unchanged"
	Skipped    Status = "skipped"
	Failed     Status = "failed"
)

// The outcomes that only sync has.
const (
	Moved   Status = "moved"   // the file has another path now
	Deleted Status = "deleted" // the file was removed because its asset is gone, or is not part of the sync any more
	Kept    Status = "kept"    // the file stays as it is, although the portal's file differs
)

// Action is what sync does with a file, or in a dry run would do.
type Action string

// The actions.
const (
	ActionFetch    Action = "fetch"    // transfer a file that is missing, new or has changed
	ActionMetadata Action = "metadata" // write the file with the asset's metadata, and transfer nothing
	ActionMove     Action = "move"     // give a file another path
	ActionDelete   Action = "delete"   // remove a file whose asset is gone
	ActionKeep     Action = "keep"     // leave a file as it is, although the portal's file differs
	ActionAdopt    Action = "adopt"    // record an existing file, as it is, as one of the sync
)

// Listed is what the portal's list said about a file when it was fetched. It is compared to find out whether the file
// in the portal has changed. Only the state of sync has it.
type Listed struct {
	Version  int64  `json:"version,omitempty"`  // of an original; 0 if the list has none
	Size     *int64 `json:"size,omitempty"`     // of an original in bytes, nil if the list has none; the download may be larger
	URL      string `json:"url,omitempty"`      // of a derivative, without its query
	Modified string `json:"modified,omitempty"` // the asset's dateModified, as the portal writes it
	// ModTime is the file's time, read after the file got its name.
	ModTime time.Time `json:"modTime,omitzero"`
	// Metadata is the MD5, in hexadecimal digits, of the file with the asset's metadata, "" if there is none.
	Metadata string `json:"metadata,omitempty"`
}

// Plan is what a run would do with a file. Only the results of a dry run have one.
type Plan string

// The plans. A file with the first two would be transferred.
const (
	PlanNew       Plan = "new"       // no file has the path
	PlanChanged   Plan = "changed"   // a different file would be replaced
	PlanUnchanged Plan = "unchanged" // an identical file has the path
	PlanExists    Plan = "exists"    // a different file, or an earlier file of the run, has the path and would keep it
)

// Code is the cause of a failure, from a closed set that scripts match on.
type Code string

// The causes.
const (
	CodeUsage       Code = "usage"        // invalid input, such as a malformed id
	CodeAuth        Code = "auth"         // 401, or no credentials
	CodeForbidden   Code = "forbidden"    // 403: a role is missing
	CodeNotFound    Code = "not_found"    // no such asset, file or derivative
	CodeRateLimited Code = "rate_limited" // the portal keeps blocking
	CodeNetwork     Code = "network"      // a connection failed or kept ending early
	CodeTimeout     Code = "timeout"      // no bytes arrived in time
	CodeStorage     Code = "storage"      // storage answered with an error, also at new locations
	CodeIntegrity   Code = "integrity"    // a complete answer has the wrong digest or length
	CodeExists      Code = "exists"       // another file has the name
	CodeDiskFull    Code = "disk_full"    // no space, or no quota, left
	CodeLocal       Code = "local"        // another error of the file system
	CodeInterrupted Code = "interrupted"  // stopped by a signal or by the end of the run
	CodeProtocol    Code = "protocol"     // an answer that is not as the API describes it
)

// Via is how the bytes of a file came.
type Via string

// ViaDirect is the URL of a public original in its asset's metadata, without a call for a location (Options.Direct).
const ViaDirect Via = "direct"

// Verified is how the bytes of a file were checked.
type Verified = transfer.Verified

// The checks by MD5: an ETag, or another header, that is that of the bytes; an ETag that is that of the MD5s of the parts.
const (
	VerifiedMD5       = transfer.ByMD5
	VerifiedMultipart = transfer.ByMultipart
)

// Result is the result of one file, as --json prints it, the journal stores it and the
// summary counts it. Unknown fields are left out.
type Result struct {
	Portal   string `json:"portal"`
	MediaID  string `json:"mediaId"`
	Selector string `json:"selector,omitempty"`
	ItemID   string `json:"itemId,omitempty"`
	Status   Status `json:"status"`
	// Name is the asset's or, if no metadata are known, the file's, as the portal or storage has it; untrusted text.
	Name string `json:"name,omitempty"`
	// Path is the file's, below the folder of the run's files and with the system's separators; for a stream,
	// how it is shown. For a failure it is the path that the file would have had. It is joined with the folder
	// when it is shown.
	Path        string    `json:"path,omitempty"`
	PathBase64  []byte    `json:"pathBase64,omitempty"` // Path if it is not UTF-8, which JSON cannot hold
	Bytes       *int64    `json:"bytes,omitempty"`
	Plan        Plan      `json:"plan,omitempty"` // what a run would do: of a dry run only
	ETag        string    `json:"etag,omitempty"`
	Encoding    string    `json:"encoding,omitempty"`   // the Content-Encoding in storage, gzip or deflate: decoded in a folder, kept in a bucket
	MD5         string    `json:"md5,omitempty"`        // of the file, in hexadecimal digits
	ObjectETag  string    `json:"objectEtag,omitempty"` // of the file's object in a bucket, without quotes
	Chosen      string    `json:"chosen,omitempty"`     // of several derivatives, the one that was fetched
	Via         Via       `json:"via,omitempty"`        // how the bytes came, if not from the location of a call
	Suspect     string    `json:"suspect,omitempty"`    // why it is probably not the requested file
	Verified    Verified  `json:"verified,omitempty"`
	Checksum    string    `json:"checksum,omitempty"` // sha256:<hex>
	Attempts    int       `json:"attempts,omitempty"`
	ResumedFrom int64     `json:"resumedFrom,omitempty"`
	Seconds     float64   `json:"seconds,omitempty"`
	FinishedAt  time.Time `json:"finishedAt,omitzero"`
	Action      Action    `json:"action,omitempty"` // only of sync
	From        string    `json:"from,omitempty"`   // of a move: the old path, as in Path
	Why         string    `json:"why,omitempty"`    // of a deletion: what happened to the asset
	Listed      *Listed   `json:"listed,omitempty"` // only in the state of sync
	Upload      *Upload   `json:"upload,omitempty"` // only of an intent in a journal
	Error       *Failure  `json:"error,omitempty"`
	// MetadataError is why the metadata of a file in place could not be written (Engine.Metadata).
	MetadataError *Failure `json:"metadataError,omitempty"`
}

// Upload is an unfinished upload of a file to a bucket, of which the first parts are stored.
type Upload struct {
	ID  string `json:"id"`
	Key string `json:"key"` // of the object
	// Version is the same if the parts are those of this file, with the same key, size and attributes of the object.
	Version string `json:"version"`
	Parts   int    `json:"parts"`
	// ETags identifies the stored parts. States are those of the digests of the file (transfer.Digest.Hashes) after these parts.
	ETags  string `json:"etags"`
	States []byte `json:"states"`
}

// Problem returns why the file is not in place, or why its metadata are not written; nil if both are.
func (r *Result) Problem() *Failure { return cmp.Or(r.Error, r.MetadataError) }

// File returns the identity of the file.
func (r *Result) File() FileID { return FileID{r.Portal, r.MediaID, r.Selector} }

// DigestETag returns the ETag if it is a digest of the file's bytes, so that no other file has the same one; else "". That
// of a suspect file is not returned, because it must be looked at again.
func (r *Result) DigestETag() string {
	isMD5 := r.MD5 != "" && strings.EqualFold(strings.Trim(r.ETag, `"`), r.MD5)
	if r.Suspect != "" || r.Encoding != "" || !isMD5 && r.Verified != VerifiedMultipart {
		return ""
	}
	return r.ETag
}

// Checksum returns a digest as Result.Checksum has it, "" if none was requested.
func Checksum(d *transfer.Digest) string {
	if sum := d.SHA256(); sum != "" {
		return "sha256:" + sum
	}
	return ""
}

// Failure is why a Result failed.
type Failure struct {
	Code       Code   `json:"code"`
	Message    string `json:"message"`
	Hint       string `json:"hint,omitempty"`
	HTTPStatus int    `json:"httpStatus,omitempty"`
	Retryable  bool   `json:"retryable"`
}
