package download

import (
	"cmp"
	"time"

	"github.com/bynder-cli/bynder/internal/transfer"
)

// Status says how a file fared.
type Status string

// The ways in which a file can end. Only Failed means that it is not there.
const (
	Downloaded Status = "downloaded"
	Unchanged  Status = "unchanged"
	Skipped    Status = "skipped"
	Failed     Status = "failed"
)

// More ways in which a file can end, of sync alone.
const (
	Moved   Status = "moved"   // the file has another path now
	Deleted Status = "deleted" // the file was removed, and its asset is gone; or sync has given it up
	Kept    Status = "kept"    // the file stays as it is, though the portal has it otherwise
)

// Action is what sync does with a file, and what its dry run says that it would do.
type Action string

// The actions.
const (
	ActionFetch    Action = "fetch"    // transfer a file that is missing, new or has changed
	ActionMetadata Action = "metadata" // write the file with the asset's metadata, and transfer nothing
	ActionMove     Action = "move"     // give a file another path
	ActionDelete   Action = "delete"   // remove a file whose asset is gone
	ActionKeep     Action = "keep"     // leave a file as it is, though the portal has it otherwise
	ActionAdopt    Action = "adopt"    // take a file that is in place for sync's own, as it is
)

// Listed is what the portal's list told of a file when it was fetched: what is compared to find out whether the portal
// has another one. It stands in the state of sync alone.
type Listed struct {
	Version  int64  `json:"version,omitempty"`  // of an original; 0 if the list told none
	Size     *int64 `json:"size,omitempty"`     // of an original in bytes, nil if the list told none; the bytes that came may be more
	URL      string `json:"url,omitempty"`      // of a derivative, without its query
	Modified string `json:"modified,omitempty"` // the asset's dateModified, as the portal writes it
	// ModTime is the file's time as it was read back after the file got its name.
	ModTime time.Time `json:"modTime,omitzero"`
	// Metadata is the MD5, in hexadecimal digits, of the file with the asset's metadata, "" if there is none.
	Metadata string `json:"metadata,omitempty"`
}

// Plan says what a run would do with a file. Only the results of a dry run have one.
type Plan string

// The plans. A file with the first two would be transferred.
const (
	PlanNew       Plan = "new"       // no file has the path
	PlanChanged   Plan = "changed"   // a different file would be replaced
	PlanUnchanged Plan = "unchanged" // an identical file has the path
	PlanExists    Plan = "exists"    // a different file, or an earlier one of the run, has the path and would keep it
)

// Code is the cause of a failure, from a closed set that scripts match on.
type Code string

// The causes.
const (
	CodeUsage       Code = "usage"        // what was asked for cannot be meant
	CodeAuth        Code = "auth"         // 401, or no credentials
	CodeForbidden   Code = "forbidden"    // 403: a role is missing
	CodeNotFound    Code = "not_found"    // no such asset, file or derivative
	CodeRateLimited Code = "rate_limited" // the portal keeps blocking
	CodeNetwork     Code = "network"      // a connection failed or kept ending early
	CodeTimeout     Code = "timeout"      // nothing came
	CodeStorage     Code = "storage"      // storage answered an error, or ran out of new locations
	CodeIntegrity   Code = "integrity"    // a complete answer has the wrong digest or length
	CodeExists      Code = "exists"       // another file has the name
	CodeDiskFull    Code = "disk_full"    // no space, or no quota, left
	CodeLocal       Code = "local"        // the rest of what a file system refuses
	CodeInterrupted Code = "interrupted"  // stopped by a signal or by the end of the run
	CodeProtocol    Code = "protocol"     // an answer that is not what the API describes
)

// Verified says by what the bytes of a file were checked.
type Verified string

// The checks, strongest first.
const (
	VerifiedSHA512    Verified = "sha512"
	VerifiedSHA256    Verified = "sha256"
	VerifiedSHA1      Verified = "sha1"
	VerifiedMD5       Verified = "md5"       // an ETag, or another header, that is the MD5 of the bytes
	VerifiedMultipart Verified = "multipart" // an ETag that is the MD5 of the parts' MD5s
	VerifiedCRC64NVME Verified = "crc64nvme"
	VerifiedCRC32C    Verified = "crc32c"
	VerifiedCRC32     Verified = "crc32"
	VerifiedSize      Verified = "size" // the length alone
	VerifiedNone      Verified = "none" // storage told no length either
)

// Result is what became of one file: the one shape that --json prints, the
// journal keeps and the summary counts. Unknown fields are left out.
type Result struct {
	Portal   string `json:"portal"`
	MediaID  string `json:"mediaId"`
	Selector string `json:"selector,omitempty"`
	ItemID   string `json:"itemId,omitempty"`
	Status   Status `json:"status"`
	// Name is the asset's or, if no metadata are known, the file's, as the portal or storage has it; foreign text.
	Name string `json:"name,omitempty"`
	// Path is the file's, below the folder of the run's files and with the system's separators; of
	// what is streamed to, how it is shown. Of a failure it is where the file would have gone. Who shows it joins it
	// with the folder.
	Path        string    `json:"path,omitempty"`
	PathBase64  []byte    `json:"pathBase64,omitempty"` // Path, where JSON cannot hold it: it is not UTF-8
	Bytes       *int64    `json:"bytes,omitempty"`
	Plan        Plan      `json:"plan,omitempty"` // what a run would do: of a dry run only
	ETag        string    `json:"etag,omitempty"`
	MD5         string    `json:"md5,omitempty"`     // of the bytes received, in hexadecimal digits
	Chosen      string    `json:"chosen,omitempty"`  // of several derivatives, the one that was taken
	Suspect     string    `json:"suspect,omitempty"` // why it is probably not the file
	Verified    Verified  `json:"verified,omitempty"`
	Checksum    string    `json:"checksum,omitempty"` // sha256:<hex>
	Attempts    int       `json:"attempts,omitempty"`
	ResumedFrom int64     `json:"resumedFrom,omitempty"`
	Seconds     float64   `json:"seconds,omitempty"`
	FinishedAt  time.Time `json:"finishedAt,omitzero"`
	Action      Action    `json:"action,omitempty"` // of sync alone
	From        string    `json:"from,omitempty"`   // of a move: the path before, as Path has it
	Why         string    `json:"why,omitempty"`    // of a deletion: what has become of the asset
	Listed      *Listed   `json:"listed,omitempty"` // in the state of sync alone
	Error       *Failure  `json:"error,omitempty"`
	// MetadataError is why the metadata of a file in place could not be written (Engine.Metadata).
	MetadataError *Failure `json:"metadataError,omitempty"`
}

// Problem returns why the run failed with this file, nil if it did not: the file is not in place, or its metadata are
// not written.
func (r *Result) Problem() *Failure { return cmp.Or(r.Error, r.MetadataError) }

// File returns which file the result is about.
func (r *Result) File() FileID { return FileID{r.Portal, r.MediaID, r.Selector} }

// Checksum is what a Result has of a digest, "" where none was asked for.
func Checksum(d *transfer.Digest) string {
	if sum := d.SHA256(); sum != "" {
		return "sha256:" + sum
	}
	return ""
}

// Failure is the part of a failed Result that says why.
type Failure struct {
	Code       Code   `json:"code"`
	Message    string `json:"message"`
	Hint       string `json:"hint,omitempty"`
	HTTPStatus int    `json:"httpStatus,omitempty"`
	Retryable  bool   `json:"retryable"`
}
