package sandbox

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSkew is how far the date of a signature may be from the clock of the server, as in S3.
const maxSkew = 15 * time.Minute

// signedRequest is what the chunks of a body are signed with: each with a signature over the one before.
type signedRequest struct {
	key       [sha256.Size]byte
	date      string // as in X-Amz-Date
	scope     string // date/region/s3/aws4_request
	signature string
}

// sign returns the signature of text, a string to sign.
func (q signedRequest) sign(text string) string {
	return hex.EncodeToString(hmacSHA256(q.key[:], text))
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func signatureError(code, message string) *s3Error {
	return &s3Error{Status: http.StatusForbidden, Code: code, Message: message}
}

func malformedAuthorization(message, region string) *s3Error {
	return &s3Error{
		Status: http.StatusBadRequest, Code: "AuthorizationHeaderMalformed",
		Message: "The authorization header is malformed; " + message, Region: region,
	}
}

// authorize returns what a request was signed with, or the error with which S3 refuses it. The source is "Signature
// Calculations for the Authorization Header" in the S3 API reference.
func (c *bucketCall) authorize() (signedRequest, *s3Error) {
	var q signedRequest
	scheme, text, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	switch {
	case scheme == "":
		return q, accessDenied()
	case len(c.r.Header.Values("Authorization")) > 1, scheme != "AWS4-HMAC-SHA256":
		return q, malformedAuthorization("it must have one signature by AWS4-HMAC-SHA256", "")
	}
	fields := map[string]string{}
	for field := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	q.signature = fields["Signature"]
	credential := strings.Split(fields["Credential"], "/")
	if len(credential) != 5 || len(q.signature) != 2*sha256.Size || fields["SignedHeaders"] == "" {
		return q, malformedAuthorization("Credential, SignedHeaders and Signature are required", "")
	}
	keys := c.s.opts.Credentials
	if refused := c.checkScope(credential); refused != nil {
		return q, refused
	}
	q.date = c.r.Header.Get("X-Amz-Date")
	date, err := time.Parse(amzDate, q.date)
	switch now := c.s.now(); {
	case err != nil || credential[1] != date.Format("20060102"):
		return q, signatureError("AccessDenied", "X-Amz-Date must be a date and time, of the date in Credential")
	case date.Before(now.Add(-maxSkew)) || date.After(now.Add(maxSkew)):
		return q, signatureError("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	names := strings.Split(fields["SignedHeaders"], ";")
	if refused := c.checkSigned(names); refused != nil {
		return q, refused
	}
	key := []byte("AWS4" + keys.BucketSecret)
	for _, part := range credential[1:] {
		key = hmacSHA256(key, part)
	}
	copy(q.key[:], key)
	q.scope = strings.Join(credential[1:], "/")
	request := sha256.Sum256([]byte(c.canonicalRequest(names)))
	want := q.sign("AWS4-HMAC-SHA256\n" + q.date + "\n" + q.scope + "\n" + hex.EncodeToString(request[:]))
	if !sameSecret(q.signature, want) {
		return q, signatureError("SignatureDoesNotMatch", "The request signature we calculated does not match the signature "+
			"you provided. Check your key and signing method.")
	}
	return q, nil
}

// checkScope checks the parts of a credential: key id, date, region, service and the constant at its end.
func (c *bucketCall) checkScope(credential []string) *s3Error {
	region := c.region()
	switch {
	case !sameSecret(credential[0], c.s.opts.Credentials.BucketKey):
		return signatureError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	case c.r.Header.Get("X-Amz-Security-Token") != "": // the keys are not temporary ones
		return &s3Error{
			Status: http.StatusBadRequest, Code: "InvalidToken", Message: "The provided token is malformed or otherwise invalid.",
		}
	case credential[3] != "s3" || credential[4] != "aws4_request":
		return malformedAuthorization("the credential must end in s3/aws4_request", "")
	case credential[2] == region || c.operation.name == "GetBucketLocation":
		return nil
	}
	c.w.Header().Set("X-Amz-Bucket-Region", region)
	if f, ok := c.active.get("s3-region"); ok && f.Text == "redirect" {
		return &s3Error{
			Status: http.StatusMovedPermanently, Code: "PermanentRedirect", Endpoint: "s3." + region + ".amazonaws.invalid",
			Message: "The bucket you are attempting to access must be addressed using the specified endpoint.",
		}
	}
	return malformedAuthorization(fmt.Sprintf("the region '%s' is wrong; expecting '%s'", credential[2], region), region)
}

// checkSigned checks which headers are signed: the host, and all that belong to S3.
func (c *bucketCall) checkSigned(names []string) *s3Error {
	if !slices.Contains(names, "host") {
		return signatureError("AccessDenied", "The header host must be signed")
	}
	for name := range c.r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") && !slices.Contains(names, lower) {
			return signatureError("AccessDenied", "There were headers present in the request which were not signed")
		}
	}
	if c.r.Header.Get(keyContentSHA256) == "" {
		return &s3Error{
			Status: http.StatusBadRequest, Code: "InvalidRequest",
			Message: "Missing required header for this request: x-amz-content-sha256",
		}
	}
	return nil
}

// canonicalRequest returns the text whose digest is signed.
func (c *bucketCall) canonicalRequest(names []string) string {
	var b strings.Builder
	b.WriteString(c.r.Method + "\n" + strings.ReplaceAll(percentEncode(c.r.URL.Path), "%2F", "/") + "\n" + canonicalQuery(c.query) + "\n")
	for _, name := range names {
		values := slices.Clone(c.r.Header.Values(name))
		switch {
		case name == "host":
			values = []string{c.r.Host}
		case name == "content-length" && len(values) == 0:
			values = []string{strconv.FormatInt(c.r.ContentLength, 10)}
		}
		for i := range values {
			values[i] = strings.Join(strings.Fields(values[i]), " ")
		}
		b.WriteString(name + ":" + strings.Join(values, ",") + "\n")
	}
	b.WriteString("\n" + strings.Join(names, ";") + "\n" + c.r.Header.Get(keyContentSHA256))
	return b.String()
}

func canonicalQuery(query url.Values) string {
	var pairs []string
	for _, key := range slices.SortedFunc(maps.Keys(query), func(a, b string) int { return cmp.Compare(percentEncode(a), percentEncode(b)) }) {
		values := slices.Clone(query[key])
		slices.SortFunc(values, func(a, b string) int { return cmp.Compare(percentEncode(a), percentEncode(b)) })
		for _, value := range values {
			pairs = append(pairs, percentEncode(key)+"="+percentEncode(value))
		}
	}
	return strings.Join(pairs, "&")
}
