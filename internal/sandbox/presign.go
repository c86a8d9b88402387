package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Query keys of presigned URLs, as S3 (Signature Version 4) and CloudFront name
// them. The signature here covers path and query; unlike S3's it leaves the host
// out, so that tests can put a proxy in between.
const (
	keyDate        = "X-Amz-Date"
	keyExpires     = "X-Amz-Expires"
	keySignature   = "X-Amz-Signature"
	keyToken       = "X-Amz-Security-Token"
	keyKeyPair     = "Key-Pair-Id"
	keyDisposition = "response-content-disposition"
	keyCFExpires   = "Expires"
	keyCFSignature = "Signature"
	// keyDirect is only in the URLs of public originals that lists have, so that a fault can be limited to them.
	keyDirect = "direct"

	amzDate = "20060102T150405Z"
)

// OnDirect limits a fault of storage to requests with the URL of a public original that a list has.
const OnDirect = "direct"

// presign returns a URL, unlike any other, by which an object can be requested until the lifetime of locations
// has passed since its issue. direct is set for the URL of a public original in a list.
func (s *Sandbox) presign(o Object, issued time.Time, direct bool) string {
	query := url.Values{
		"X-Amz-Algorithm":     {"AWS4-HMAC-SHA256"},
		"X-Amz-Credential":    {"SANDBOX/" + issued.Format("20060102") + "/eu-central-1/s3/aws4_request"},
		keyDate:               {issued.Format(amzDate)},
		keyExpires:            {strconv.Itoa(int(s.opts.LocationLifetime / time.Second))},
		"X-Amz-SignedHeaders": {"host"},
		keyToken:              {s.serial()},
		keyDisposition:        {contentDisposition(o.Name)},
	}
	if direct {
		query.Set(keyDirect, "1")
	}
	query.Set(keySignature, s.signature("/"+o.Key, query))
	return s.opts.StorageURL + "/" + o.Key + "?" + query.Encode()
}

// presignDerivative returns the URL of a rendition: CloudFront's kind, for those that
// are not public.
func (s *Sandbox) presignDerivative(d derivative, o Object) string {
	location := s.opts.StorageURL + "/" + o.Key
	if !d.signed {
		if s.faults.on("stale-links") {
			location += "?link=" + s.serial() // else all links to it would be one
		}
		return location
	}
	query := url.Values{
		keyCFExpires: {strconv.FormatInt(s.now().Add(s.opts.LocationLifetime).Unix(), 10)},
		keyKeyPair:   {s.serial()},
	}
	signature := s.signature("/"+o.Key, query)
	return location + "?" + query.Encode() + "&" + keyCFSignature + "=" + signature
}

// publicOriginal returns the URL of a public asset's original, as lists have it, or what the fault original makes of it.
func (s *Sandbox) publicOriginal(o Object) any {
	link := s.presign(o, s.now(), true)
	f, ok := s.faults.selected("original", o.mediaID)
	if !ok {
		return link
	}
	switch f.Text {
	case "gone":
		return strings.Replace(link, "/media/", "/gone/", 1)
	case "forbidden":
		return strings.Replace(link, keySignature+"=", keySignature+"=0", 1)
	case "page":
		return s.opts.StorageURL + loginPath + "login.html"
	case "nameless":
		return s.opts.StorageURL + loginPath
	case "portal":
		return s.opts.PortalURL + "/original/" + url.PathEscape(o.Name)
	case "closed":
		return "http://127.0.0.1:1/" + url.PathEscape(o.Name)
	case "plain":
		return s.opts.StorageURL + "/" + o.Key
	}
	answer := object{}
	brokenLocation(answer, f.Text, link)
	return answer["s3_file"]
}

// loginPath is where storage has a page for people in place of a file.
const loginPath = "/login/"

func (s *Sandbox) serial() string { return "SANDBOX" + strconv.FormatUint(s.issued.Add(1), 10) }

// endpointOf returns what Fault.On has for a request of storage.
func endpointOf(query url.Values) string {
	if query.Has(keyDirect) {
		return OnDirect
	}
	return ""
}

// signature covers an escaped path and all of the query but the signature itself.
func (s *Sandbox) signature(path string, query url.Values) string {
	signed := url.Values{}
	for key, values := range query {
		if key != keySignature && key != keyCFSignature {
			signed[key] = values
		}
	}
	mac := hmac.New(sha256.New, s.signKey[:])
	mac.Write([]byte("GET\n" + path + "\n" + signed.Encode()))
	return hex.EncodeToString(mac.Sum(nil))
}

// checkSignature returns the error of S3 with which a request is refused; nil if it is
// not.
func (s *Sandbox) checkSignature(method, path string, query url.Values) *s3Error {
	switch {
	case query.Has(keySignature):
		if !sameSecret(query.Get(keySignature), s.signature(path, query)) || method != "GET" {
			return &s3Error{Status: 403, Code: "SignatureDoesNotMatch", Message: "The request signature we calculated " +
				"does not match the signature you provided. Check your key and signing method."}
		}
		issued, err := time.Parse(amzDate, query.Get(keyDate))
		lifetime, err2 := strconv.Atoi(query.Get(keyExpires))
		if err != nil || err2 != nil {
			return &s3Error{Status: 403, Code: "AuthorizationQueryParametersError", Message: "Malformed date or lifetime"}
		}
		if expires := issued.Add(time.Duration(lifetime) * time.Second); s.now().After(expires) {
			return s.expiredError(expires)
		}
		if s.faults.isExpired(query.Get(keySignature)) {
			return s.expiredError(s.now().Add(-time.Second))
		}
	case query.Has(keyCFSignature):
		if !sameSecret(query.Get(keyCFSignature), s.signature(path, query)) {
			return &s3Error{Status: 403, Code: "AccessDenied", Message: "Access denied"}
		}
		expires, err := strconv.ParseInt(query.Get(keyCFExpires), 10, 64)
		if err != nil || s.now().After(time.Unix(expires, 0)) || s.faults.isExpired(query.Get(keyCFSignature)) {
			return &s3Error{Status: 403, Code: "AccessDenied", Message: "Access denied"}
		}
	case !isPublic(path):
		return &s3Error{Status: 403, Code: "AccessDenied", Message: "Access Denied"}
	}
	return nil
}

func (s *Sandbox) expiredError(expires time.Time) *s3Error {
	return &s3Error{
		Status: 403, Code: "AccessDenied", Message: "Request has expired",
		Expires: expires.Format(time.RFC3339), ServerTime: s.now().Format(time.RFC3339),
	}
}

// isPublic reports whether a path needs no signature: the three renditions that
// every asset has.
func isPublic(path string) bool {
	parts := strings.Split(path, "/")
	if len(parts) != 6 || parts[1] != "derivatives" {
		return false
	}
	for _, d := range derivatives {
		if d.name == parts[4] {
			return !d.signed
		}
	}
	return false
}

// tokenOf returns the serial number of a location; "" for the URL of a public rendition.
func tokenOf(query url.Values) string { return query.Get(keyToken) + query.Get(keyKeyPair) }

// signatureOf returns the signature that a URL carries, the public key of a location.
func signatureOf(query url.Values) string {
	return query.Get(keySignature) + query.Get(keyCFSignature)
}
