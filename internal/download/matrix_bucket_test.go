package download_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sandbox"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transport"
)

// bucketRows go to the sandbox's bucket. A small file is one object put at once; the larger one is an upload in parts.
var bucketRows = append(smallBucketRows, largeBucketRows...)

var smallBucketRows = intoBucket([]row{
	{what: "nothing at all", want: whole},
	{what: "500 InternalError, once for each request", faults: "s3-500,times=1", want: whole},
	{what: "500 InternalError, always", faults: "s3-500", most: 2, want: early("storage")},
	{what: "503 SlowDown with Retry-After, once for each request", faults: "s3-503=1,times=1", want: whole},
	{what: "503 SlowDown for the object, always", faults: "s3-503,on=PutObject", want: unstored("storage")},
	{what: "a conflict with another request, once", faults: "s3-409,times=1", want: whole},
	{what: "a conflict with another request, always", faults: "s3-409", want: unstored("storage")},
	{what: "412 although the key is free, once", faults: "s3-412,times=1", want: whole},
	{what: "412 although the key is free, always", faults: "s3-412", want: unstored("storage")},
	{what: "the answer to the object is lost", faults: "s3-lost,times=1", want: whole},
	{what: "conditions are ignored", faults: "s3-no-conditions", want: whole},
	{what: "the connection closes once", faults: "s3-cut=64K,times=1", want: whole},
	{what: "the connection always closes", faults: "s3-cut=64K", want: unstored("network")},
	{what: "the bucket is slow", faults: "s3-slow=256K", want: whole},
	{what: "the bucket falls silent, once for each request", faults: "s3-stall,times=1", idle: shortIdle, want: whole},
	{what: "the bucket falls silent, always", faults: "s3-stall", idle: shortIdle, most: 2, want: early("timeout")},
	{what: "a bit is stored wrong, once", faults: "s3-flip,times=1", want: whole},
	{what: "a bit is stored wrong, always", faults: "s3-flip", want: unstored("integrity")},
	{what: "ETags are not digests (SSE-KMS)", faults: "s3-etag", want: whole},
	{what: "404 for each object that is read: a transfer reads none", faults: "s3-no-key", want: whole},
	{what: "no right to write", faults: "s3-denied=put", want: unstored("local")},
	{what: "no right to list", faults: "s3-denied=list", most: 2, want: early("local")},
	{what: "no such bucket", faults: "s3-no-bucket", most: 2, want: early("local")},
	{what: "another region", faults: "s3-region", most: 2, want: early("local")},
	{what: "the quota is used up", faults: "s3-quota=100000", want: unstored("disk_full")},
	{what: "unknown keys", faults: "s3-keys", most: 2, want: early("local")},
	{what: "an expired session", faults: "s3-keys=expired", most: 2, want: early("local")},
	{what: "storage closes the connection once", faults: "cut=64K,times=1", want: whole},
	{what: "stored as gzip: it stays so", faults: "encoding=gzip", want: whole},
	{what: "stored as deflate: it stays so", faults: "encoding=deflate", want: whole},
	{what: "stored as deflate, without the header of zlib", faults: "encoding=raw", want: whole},
	{what: "stored as gzip, and the connection closes once: it is continued", faults: "encoding=gzip cut=64K,times=1", want: whole},
	{what: "stored as gzip, and a bit is wrong once", faults: "encoding=gzip flip=100000,times=1", want: whole.costs("2.0")},
	{what: "stored as gzip, and a bit is always wrong", faults: "encoding=gzip flip=100000", want: refused.failed("integrity").costs("3.9").nextCosts("4.9")},
	{what: "stored as gzip, and the ETag is not a digest (SSE-KMS)", faults: "encoding=gzip kms", want: sized},
	{what: "stored as gzip, and no length is sent: it is unpacked", faults: "encoding=gzip no-length", want: whole},
	{what: "a proxy packs it as gzip on the way: it is unpacked", faults: "encoding=proxy", want: whole},
	{what: "said to be gzip, and is not", faults: "encoding=lie", want: whole},
	{what: "a coding that is not known", faults: "encoding=br", want: refused.failed("protocol")},
	{what: "storage sends a wrong bit, always", faults: "flip=100000", want: refused.failed("integrity").costs("4.0").nextCosts("5.0")},
})

var largeBucketRows = inPartsTo([]row{
	{what: "a file in parts", want: whole},
	{what: "500 for each part, once", faults: "s3-500,on=UploadPart,times=1", want: whole},
	{what: "the answer to the completion is lost", faults: "s3-lost,times=1", want: whole},
	{what: "the completion is answered 200 with an error, once", faults: "s3-complete-200,times=1", want: whole},
	{what: "the upload disappears before a part", faults: "s3-no-upload,on=UploadPart,times=1", most: 2, want: whole.costs("≤ 2.0")},
	{what: "the upload disappears before its completion", faults: "s3-no-upload,on=CompleteMultipartUpload,times=1", want: whole.costs("2.0")},
	{what: "a part is stored wrong, once", faults: "s3-flip,times=1", want: whole},
	{what: "storage has it as gzip, in parts: it stays so", faults: "encoding=gzip", want: whole.costs("0.9")},
	{what: "lists of uploads have pages of one entry", faults: "s3-page=1", want: whole},
	{what: "the bucket does not list a part of an upload: this one is not continued", faults: "s3-no-part", want: whole},
	{what: "the bucket says that objects are old", faults: "s3-old=600", want: whole},
})

