package bucket

import (
	"context"
	"sync"
	"time"
)

// upload is a multipart upload in progress: parts are uploaded beside each other, each from a buffer of its own. Its
// methods are for one goroutine.
type upload struct {
	sink    *Sink
	key, id string
	part    int64 // the size of a part, and of a buffer
	ctx     context.Context
	cancel  context.CancelCauseFunc

	running sync.WaitGroup
	free    chan []byte // buffers whose parts are uploaded
	buffers int         // there are
	extra   int64       // bytes that were taken from Memory for buffers of the upload

	mu  sync.Mutex
	all []Part // by number; those that are not uploaded have no ETag

	progress *progress    // nil if it is not recorded
	left     map[int]Part // that an earlier run has stored, and are not in all yet
}

func newUpload(ctx context.Context, s *Sink, key, id string, part int64) *upload {
	u := &upload{sink: s, key: key, id: id, part: part, free: make(chan []byte, partsAtOnce+1), buffers: 1}
	u.ctx, u.cancel = context.WithCancelCause(ctx)
	return u
}

// put uploads the next part, and returns at once.
func (u *upload) put(content []byte) {
	u.mu.Lock()
	number := len(u.all) + 1
	u.all = append(u.all, Part{Number: number})
	u.mu.Unlock()
	u.running.Go(func() {
		part, stored := u.left[number]
		var err error
		if !stored || !part.has(content) {
			part, err = u.sink.client.PutPart(u.ctx, u.key, u.id, number, content)
		}
		if err != nil {
			u.cancel(err) // of several, the first one is the cause
		}
		u.mu.Lock()
		u.all[number-1] = part
		u.mu.Unlock()
		if err == nil && u.progress != nil {
			u.progress.stored()
		}
		u.free <- content[:0] // has room for all
	})
}

// stored returns a part; ok is false if it is not uploaded.
func (u *upload) stored(number int) (part Part, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if number > len(u.all) {
		return part, false
	}
	part = u.all[number-1]
	return part, part.ETag != ""
}

// next returns an empty buffer: one whose part is uploaded or, if there is memory, another one. It waits for one.
func (u *upload) next() ([]byte, error) {
	select {
	case b := <-u.free:
		return b, u.err()
	default:
	}
	if u.buffers <= partsAtOnce && u.sink.opts.Memory.TryAcquire(u.part) {
		u.buffers++
		u.extra += u.part
		return make([]byte, 0, u.part), u.err()
	}
	select {
	case b := <-u.free:
		return b, u.err()
	case <-u.ctx.Done():
		return nil, u.err()
	}
}

// err returns why the upload has failed; nil if it has not.
func (u *upload) err() error {
	if u.ctx.Err() == nil {
		return nil
	}
	return context.Cause(u.ctx)
}

// wait waits until all parts are uploaded.
func (u *upload) wait() error {
	u.running.Wait()
	return u.err()
}

// The time limits for removing an upload: in a run that goes on, and in one that is being stopped.
const (
	abortTimeout = 10 * time.Second
	stopTimeout  = 500 * time.Millisecond
)

// stop ends the requests of the upload.
func (u *upload) stop() {
	u.cancel(context.Canceled)
	u.running.Wait()
}

// abort ends the upload and removes it.
func (u *upload) abort(ctx context.Context) error {
	u.stop()
	if u.progress != nil {
		u.progress.forget()
	}
	limit := abortTimeout
	if ctx.Err() != nil {
		limit = stopTimeout
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return u.sink.client.Abort(ctx, u.key, u.id)
}

// staleAge is the age from which on an unfinished upload is one of a process that was killed: by the server's clock, since
// another process may be uploading the same file now.
const staleAge = 24 * time.Hour

// removeStale removes old uploads of a key, except the one with an id. It does not matter if that fails: some users may not list uploads.
func (s *Sink) removeStale(ctx context.Context, key, id string) {
	all, err := s.client.Uploads(ctx, key)
	now, ok := s.client.Now()
	if err != nil || !ok {
		return
	}
	for _, u := range all {
		if u.ID != id && now.Sub(u.Initiated) > staleAge {
			_ = s.client.Abort(ctx, key, u.ID)
		}
	}
}
