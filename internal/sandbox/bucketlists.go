package sandbox

import (
	"encoding/base64"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The answers of the bucket, as S3 writes them.
type (
	copyResult struct {
		XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyObjectResult"`
		ETag         string
		LastModified string
	}
	copiedPart struct {
		XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyPartResult"`
		ETag         string
		LastModified string
	}
	createdUpload struct {
		XMLName     xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
		Bucket, Key string
		UploadID    string `xml:"UploadId"`
	}
	completedUpload struct {
		XMLName                     xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
		Location, Bucket, Key, ETag string
	}
	commonPrefix struct{ Prefix string }

	listedObject struct {
		Key, LastModified, ETag string
		Size                    int64
		StorageClass            string
	}
	objectList struct {
		XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name, Prefix          string
		Delimiter             string `xml:",omitempty"`
		StartAfter            string `xml:",omitempty"`
		MaxKeys, KeyCount     int
		EncodingType          string `xml:",omitempty"`
		IsTruncated           bool
		ContinuationToken     string         `xml:",omitempty"`
		NextContinuationToken string         `xml:",omitempty"`
		Contents              []listedObject `xml:",omitempty"`
		CommonPrefixes        []commonPrefix `xml:",omitempty"`
	}
	listedUpload struct {
		Key          string
		UploadID     string `xml:"UploadId"`
		StorageClass string
		Initiated    string
	}
	uploadList struct {
		XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
		Bucket, Prefix     string
		KeyMarker          string
		UploadIDMarker     string `xml:"UploadIdMarker"`
		NextKeyMarker      string `xml:",omitempty"`
		NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
		EncodingType       string `xml:",omitempty"`
		MaxUploads         int
		IsTruncated        bool
		Uploads            []listedUpload `xml:"Upload"`
	}
	listedPart struct {
		PartNumber         int
		LastModified, ETag string
		Size               int64
	}
	partList struct {
		XMLName              xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
		Bucket, Key          string
		UploadID             string `xml:"UploadId"`
		PartNumberMarker     int
		NextPartNumberMarker int
		MaxParts             int
		IsTruncated          bool
		Parts                []listedPart `xml:"Part"`
	}
)

// writeXML answers 200 with an answer of S3.
func (c *bucketCall) writeXML(answer any) {
	text, err := xml.Marshal(answer)
	if err != nil {
		panic(err) // our own types: it cannot fail
	}
	c.w.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(c.w, xml.Header+string(text))
}

// most returns how many entries a page may have, by a query key.
func (c *bucketCall) most(key string) (int, *s3Error) {
	most := 1000
	if text := c.query.Get(key); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return 0, invalidArgument("Provided " + key + " not an integer or within integer range")
		}
		most = min(n, most)
	}
	if f, ok := c.active.get("s3-page"); ok {
		most = min(most, int(f.Value))
	}
	return most, nil
}

// encoding returns how names are written in a list: with encoding-type=url as S3 escapes them, else as they are.
func (c *bucketCall) encoding() (string, func(string) string, *s3Error) {
	switch kind := c.query.Get("encoding-type"); kind {
	case "":
		return "", func(name string) string { return name }, nil
	case "url":
		return kind, func(name string) string { return strings.ReplaceAll(percentEncode(name), "%2F", "/") }, nil
	default:
		return "", nil, invalidArgument("Invalid Encoding Method specified in Request")
	}
}

func (c *bucketCall) listObjects() *s3Error {
	if c.query.Get("list-type") != "2" {
		return notImplemented()
	}
	most, refused := c.most("max-keys")
	if refused != nil {
		return refused
	}
	kind, written, refused := c.encoding()
	if refused != nil {
		return refused
	}
	prefix, delimiter, token := c.query.Get("prefix"), c.query.Get("delimiter"), c.query.Get("continuation-token")
	after := c.query.Get("start-after")
	if token != "" {
		last, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return invalidArgument("The continuation token provided is incorrect")
		}
		after = string(last)
	}
	list := objectList{
		Name: BucketName, Prefix: written(prefix), Delimiter: written(delimiter), StartAfter: written(c.query.Get("start-after")),
		MaxKeys: most, EncodingType: kind, ContinuationToken: token,
	}
	for name, o := range c.s.bucket.after(prefix, delimiter, after) {
		if list.KeyCount == most {
			list.IsTruncated = most > 0
			break
		}
		list.KeyCount++
		after = name
		if o == nil {
			list.CommonPrefixes = append(list.CommonPrefixes, commonPrefix{written(name)})
			continue
		}
		list.Contents = append(list.Contents, listedObject{
			Key: written(name), LastModified: isoTime(o.modified), ETag: `"` + o.etag + `"`, Size: o.size,
			StorageClass: storageClass(o.header),
		})
	}
	if list.IsTruncated {
		list.NextContinuationToken = base64.RawURLEncoding.EncodeToString([]byte(after))
	}
	c.writeXML(list)
	return nil
}

