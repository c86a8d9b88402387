//go:build unix

package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// cmdS3 uses the bucket of a sandbox through a client that is not ours to judge with. exports is what the sandbox has
// printed.
//
//	s3 exports put file key    store a file
//	s3 exports get key file    read an object
//	s3 exports rm pattern      remove the objects with such keys, at least one
//	s3 exports holds key...    the keys of all objects
//	s3 exports meta key        its Content-Type and user metadata, as lines, to stdout
func cmdS3(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: s3 exports put|get|rm|holds|meta ...")
	}
	s3 := bucketClient(ts, args[0])
	ctx := context.Background() // a script has none
	what, args := args[1], args[2:]
	switch {
	case what == "put" && len(args) == 2:
		_, err := s3.FPutObject(ctx, sandbox.BucketName, args[1], ts.MkAbs(args[0]), minio.PutObjectOptions{})
		ts.Check(err)
	case what == "get" && len(args) == 2:
		ts.Check(s3.FGetObject(ctx, sandbox.BucketName, args[0], ts.MkAbs(args[1]), minio.GetObjectOptions{}))
	case what == "meta" && len(args) == 1:
		info, err := s3.StatObject(ctx, sandbox.BucketName, args[0], minio.StatObjectOptions{})
		ts.Check(err)
		lines := []string{"Content-Type: " + info.ContentType}
		if coding := info.Metadata.Get("Content-Encoding"); coding != "" {
			lines = append(lines, "Content-Encoding: "+coding)
		}
		for name, value := range info.UserMetadata {
			lines = append(lines, strings.ToLower(name)+": "+value)
		}
		slices.Sort(lines)
		_, err = ts.Stdout().Write([]byte(strings.Join(lines, "\n") + "\n"))
		ts.Check(err)
	case what == "rm" && len(args) == 1:
		removed := false
		for _, key := range allKeys(ts, s3) {
			if ok, err := filepath.Match(args[0], key); ok || err != nil {
				ts.Check(errors.Join(err, s3.RemoveObject(ctx, sandbox.BucketName, key, minio.RemoveObjectOptions{})))
				removed = true
			}
		}
		if !removed {
			ts.Fatalf("no object has a key like %s", args[0])
		}
	case what == "holds":
		got := allKeys(ts, s3)
		slices.Sort(args)
		same := func(key, pattern string) bool {
			ok, err := filepath.Match(pattern, key)
			ts.Check(err)
			return ok
		}
		if !slices.EqualFunc(got, args, same) {
			ts.Fatalf("the bucket holds %q, not %q", got, args)
		}
	default:
		ts.Fatalf("s3 has no %s with %d arguments", what, len(args))
	}
}

// allKeys returns the keys of all objects.
func allKeys(ts *testscript.TestScript, s3 *minio.Client) (all []string) {
	for o := range s3.ListObjects(context.Background(), sandbox.BucketName, minio.ListObjectsOptions{Recursive: true}) {
		ts.Check(o.Err)
		all = append(all, o.Key)
	}
	return all
}

// bucketClient returns a client with the settings in a file of lines for a shell.
func bucketClient(ts *testscript.TestScript, exports string) *minio.Client {
	set := map[string]string{}
	for line := range strings.Lines(ts.ReadFile(exports)) {
		name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		set[name] = strings.Trim(value, "'")
	}
	endpoint, found := strings.CutPrefix(set["AWS_ENDPOINT_URL_S3"], "http://")
	if !found {
		ts.Check(errors.New(exports + " has no AWS_ENDPOINT_URL_S3"))
	}
	s3, err := minio.New(endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(set["AWS_ACCESS_KEY_ID"], set["AWS_SECRET_ACCESS_KEY"], ""),
		Region: set["AWS_REGION"],
	})
	ts.Check(err)
	return s3
}
