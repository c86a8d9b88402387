package bucket

import (
	"context"
	"crypto/md5" //nolint:gosec // S3 makes ETags with it
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// Uploads records unfinished uploads, so that a run continues what an earlier one has left. No other process has the uploads
// in it.
type Uploads interface {
	// Upload returns the recorded upload of a file; ok is false if there is none.
	Upload(file download.FileID) (u download.Upload, ok bool)
	// Intend records r.Upload in place of the recorded one; nil for none.
	Intend(r download.Result) error
}

// RecordUploads records the uploads of a Sink, before its first Begin. Unless resume is set, none of an earlier run is
// continued: they are removed when their files are received again.
func (s *Sink) RecordUploads(all Uploads, resume bool) { s.uploads, s.resume = all, resume }

// Resume implements download.Resumer. A recorded upload that cannot be continued, because the file, its path, the attributes of
// its object or the digests have changed, or because parts are missing, is removed.
func (p *partial) Resume(ctx context.Context, d *transfer.Digest) error {
	s := p.sink
	if s.uploads == nil {
		return nil
	}
	if known, found := s.uploads.Upload(p.target.Identity); found {
		resumed, err := p.resume(ctx, known, d)
		if err != nil {
			return err
		}
		if !resumed {
			s.remove(ctx, known)
		}
	}
	if p.obj.Size > p.part && p.obj.Resumable() && d.Needed() {
		if p.progress == nil {
			p.progress = newProgress(s.uploads, d, p.part, 0, sha256.New())
		}
		d.Follow(int64(p.progress.recorded)*p.part, p.part, p.progress.hashed)
	}
	return nil
}

// resume goes on with a recorded upload. It returns false if that is not possible.
func (p *partial) resume(ctx context.Context, known download.Upload, d *transfer.Digest) (bool, error) {
	s, n := p.sink, known.Parts
	if !s.resume || p.held > 0 || n < 0 || n > maxParts || !p.obj.Resumable() || int64(n)*p.part > p.obj.Size {
		return false, nil
	}
	key, err := p.uploadKey()
	if err != nil {
		return false, err
	}
	if key != known.Key || p.version(key) != known.Version {
		return false, nil
	}
	parts, err := s.client.Parts(ctx, key, known.ID)
	failed, _ := errors.AsType[*download.Error](err)
	switch {
	case failed != nil && (errors.Is(err, ErrNotFound) || !failed.Retryable): // such as a missing right
		return false, nil
	case err != nil:
		return false, p.fail(err)
	case len(parts) < n:
		return false, nil
	}
	parts, left := parts[:n], parts[n:]
	for _, keyed := range []bool{false, true} {
		sum := sha256.New()
		for i := range parts {
			parts[i].Keyed = keyed
			addPart(sum, parts[i])
		}
		if hex.EncodeToString(sum.Sum(nil)) != known.ETags {
			continue
		}
		if !restore(d.Hashes(), known.States) {
			return false, nil
		}
		p.progress = newProgress(s.uploads, d, p.part, n, sum)
		p.upload = newUpload(p.ctx, s, key, known.ID, p.part)
		p.upload.all, p.resumed = parts, true
		if p.upload.left = map[int]Part{}; !keyed {
			for _, part := range left {
				p.upload.left[part.Number] = part
			}
		}
		p.held = int64(n) * p.part
		p.size = p.held
		s.removeStale(ctx, key, known.ID)
		return true, p.progress.begin(p, p.upload)
	}
	return false, nil
}

// remove removes a recorded upload that is not continued. It does not matter if that fails: the bucket's rule removes it.
func (s *Sink) remove(ctx context.Context, known download.Upload) {
	ctx, cancel := context.WithTimeout(ctx, abortTimeout)
	defer cancel()
	_ = s.client.Abort(ctx, known.Key, known.ID)
}

// version identifies what the parts of an upload are of, and the object that they become.
func (p *partial) version(key string) string {
	text, _ := json.Marshal([]any{ // of strings, numbers and maps of strings
		key, p.part, p.obj.Size, p.obj.ETag, p.obj.LastModified.UTC(), p.attributes(), p.sink.client.opts.StorageClass, p.sink.client.opts.SSE,
	})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// has reports whether a part in a list has exactly these bytes.
func (p Part) has(content []byte) bool {
	sum := md5.Sum(content) //nolint:gosec // S3 makes ETags with it
	return p.Size == int64(len(content)) && strings.EqualFold(p.ETag, hex.EncodeToString(sum[:]))
}

// addPart adds a part to what identifies the parts of an upload.
func addPart(sum hash.Hash, p Part) {
	fmt.Fprintf(sum, "%d %s %d %t\n", p.Number, p.ETag, p.Size, p.Keyed)
}

// states returns the states of hashes, one after another.
func states(all []hash.Hash) (states []byte) {
	for _, h := range all {
		states, _ = h.(encoding.BinaryAppender).AppendBinary(states) // those of the standard library have no error
	}
	return states
}

// restore restores the states of hashes. If the states are not those of such hashes, it resets all and returns false.
func restore(all []hash.Hash, states []byte) bool {
	for _, h := range all {
		own, err := h.(encoding.BinaryMarshaler).MarshalBinary() // it has the same length for all states
		if n := len(own); err != nil || len(states) < n || h.(encoding.BinaryUnmarshaler).UnmarshalBinary(states[:n]) != nil {
			states = []byte{0}
			break
		}
		states = states[len(own):]
	}
	if len(states) == 0 {
		return true
	}
	for _, h := range all {
		h.Reset()
	}
	return false
}

// progress records how far an upload is: as many parts, from the first one on, as are stored and hashed.
type progress struct {
	uploads Uploads
	digest  *transfer.Digest
	part    int64 // the size of a part

	mu       sync.Mutex
	upload   *upload         // nil before it has begun
	about    download.Result // what is recorded, with about.Upload
	recorded int             // parts
	sum      hash.Hash       // what identifies them
	states   map[int][]byte  // of the digest, by the number of parts
}

// newProgress returns the progress of an upload of which n parts are stored, identified by sum, and hashed by d.
func newProgress(all Uploads, d *transfer.Digest, part int64, n int, sum hash.Hash) *progress {
	return &progress{uploads: all, digest: d, part: part, recorded: n, sum: sum, states: map[int][]byte{n: states(d.Hashes())}}
}

// hashed saves the states of the digest after length bytes.
func (r *progress) hashed(length int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.states[int(length/r.part)] = states(r.digest.Hashes())
	r.advance()
}

// isRecorded reports whether parts of an upload are recorded.
func (u *upload) isRecorded() bool {
	if u.progress == nil {
		return false
	}
	u.progress.mu.Lock()
	defer u.progress.mu.Unlock()
	return u.progress.recorded > 0
}

// stored notes that another part is stored.
func (r *progress) stored() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.advance()
}

// advance records the parts that are stored and hashed since the last record.
func (r *progress) advance() {
	u, n := r.upload, r.recorded
	for u != nil && r.states[n+1] != nil {
		part, ok := u.stored(n + 1)
		if !ok {
			break
		}
		addPart(r.sum, part)
		delete(r.states, n)
		n++
	}
	if n > r.recorded {
		r.recorded = n
		if err := r.record(); err != nil {
			u.cancel(err)
		}
	}
}

// begin records an upload of p that has begun.
func (r *progress) begin(p *partial, u *upload) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.upload, u.progress = u, r
	file := p.target.Identity
	r.about = download.Result{
		Portal: file.Portal, MediaID: file.MediaID, Selector: file.Selector, ItemID: p.target.ItemID,
		Status: download.Downloaded, Path: p.at.Path, Bytes: &p.obj.Size, ETag: p.obj.ETag,
		Upload: &download.Upload{ID: u.id, Key: u.key, Version: p.version(u.key)},
	}
	return r.record()
}

// record records the upload.
func (r *progress) record() error {
	now := *r.about.Upload
	now.Parts, now.ETags, now.States = r.recorded, hex.EncodeToString(r.sum.Sum(nil)), r.states[r.recorded]
	about := r.about
	about.Upload = &now
	return r.uploads.Intend(about)
}

// forget records that the upload is not to be continued.
func (r *progress) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	about := r.about
	about.Upload = nil
	_ = r.uploads.Intend(about) // the next run finds out that the upload does not exist
}