func storageClass(h http.Header) string {
	class := h.Get("X-Amz-Storage-Class")
	setDefault(&class, "STANDARD")
	return class
}

// after yields the objects after a name, by key, and with a delimiter the names that it groups, without an object.
func (b *bucket) after(prefix, delimiter, after string) func(yield func(string, *stored) bool) {
	return func(yield func(string, *stored) bool) {
		b.mu.Lock()
		keys := slices.Clone(b.keys)
		objects := maps.Clone(b.objects)
		b.mu.Unlock()
		at, _ := slices.BinarySearch(keys, max(prefix, after))
		group := ""
		if delimiter != "" && strings.HasSuffix(after, delimiter) {
			group = after
		}
		for _, key := range keys[at:] {
			switch rest, within := strings.CutPrefix(key, prefix); {
			case !within:
				return
			case key <= after, group != "" && strings.HasPrefix(key, group):
			default:
				name, o := key, objects[key]
				if end := strings.Index(rest, delimiter); delimiter != "" && end >= 0 {
					group = prefix + rest[:end+len(delimiter)]
					name, o = group, nil
				}
				if !yield(name, o) {
					return
				}
			}
		}
	}
}

func (c *bucketCall) listUploads() *s3Error {
	most, refused := c.most("max-uploads")
	if refused != nil {
		return refused
	}
	kind, written, refused := c.encoding()
	if refused != nil {
		return refused
	}
	if c.query.Get("delimiter") != "" {
		return notImplemented()
	}
	marker := &upload{key: c.query.Get("key-marker"), id: c.query.Get("upload-id-marker")}
	list := uploadList{
		Bucket: BucketName, Prefix: written(c.query.Get("prefix")), KeyMarker: written(marker.key), UploadIDMarker: marker.id,
		EncodingType: kind, MaxUploads: most,
	}
	b := &c.s.bucket
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, u := range b.uploads {
		past := compareUploads(u, marker) > 0
		if marker.id == "" { // then the marker is all uploads of its key
			past = u.key > marker.key || marker.key == ""
		}
		if !past || !strings.HasPrefix(u.key, c.query.Get("prefix")) {
			continue
		}
		if len(list.Uploads) == most {
			list.IsTruncated = most > 0
			break
		}
		list.NextKeyMarker, list.NextUploadIDMarker = written(u.key), u.id
		list.Uploads = append(list.Uploads, listedUpload{
			Key: written(u.key), UploadID: u.id, StorageClass: storageClass(u.header), Initiated: isoTime(u.began),
		})
	}
	c.writeXML(list)
	return nil
}

func (c *bucketCall) listParts() *s3Error {
	most, refused := c.most("max-parts")
	if refused != nil {
		return refused
	}
	marker := 0
	if text := c.query.Get("part-number-marker"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return invalidArgument("Argument part-number-marker must be an integer between 0 and 2147483647")
		}
		marker = n
	}
	b := &c.s.bucket
	b.mu.Lock()
	defer b.mu.Unlock()
	at, refused := c.upload()
	if refused != nil {
		return refused
	}
	u := b.uploads[at]
	if f, ok := c.active.get("s3-no-part"); ok {
		delete(u.parts, int(f.Value))
	}
	list := partList{Bucket: BucketName, Key: c.key, UploadID: u.id, PartNumberMarker: marker, MaxParts: most}
	for _, number := range slices.Sorted(maps.Keys(u.parts)) {
		if number <= marker {
			continue
		}
		if len(list.Parts) == most {
			list.IsTruncated = most > 0
			break
		}
		part := u.parts[number]
		list.NextPartNumberMarker = number
		list.Parts = append(list.Parts, listedPart{
			PartNumber: number, LastModified: isoTime(part.modified), ETag: `"` + part.etag + `"`, Size: part.size,
		})
	}
	c.writeXML(list)
	return nil
}
