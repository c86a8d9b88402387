package bucket

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// The user metadata of an object, by which the next run recognizes the file. Values are ASCII, with other characters
// percent-encoded.
const (
	metaPortal   = "Bynder-Portal"
	metaMediaID  = "Bynder-Media-Id"
	metaSelector = "Bynder-Selector"
	metaETag     = "Bynder-Etag"          // of the file in the portal's storage
	metaModified = "Bynder-Last-Modified" // likewise, as an HTTP date
	metaSize     = "Bynder-Size"          // likewise, in bytes
	metaSum      = "Bynder-Md5"           // of the object's bytes in hexadecimal digits, unless they were uploaded in parts
)

// maxValue is the length from which on a value is replaced by its hash, in bytes: S3 takes 2 KiB of user metadata.
const maxValue = 300

// metadata returns the user metadata of t's file, which is obj.
func metadata(t download.Target, obj transfer.Object) map[string]string {
	all := map[string]string{}
	set := func(name, value string) {
		if value = (&url.URL{Path: value}).EscapedPath(); len(value) > maxValue {
			sum := sha256.Sum256([]byte(value))
			value = "sha256-" + hex.EncodeToString(sum[:])
		}
		if value != "" {
			all[name] = value
		}
	}
	set(metaPortal, t.Identity.Portal)
	set(metaMediaID, t.Identity.MediaID)
	set(metaSelector, t.Identity.Selector)
	set(metaETag, obj.ETag)
	if !obj.LastModified.IsZero() {
		set(metaModified, obj.LastModified.UTC().Format(time.RFC3339))
	}
	if obj.Size >= 0 {
		set(metaSize, strconv.FormatInt(obj.Size, 10))
	}
	return all
}

// identity returns the user metadata that say which file an object is.
func identity(file download.FileID) map[string]string {
	return metadata(download.Target{Identity: file}, transfer.Object{Size: -1})
}

// IsOf reports whether an object, which Client.Head returned, was written as a file, of any version.
func (o Object) IsOf(file download.FileID) bool { return o.hasMetadata(identity(file)) }

// IsAnonymous reports whether an object, which Client.Head returned, does not say which file it is.
func (o Object) IsAnonymous() bool { return o.Metadata[metaMediaID] == "" }

// hasMetadata reports whether an object has user metadata, among others.
func (o Object) hasMetadata(all map[string]string) bool {
	for name, value := range all {
		if o.Metadata[name] != value {
			return false
		}
	}
	return true
}

// IsStill reports whether an object, which Client.Head returned, was written as a file, and has the bytes that it was written with:
// other programs may keep its metadata when they write others. sum is the MD5 of the file in hexadecimal digits, "" if it is not
// known. If the ETag is not a digest, only the size shows that.
func (o Object) IsStill(file download.FileID, sum string) bool {
	own, size := o.Metadata[metaSum], o.Metadata[metaSize]
	if !o.IsOf(file) || size != "" && size != strconv.FormatInt(o.Size, 10) {
		return false
	}
	switch digest := o.MD5(); {
	case o.Keyed || !isDigest(o.ETag):
		return true
	case digest == "":
		return own == "" // it is in parts, and was written so
	case own != "" || sum != "":
		return digest == cmp.Or(own, sum)
	default:
		etag, err := url.PathUnescape(o.Metadata[metaETag])
		return err == nil && o.HasDigest(etag)
	}
}

// isSame reports whether an object has the bytes of t's file, which is obj: by size and digest, or because it was written
// as this file of this version. If that cannot be known, it is false.
func isSame(o Object, t download.Target, obj transfer.Object) bool {
	if obj.Kept != "" && o.ContentEncoding == "" && o.Size != obj.Size {
		obj.Size = -1 // an earlier run has unpacked it
	}
	if obj.Size >= 0 && o.Size != obj.Size {
		return false
	}
	if !o.Keyed && !obj.KeyedEncryption && obj.Size >= 0 && o.HasDigest(obj.ETag) {
		return true
	}
	return wroteThis(o, t, obj)
}

// HasDigest reports whether the ETag of a file in the portal's storage, as it was sent, is a digest that the object has, too.
func (o Object) HasDigest(etag string) bool {
	tag := strings.ToLower(strings.Trim(etag, `"`))
	return isDigest(tag) && tag == strings.ToLower(o.ETag)
}

// recordable returns an ETag, "" for one of more than maxValue bytes: those of S3 have 32 to 38.
func recordable(etag string) string {
	if len(etag) > maxValue {
		return ""
	}
	return etag
}

// IsVersionOf reports whether the metadata of an object, which Client.Head returned, are those of the file and the version in a
// record. If the record does not tell the version, known is false.
func (o Object) IsVersionOf(r *download.Result) (same, known bool) {
	obj := transfer.Object{ETag: r.ETag, Size: -1}
	return o.hasMetadata(metadata(download.Target{Identity: r.File()}, obj)), obj.StrongETag() != ""
}

// wroteThis reports whether an object was written as t's file of the version obj.
func wroteThis(o Object, t download.Target, obj transfer.Object) bool {
	if obj.StrongETag() == "" && obj.LastModified.IsZero() {
		return false
	}
	all := metadata(t, obj)
	if obj.StrongETag() != "" {
		delete(all, metaModified) // servers behind one name need not agree on it
	}
	return o.hasMetadata(all)
}

// isDigest reports whether an ETag, without quotes, is an MD5 or that of an upload in parts.
func isDigest(tag string) bool {
	digits, count, multipart := strings.Cut(tag, "-")
	if _, err := hex.DecodeString(digits); err != nil || len(digits) != 32 {
		return false
	}
	_, err := strconv.ParseUint(count, 10, 16)
	return !multipart || err == nil
}

// MD5 returns the MD5 of an object in hexadecimal digits, "" if it is not known. It is not of one in a list if the objects
// there may be encrypted with a key of KMS.
func (o Object) MD5() string {
	if o.Keyed || !isDigest(o.ETag) || strings.Contains(o.ETag, "-") {
		return ""
	}
	return strings.ToLower(o.ETag)
}

// partialID identifies a partial: the file, its version and its path.
func partialID(t download.Target, obj transfer.Object) string {
	return strings.Join([]string{t.Name, t.Identity.String(), obj.ETag, obj.LastModified.UTC().Format(time.RFC3339), strconv.FormatInt(obj.Size, 10)}, "\x00")
}

// contentType returns the media type of an object: that of the file in the portal's storage or, if storage named none, of
// the path's extension; "" if neither is known. S3 and others name a general type for files that were stored without one.
func contentType(name string, obj transfer.Object) string {
	kind, _, err := mime.ParseMediaType(obj.ContentType)
	if err == nil && len(obj.ContentType) <= maxValue && kind != "application/octet-stream" && kind != "binary/octet-stream" {
		return obj.ContentType
	}
	return mime.TypeByExtension(path.Ext(name))
}
