package bucket

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/minio/minio-go/v7/pkg/s3utils"
)

// Scheme is how the URL of a bucket begins, in any case.
const Scheme = "s3://"

// maxKey is the length of the name of an object, its key, in bytes of UTF-8 ("Naming Amazon S3 objects" in the Amazon
// S3 user guide).
const maxKey = 1024

// maxPrefix leaves room for a slash and the key that Client.Try begins an upload of.
const maxPrefix = maxKey - 1 - len(".bynder-") - 26

// Location is a bucket and the beginning of the keys of objects in it: of an s3:// URL. The zero Location stands for no bucket.
type Location struct {
	Bucket string
	// Prefix is "" or ends with a slash.
	Prefix string
}

// IsURL reports whether a text is the URL of a bucket.
func IsURL(text string) bool {
	return len(text) >= len(Scheme) && strings.EqualFold(text[:len(Scheme)], Scheme)
}

// Parse returns the location of a URL s3://BUCKET/PREFIX. All characters of the prefix are meant as they are: it has no
// query and nothing escaped.
func Parse(url string) (Location, error) {
	if !IsURL(url) {
		return Location{}, fmt.Errorf("%q does not begin with %s", url, Scheme)
	}
	bucket, prefix, _ := strings.Cut(url[len(Scheme):], "/")
	if err := s3utils.CheckValidBucketName(bucket); err != nil {
		return Location{}, fmt.Errorf("%q has no valid name of a bucket: %s", url, lower(err.Error()))
	}
	if prefix = strings.TrimSuffix(prefix, "/"); prefix == "" {
		return Location{Bucket: bucket}, nil
	}
	switch bad := func(r rune) bool { return r == utf8.RuneError || !unicode.IsGraphic(r) }; {
	case strings.ContainsFunc(prefix, bad):
		return Location{}, fmt.Errorf("%q has a character that cannot be seen, or is not UTF-8", url)
	case len(prefix) > maxPrefix:
		return Location{}, fmt.Errorf("the prefix in the URL of the bucket has %d bytes: at most %d leave room for names", len(prefix), maxPrefix)
	}
	for element := range strings.SplitSeq(prefix, "/") {
		if element == "" || element == "." || element == ".." {
			return Location{}, fmt.Errorf("the prefix %q has the element %q, which many programs cannot read", prefix, element)
		}
	}
	return Location{Bucket: bucket, Prefix: prefix + "/"}, nil
}

// lower returns a message with a small first letter.
func lower(message string) string { return strings.ToLower(message[:1]) + message[1:] }

// IsZero reports whether there is no location.
func (l Location) IsZero() bool { return l.Bucket == "" }

// String returns the URL, without a slash at its end.
func (l Location) String() string { return strings.TrimSuffix(Scheme+l.Bucket+"/"+l.Prefix, "/") }

// Below returns the URL of the object at a path below the location.
func (l Location) Below(path string) string { return Scheme + l.Bucket + "/" + l.Prefix + path }

// Key returns the key of the object at a path below the location. The error is that it would be too long.
func (l Location) Key(path string) (string, error) {
	if key := l.Prefix + path; len(key) <= maxKey {
		return key, nil
	}
	return "", errors.New("the key would be longer than 1,024 bytes")
}
