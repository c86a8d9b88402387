package sandbox

import (
	"maps"
	"net"
	"net/http"
	"sync"
)

// Stats counts the requests to the sandbox. It can be marshaled to JSON.
type Stats struct {
	// APICalls counts every request to the portal, refused ones included.
	APICalls int64 `json:"apiCalls"`
	// Endpoints counts them by endpoint, see Fault.On for the names.
	Endpoints map[string]int64 `json:"endpoints"`
	// Refusals counts the calls answered 401 by the reason.
	Refusals map[string]int64 `json:"refusals"`
	// RateLimited counts the calls answered 429.
	RateLimited int64 `json:"rateLimited"`
	// BusiestWindow is the most calls that any 300 s held.
	BusiestWindow int `json:"busiestWindow"`
	// StorageRequests and StorageBytes are what storage was asked and gave (body
	// bytes of files, as they were handed to the network).
	StorageRequests int64 `json:"storageRequests"`
	StorageBytes    int64 `json:"storageBytes"`
	// StorageConnections counts the connections that were made to storage, if Serve serves it.
	StorageConnections int64 `json:"storageConnections"`
	// Leaks counts requests to storage by the header that had no business there:
	// Authorization, Cookie, Referer.
	Leaks map[string]int64 `json:"leaks"`
	// BucketRequests counts every request to the bucket, refused ones included, by operation as S3 names it.
	BucketRequests map[string]int64 `json:"bucketRequests"`
	// BucketRefusals counts the requests whose signature was refused, by the code of the error.
	BucketRefusals map[string]int64 `json:"bucketRefusals"`
	// BucketObjects are the sizes in bytes of the objects in the bucket, by key.
	BucketObjects map[string]int64 `json:"bucketObjects"`
	// BucketUploads is the number of uploads in parts that were neither completed nor aborted.
	BucketUploads int `json:"bucketUploads"`
	// Faults counts the requests that each fault affected, by name.
	Faults map[string]int64 `json:"faults"`
}

type counters struct {
	mu sync.Mutex
	s  Stats
}

// connected counts new connections.
func (c *counters) connected(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.s.StorageConnections++
	}
}

// Stats returns a snapshot of the counts since New.
func (s *Sandbox) Stats() Stats {
	c := &s.counters
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := c.s
	stats.Endpoints = cloneCounts(c.s.Endpoints)
	stats.Refusals = cloneCounts(c.s.Refusals)
	stats.Leaks = cloneCounts(c.s.Leaks)
	stats.BucketRequests = cloneCounts(c.s.BucketRequests)
	stats.BucketRefusals = cloneCounts(c.s.BucketRefusals)
	stats.BucketObjects, stats.BucketUploads = s.bucket.counts()
	stats.Faults = s.faults.counts()
	stats.BusiestWindow = s.limit.busiestWindow()
	return stats
}

func cloneCounts(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return maps.Clone(m)
}

// maxReasons bounds the maps whose keys a client can influence.
const maxReasons = 64

func bump(m *map[string]int64, key string) {
	if *m == nil {
		*m = make(map[string]int64)
	}
	if _, known := (*m)[key]; !known && len(*m) >= maxReasons {
		key = "other"
	}
	(*m)[key]++
}

func (c *counters) call(endpoint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.APICalls++
	bump(&c.s.Endpoints, endpoint)
}

func (c *counters) refuse(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	bump(&c.s.Refusals, reason)
}

func (c *counters) rateLimited() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.RateLimited++
}

func (c *counters) storageRequest(h http.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.StorageRequests++
	for _, name := range []string{"Authorization", "Cookie", "Referer"} {
		if h.Get(name) != "" {
			bump(&c.s.Leaks, name)
		}
	}
}

func (c *counters) bucketRequest(operation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	bump(&c.s.BucketRequests, operation)
}

func (c *counters) bucketRefusal(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	bump(&c.s.BucketRefusals, code)
}

func (c *counters) storageBytes(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.StorageBytes += n
}
