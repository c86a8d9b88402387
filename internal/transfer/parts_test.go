package transfer

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
)

// Everything that storage can do wrong with a part is made up for, whether the reader or the part comes
// first, and costs nothing but the speed of it.
func TestPartsThatFail(t *testing.T) {
	f := randomFile(10*testPart, 1)
	weak := func(h http.Header) { h.Set("ETag", `W/"v1"`) }
	drop := func(h http.Header) { h.Del("ETag") }
	other := randomFile(10*testPart, 2)
	expired := status(403, s3("AccessDenied", "Request has expired"))
	faults := []struct {
		name string
		step step
	}{
		{"cut before its first byte", cut(0)},
		{"cut in the middle", cut(5000)},
		{"no answer", hangUp},
		{"silence", silent},
		{"silence in the middle", stall(5000)},
		{"overload", status(503, s3("SlowDown", "Please reduce your request rate."))},
		{"overload that tells how long", status(429, "", "Retry-After", "20")},
		{"an error of the server's", status(500, "")},
		{"expired", expired},
		{"expired credentials of its own", status(400, s3("ExpiredToken", ""))},
		{"not found", status(404, "")},
		{"no file", status(204, "")},
		{"412", status(412, "")},
		{"416", status(416, "")},
		{"the whole", whole(-1)},
		{"the whole, cut", whole(100)},
		{"the whole of no length", chunked(-1)},
		{"another part", fragment("bytes 0-9999/100000", 0, 10_000)},
		{"a part that says nothing of itself", fragment("", 30_000, 40_000)},
		{"a part of another length", fragment("bytes 30000-39999/100001", 30_000, 40_000)},
		{"a part of no length", fragment("bytes 30000-39999/*", 30_000, 40_000)},
		{"a part without an ETag", fragment("bytes 30000-39999/100000", 30_000, 40_000, drop)},
		{"a part with a weak ETag", fragment("bytes 30000-39999/100000", 30_000, 40_000, weak)},
		{"a part of another object", func(_ *file, w http.ResponseWriter, r *http.Request) { unconditional(other, w, r) }},
		{"more than the part", fragment("bytes 30000-59999/100000", 30_000, 60_000)},
		{"less than the part", fragment("bytes 30000-34999/100000", 30_000, 35_000)},
		{"a longer body than its range", fragment("bytes 30000-39999/100000", 30_000, 60_000)},
		{"a redirect", func(_ *file, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere?X-Amz-Signature="+secret, http.StatusFound)
		}},
	}
	readers := map[string]func(*Stream, int){"swift": swiftly, "slow": slowly}
	for _, fault := range faults {
		for pace, read := range readers {
			t.Run(fault.name+"/"+pace, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStorage(t, f, firstOnly)
					s.parts = map[string][]step{"30000-39999": {fault.step}}
					a := arrive(t, s, dividing(s, 3, Options{Retries: 3}), 0, read)
					if a.err != nil || !bytes.Equal(a.bytes, f.bytes) {
						t.Fatalf("%d bytes, %v, after %q", len(a.bytes), a.err, a.requests)
					}
					// What was on its way when a part failed for good is asked for again.
					if n := len(a.requests); n > 10+1+partsPerConnection*3 {
						t.Errorf("%d requests for 10 parts: %q", n, a.requests)
					}
				})
			})
			t.Run(fault.name+", always/"+pace, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStorage(t, f)
					s.ranged = fault.step
					a := arrive(t, s, dividing(s, 3, Options{Retries: 3}), 0, read)
					// The first answer alone is enough.
					if a.err != nil || !bytes.Equal(a.bytes, f.bytes) || a.locations != 1 {
						t.Fatalf("%d bytes from %d locations, %v, after %q", len(a.bytes), a.locations, a.err, a.requests)
					}
				})
			})
		}
	}
}

// Whatever happens to each request, the bytes are the file's.
func TestAnyFailuresOfParts(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex
			size := 1 + random.IntN(300_000)
			f := randomFile(size, seed)
			steps := []func() step{
				func() step { return cut(random.IntN(9000)) },
				func() step { return stall(random.IntN(9000)) },
				func() step { return hangUp },
				func() step { return status(503, "") },
				func() step { return status(403, "") },
				func() step { return unmatched },
				func() step { return whole(random.IntN(size)) },
				func() step { return fragment("bytes 0-0/1", 0, 1) },
			}
			s := newStorage(t, f)
			anything := func(f *file, w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				do := step(well)
				if random.IntN(3) == 0 {
					do = steps[random.IntN(len(steps))]()
				}
				mu.Unlock()
				do(f, w, r)
			}
			s.ranged = anything
			s.script = []step{cut(random.IntN(size))}
			o := dividing(s, 2+random.IntN(6), Options{Retries: 50})
			o.layout.shortest = 500
			o.layout.partSize = int64(1000 + random.IntN(20_000))
			o.opts.Memory = &room{most: int64(40_000 + random.IntN(200_000))}
			a := arrive(t, s, o, random.IntN(size), swiftly)
			if e, ok := errors.AsType[*Error](a.err); ok && e.Status == 403 {
				return // three refusals in a row may happen
			}
			if a.err != nil || !bytes.Equal(a.bytes, f.bytes) {
				t.Errorf("seed %d: %d bytes of %d, %v", seed, len(a.bytes), size, a.err)
			}
		})
	}
}