// unstored is a file of which all came from storage, and none got into the bucket.
func unstored(code string) outcome {
	return refused.failed(code).costs("1.0").nextCosts("2.0")
}

// early is a file that failed before the bucket was sent any byte. How many came from storage depends on moments.
func early(code string) outcome {
	return refused.failed(code).costs("≤ 2.0").nextCosts("≤ 2.0")
}

// intoBucket adds to rows that the file goes to the bucket.
func intoBucket(rows []row) []row {
	for i := range rows {
		rows[i].play = func(ctx context.Context, g *rig) (download.Result, error) {
			g.bucket = true
			return g.get(ctx)
		}
	}
	return rows
}

// inPartsTo makes rows of intoBucket of those of a file that is uploaded in parts.
func inPartsTo(rows []row) []row {
	for i := range rows {
		rows[i].asset = sandbox.PartsAsset
		rows[i].want.verified, rows[i].want.folder = "multipart", theVideo
	}
	return intoBucket(rows)
}

// openBucket returns the sandbox's bucket as a destination, in whose place the folder shows what is in it.
func (g *rig) openBucket(ctx context.Context) (sink.Output, error) {
	env := map[string]string{"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull}
	for _, variable := range g.sandbox.Env(sandbox.PermanentToken) {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	at, err := bucket.Parse(bucket.Scheme + sandbox.BucketName)
	if err != nil {
		return sink.Output{}, err
	}
	to := transport.Bucket(transport.Options{Connections: 8})
	if g.idle > 0 {
		impatient := http.DefaultTransport.(*http.Transport).Clone()
		impatient.ResponseHeaderTimeout = g.idle
		to = impatient
	}
	client, err := bucket.Open(ctx, at, bucket.Options{
		Getenv: func(name string) string { return env[name] }, Transport: to, Program: "bynder", Version: "test", Retries: retries,
	})
	if err != nil {
		return sink.Output{}, err
	}
	s := bucket.NewSink(client, bucket.SinkOptions{Memory: semaphore.NewWeighted(bucket.MinMemory)})
	closing := func() error { return errors.Join(g.copyBucket(ctx, client), s.Close()) }
	return sink.Output{Sink: s, Show: func(path string) string { return filepath.Join(g.folder, path) }, Close: closing}, nil
}

// unpack returns what a reader of an object sees who obeys its Content-Encoding.
func unpack(content *bytes.Buffer, coding string) (unpacked []byte, err error) {
	var r io.Reader = content
	switch coding {
	case "":
	case "gzip":
		r, err = gzip.NewReader(content)
	case "deflate":
		if b := content.Bytes(); b[0]&0x0f == 8 && (int(b[0])<<8+int(b[1]))%31 == 0 {
			r, err = zlib.NewReader(content)
		} else {
			r = flate.NewReader(content)
		}
	default:
		err = errors.New("it is not a known one")
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// copyBucket ends the faults and copies the objects to the folder, unpacked, each with the time that its metadata have. Uploads in
// parts that were left are a file as well.
func (g *rig) copyBucket(ctx context.Context, from *bucket.Client) error {
	if err := g.sandbox.SetFaults(); err != nil {
		return err
	}
	for listed, err := range from.List(ctx, "") {
		if err != nil {
			return err
		}
		o, err := from.Head(ctx, listed.Key)
		if err != nil {
			return err
		}
		var content bytes.Buffer
		if err := from.Read(ctx, o, &content); err != nil {
			return err
		}
		unpacked, err := unpack(&content, o.ContentEncoding)
		if err != nil {
			return fmt.Errorf("%s has the Content-Encoding %s: %w", o.Key, o.ContentEncoding, err)
		}
		f := filepath.Join(g.folder, o.Key)
		if err := os.WriteFile(f, unpacked, 0o666); err != nil {
			return err
		}
		written, _ := url.PathUnescape(o.Metadata["Bynder-Last-Modified"]) // a wrong one has no time
		modified, err := time.Parse(time.RFC3339, written)
		if err := errors.Join(err, os.Chtimes(f, modified, modified)); err != nil {
			return err
		}
	}
	if n := g.sandbox.Stats().BucketUploads; n > 0 {
		return os.WriteFile(filepath.Join(g.folder, "unfinished uploads"), nil, 0o666)
	}
	return nil
}
