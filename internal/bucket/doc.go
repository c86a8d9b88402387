// Package bucket writes files to a bucket of S3 or of a server with the same interface: a download.Sink whose partial is
// a multipart upload, which becomes an object only when the file is complete and verified. A file of at most one part is
// held in memory, and put with one request. It also stores the segments of a journal, copies and removes objects, and holds
// the lock of a sync.
//
// Client has the operations on the bucket, which know nothing of files of a portal.
package bucket
