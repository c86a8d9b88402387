package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/minio/minio-go/v7"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/location"
	"github.com/bynder-cli/bynder/internal/retry"
)

// What an answer of a server means to the caller of a Client.
var (
	// ErrNotFound is in the chain of errors about an object or upload that does not exist.
	ErrNotFound = errors.New("not found")
	// ErrNoUpload is in the chain of errors about an upload that does not exist; ErrNotFound is as well.
	ErrNoUpload = fmt.Errorf("upload %w", ErrNotFound)
	// ErrCondition is in the chain of errors about a Condition that does not hold, or that another request may change
	// at the same moment.
	ErrCondition = errors.New("another object has the key")
)

// refusal is the error of an answer, with a text of its own and the server's code.
type refusal struct {
	text, code string
	status     int
	is         error // ErrNotFound, ErrNoUpload, ErrCondition or nil
}

func (r *refusal) Error() string {
	if r.code == "" || strings.Contains(r.text, r.code) {
		return r.text
	}
	return r.text + " (" + r.code + ")"
}

func (r *refusal) Unwrap() error { return r.is }

// rights are the permissions that operations need, by the words of failure ("Actions, resources, and condition keys
// for Amazon S3" in the Service Authorization Reference).
var rights = map[string]string{
	"list":                            "s3:ListBucket",
	"look at":                         "s3:GetObject and s3:ListBucket",
	"read":                            "s3:GetObject",
	"write":                           "s3:PutObject",
	"copy":                            "s3:GetObject and s3:PutObject",
	"remove":                          "s3:DeleteObject",
	"remove the unfinished upload of": "s3:AbortMultipartUpload",
	"list the parts of":               "s3:ListMultipartUploadParts",
	"list the unfinished uploads of":  "s3:ListBucketMultipartUploads",
}

// removable is a cause of errors, with the codes of the server.
type removable struct {
	codes      []string
	text, hint string
	code       download.Code // "" for local
}

// known are the codes of errors that have a cause which the user can remove ("Error responses" in the Amazon S3 API
// Reference; the last ones of MinIO and Ceph). hint names the variable or the flag.
var known = []removable{
	{[]string{"InvalidAccessKeyId", "InvalidAccessKeyID", "XAdminUserNotFound"}, "the access key is not known there", "check AWS_ACCESS_KEY_ID or the profile, and AWS_ENDPOINT_URL_S3", ""},
	{[]string{"SignatureDoesNotMatch"}, "the secret key is wrong", "check AWS_SECRET_ACCESS_KEY or the profile", ""},
	{[]string{"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}, "the session token has expired", "get new credentials, and set AWS_SESSION_TOKEN", ""},
	{[]string{"InvalidToken"}, "the session token is not valid", "check AWS_SESSION_TOKEN: it belongs to its access key", ""},
	{[]string{"RequestTimeTooSkewed"}, "this machine's clock differs too much from the server's", "set the clock", ""},
	{[]string{"NoSuchBucket"}, "there is no such bucket", "check its name, and AWS_ENDPOINT_URL_S3", ""},
	{[]string{"PermanentRedirect", "AuthorizationHeaderMalformed", "InvalidRegion", "IllegalLocationConstraintException", "TemporaryRedirect"}, otherRegion, "", ""},
	{[]string{"InvalidStorageClass"}, "the server does not have this storage class", "check --storage-class", ""},
	{[]string{"ServerSideEncryptionConfigurationNotFoundError", "KMS.NotFoundException", "KMS.DisabledException", "KMSNotConfigured"}, "the server cannot encrypt with this key", "check --sse", ""},
	{[]string{"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientCapacity", "TooManyObjects"}, "the bucket's quota is used up", "free some space in the bucket or raise its quota, then run the same command again", download.CodeDiskFull},
	{[]string{"AccountProblem", "AllAccessDisabled", "NotSignedUp", "InvalidPayer"}, "the account may not use this bucket", "ask the owner of the account", ""},
}

// causeOf returns the element of known for a code; nil if there is none.
func causeOf(code string) *removable {
	if i := slices.IndexFunc(known, func(k removable) bool { return slices.Contains(k.codes, code) }); i >= 0 {
		return &known[i]
	}
	return nil
}

const otherRegion = "the bucket is in another region"

// regionHint returns the hint for a bucket in another region, which the server may have named.
func regionHint(region string) string {
	if region == "" || len(region) > 32 || strings.Trim(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "set AWS_REGION to the bucket's region"
	}
	return "set AWS_REGION=" + region
}

// failure returns the error of an operation on a key: what failed, why, and what to do. doing is one of rights. It is
// retryable if the program was interrupted, or if another program was in the way; Client.do knows about all other errors.
func (c *Client) failure(doing, key string, err error) *download.Error {
	shown := Scheme + c.at.Bucket + "/" + key
	hint, code, why := c.explain(doing, err)
	return &download.Error{
		Code: code, Err: fmt.Errorf("cannot %s %s: %w", doing, shown, why), Advice: hint,
		Retryable: code == download.CodeInterrupted || errors.Is(why, ErrCondition) || errors.Is(why, ErrNoUpload),
	}
}

// explain returns a hint, a code and the cause of a failure.
func (c *Client) explain(doing string, err error) (hint string, code download.Code, cause error) {
	var answer minio.ErrorResponse
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled), err == context.DeadlineExceeded: //nolint:errorlint // time limits of net/http are this error as well
		return "", download.CodeInterrupted, err
	case errors.As(err, &answer):
		return c.refused(doing, answer)
	case errors.As(err, &timeout) && timeout.Timeout():
		return "", download.CodeTimeout, location.WithoutURL(err)
	}
	return "check AWS_ENDPOINT_URL_S3, and the connection to that host", download.CodeNetwork, location.WithoutURL(err)
}

