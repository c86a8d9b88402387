package transfer

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/coding"
	"github.com/bynder-cli/bynder/internal/naming"
)

// Object is what storage itself says of the bytes behind a location. It, and not the portal's metadata, is the truth
// about a transfer: a portal may write metadata into a file as it is handed out.
type Object struct {
	// Name is the file's name as Content-Disposition or the location's path gives it. It is foreign text: never a
	// path before internal/naming has made it one.
	Name string
	// Size in bytes, or -1 if storage does not send it.
	Size int64
	// ETag exactly as sent, with its quotes and W/ prefix; "" where absent.
	ETag string
	// LastModified is zero where absent or malformed.
	LastModified time.Time
	// ContentType is the media type as sent, "" where absent.
	ContentType string
	// Coding is the content coding (Content-Encoding) that the Stream decodes, "" for none. Then Size is -1, and what
	// else storage says may be of the coded bytes, as they are stored, or of the file, which a proxy has coded.
	Coding string
	// CodedSize is the length of the coded bytes, or -1 if storage does not send it.
	CodedSize int64
	// Kept is the content coding in which the Stream leaves the bytes (Options.KeepCoded), "" for none. Size and digests are of
	// the coded bytes then.
	Kept string
	// KeyedEncryption is set if the ETag is not a digest of the bytes, because the object is encrypted with SSE-KMS or SSE-C.
	KeyedEncryption bool
	// Checksums are digests of the bytes that storage sent beside the ETag.
	Checksums []Checksum

	label string // the content coding that storage names
}

// StrongETag returns the ETag if it is a strong validator, which changes with every change of the bytes (RFC 9110,
// section 8.8.1), else "". Servers that forget the quotes mean the same.
func (o Object) StrongETag() string {
	if strings.HasPrefix(o.ETag, "W/") || strings.Trim(o.ETag, `"`) == "" {
		return ""
	}
	return o.ETag
}

// condition returns the value of If-Match that holds as long as the object is this one; "" if none may be sent.
func (o Object) condition() string {
	if tag := o.StrongETag(); len(tag) > 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		return tag
	}
	return ""
}

// Resumable reports whether storage says enough of the object to recognize it: its length, and a strong ETag or the
// time of its last change. Without these, a transfer that breaks is started over.
func (o Object) Resumable() bool {
	return o.Size >= 0 && (o.StrongETag() != "" || !o.LastModified.IsZero())
}

// likeness is what the headers of two answers show about their objects.
type likeness int

const (
	unlike likeness = iota // they differ
	alike                  // nothing contradicts, and nothing proves, that they are one
	proven                 // they are one
)

// compare compares the object of an answer with the one that was first seen. A strong ETag outweighs the time of the
// last change, on which the servers behind one name need not agree.
func compare(was, now Object) likeness {
	sized := was.Size >= 0 && now.Size >= 0
	tagged := was.ETag != "" && now.ETag != ""
	dated := !was.LastModified.IsZero() && !now.LastModified.IsZero()
	switch {
	case was.label != now.label, sized && was.Size != now.Size, tagged && strings.TrimPrefix(was.ETag, "W/") != strings.TrimPrefix(now.ETag, "W/"):
		return unlike
	case sized && tagged && was.StrongETag() != "" && was.ETag == now.ETag:
		return proven
	case dated && !was.LastModified.Equal(now.LastModified):
		return unlike
	case sized && dated && was.StrongETag() == "":
		return proven
	}
	return alike
}

// maxETag caps what is sent back, kept and shown of an ETag, in bytes. Those of storage have 34 to 40.
const maxETag = 256

// etag reads the ETag of an answer; "" for one that no If-Match could repeat.
func etag(h http.Header) string {
	tag := strings.TrimSpace(h.Get("ETag"))
	printable := !strings.ContainsFunc(tag, func(r rune) bool { return r < '!' || r > '~' })
	if len(tag) > maxETag || !printable {
		return ""
	}
	return tag
}

// describe reads the headers of an answer that came from u. size is the object's, not the answer's.
func describe(u *url.URL, h http.Header, size int64) Object {
	obj := Object{
		Name: naming.FromDisposition(h.Get("Content-Disposition")), Size: size, ETag: etag(h),
		ContentType: h.Get("Content-Type"), label: coding.Of(h),
		KeyedEncryption: strings.HasPrefix(h.Get("X-Amz-Server-Side-Encryption"), "aws:kms") || h.Get("X-Amz-Server-Side-Encryption-Customer-Algorithm") != "",
	}
	if obj.Name == "" {
		obj.Name = naming.FromURL(u)
	}
	if !coding.IsFormat(obj.label, obj.Name) {
		obj.Coding = obj.label
	}
	if modified, err := http.ParseTime(h.Get("Last-Modified")); err == nil && storable(modified) {
		obj.LastModified = modified
	}
	return obj
}

// setCoding notes if the bytes of an object with a content coding are kept. Those without a length may be coded by a proxy.
func (o *Object) setCoding(keep bool) (kept bool) {
	if keep && o.Size >= 0 {
		o.Coding, o.Kept = "", o.Coding
	} else {
		o.CodedSize, o.Size = o.Size, -1
	}
	return o.Kept != ""
}

// storable reports whether a file can have that date: from 1678 to 2262, where a date is a 64-bit number of nanoseconds.
func storable(t time.Time) bool { return time.Unix(0, t.UnixNano()).Equal(t) }