// refused explains an answer.
func (c *Client) refused(doing string, a minio.ErrorResponse) (hint string, code download.Code, cause error) {
	r := &refusal{code: printable(a.Code, 64), status: a.StatusCode}
	if k := causeOf(a.Code); k != nil {
		if r.text = k.text; k.text == otherRegion {
			return regionHint(a.Region), download.CodeLocal, r
		}
		return k.hint, cmp.Or(k.code, download.CodeLocal), r
	}
	switch {
	case a.StatusCode == http.StatusPreconditionFailed, a.Code == "PreconditionFailed", a.Code == "ConditionalRequestConflict", a.Code == "OperationAborted":
		r.text, r.is = ErrCondition.Error(), ErrCondition
		return "run the command again", download.CodeExists, r
	case a.Code == "NoSuchUpload":
		r.text, r.is = "the unfinished upload was removed", ErrNoUpload
		return "keep other programs and the bucket's lifecycle rules from removing uploads that are in progress", download.CodeStorage, r
	case a.StatusCode == http.StatusNotFound, a.Code == "NoSuchKey":
		r.text, r.is = ErrNotFound.Error(), ErrNotFound
		return "", download.CodeLocal, r
	case a.StatusCode == http.StatusInsufficientStorage:
		r.text = "the server has no space left"
		return "free some space there, then run the same command again", download.CodeDiskFull, r
	case a.StatusCode == http.StatusForbidden || a.StatusCode == http.StatusUnauthorized || a.Code == "AccessDenied":
		r.text = "no permission"
		return "the credentials need the right " + rights[doing] + " for this bucket", download.CodeLocal, r
	case a.StatusCode >= 300 && a.StatusCode < 400:
		r.text = otherRegion
		return regionHint(a.Region), download.CodeLocal, r
	}
	r.text = fmt.Sprintf("the server answered %d %s", a.StatusCode, http.StatusText(a.StatusCode))
	if message := printable(c.redacted(a.Message), 200); message != "" {
		r.text += ": " + strings.TrimSuffix(message, ".")
	}
	if a.StatusCode < 500 && !slices.Contains(temporary, a.Code) {
		return "", download.CodeStorage, r
	}
	return "run the same command again later", download.CodeStorage, r
}

// waitForKey waits before an object is written or removed again whose condition did not hold, although no other object is in the
// way: another request may be about to make or remove one, or the server is wrong. After the last of tries it returns an error.
func (c *Client) waitForKey(ctx context.Context, doing, key string, err error, tries *retry.Backoff) error {
	if wait, again := tries.Next(0); again {
		return c.sleep(ctx, wait)
	}
	answer := "that another object has the key"
	if r, ok := errors.AsType[*refusal](err); ok && r.code != "" {
		answer = r.code
	}
	return &download.Error{
		Code: download.CodeStorage, Advice: "run the same command again later", Retryable: true,
		Err: fmt.Errorf("cannot %s %s%s/%s: the server keeps answering %s, although no other object is in the way", doing, Scheme, c.at.Bucket, key, answer),
	}
}

// printable returns at most most bytes of a foreign text, without characters that cannot be seen.
func printable(text string, most int) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// redacted returns a text without the credentials, which a server may repeat.
func (c *Client) redacted(text string) string {
	for _, secret := range c.secrets() {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}
