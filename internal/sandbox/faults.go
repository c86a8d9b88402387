package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is a fault that is switched on. FaultKinds has the names.
type Fault struct {
	Name string
	// Value is what the number after the name means for the kind (bytes, bytes a
	// second, seconds, a count). Zero is the kind's default.
	Value int64
	// Text chooses a variant, for kinds that have variants. Empty is the first.
	Text string
	// Asset limits it to one asset by its media id.
	Asset string
	// On limits it to one endpoint of the API: download, media, list,
	// collections, collection, collectionMedia, currentUser, derivatives,
	// metaproperties, options, brands, tags, token. A call that belongs to none is "unknown".
	// For the bucket it is an operation, such as UploadPart; for storage it is OnDirect.
	On string
	// After is the number of matching requests that pass first.
	After int
	// Times is the number of requests that it affects after those; 0 = no limit. After and Times
	// are counted per file on storage, per asset on the API, per object in the bucket, and
	// per endpoint or operation that is about none of these.
	Times int
	// Rate is the share of the assets that it affects, chosen by Seed, the same in
	// every run (of the requests, for endpoints that are not about an asset). 0 = no limit.
	Rate float64
	Seed uint64
}

// Selects reports whether the fault may affect an asset.
func (f Fault) Selects(mediaID string) bool {
	return (f.Asset == "" || f.Asset == mediaID) && f.draws(mediaID)
}

func (f Fault) draws(what string) bool {
	if f.Rate <= 0 {
		return true
	}
	return float64(seedOf(f.Name, strconv.FormatUint(f.Seed, 10), what)>>11)/(1<<53) < f.Rate
}

// ParseFault reads a fault as people write it: NAME[=VALUE][,KEY=VALUE]..., with
// the keys asset, on, after, times, rate and seed, such as
// "cut=100000,asset=ID,times=1" or "500,rate=0.01,seed=7". Names that are a number
// mean the API's status. Values take the suffixes K, M and G (powers of 1024).
func ParseFault(text string) (Fault, error) {
	head, rest, more := strings.Cut(text, ",")
	name, value, hasValue := strings.Cut(head, "=")
	if _, err := strconv.Atoi(name); err == nil {
		name = "api-" + name
	}
	f := Fault{Name: name}
	var errs []error
	if hasValue {
		if n, err := parseSize(value); err == nil {
			f.Value = n
		} else {
			f.Text = value
		}
	}
	for pair := range strings.SplitSeq(rest, ",") {
		if !more {
			break
		}
		key, value, _ := strings.Cut(pair, "=")
		var err error
		switch key {
		case "asset":
			f.Asset = value
		case "on":
			f.On = value
		case "after":
			f.After, err = number(strconv.Atoi(value))
		case "times":
			f.Times, err = number(strconv.Atoi(value))
		case "rate":
			f.Rate, err = number(strconv.ParseFloat(value, 64))
		case "seed":
			f.Seed, err = number(strconv.ParseUint(value, 10, 64))
		default:
			err = errors.New("unknown key; the keys are asset, on, after, times, rate and seed")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("fault %q: %q: %w", text, pair, err))
		}
	}
	if err := f.check(); err != nil {
		errs = append(errs, err)
	}
	return f, errors.Join(errs...)
}

// number returns what a function of strconv has returned, with an error in plain words.
func number[N any](n N, err error) (N, error) {
	switch {
	case errors.Is(err, strconv.ErrRange):
		err = errors.New("the number is out of range")
	case err != nil:
		err = errors.New("the value must be a number")
	}
	return n, err
}

func parseSize(text string) (int64, error) {
	shift := 0
	if i := strings.IndexAny("KMG", text[max(len(text)-1, 0):]); text != "" && i >= 0 {
		shift, text = 10*(i+1), text[:len(text)-1]
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n > 1<<62>>shift {
		err = strconv.ErrRange
	}
	return n << shift, err
}

func (f Fault) check() error {
	kind, ok := faultKind(f.Name)
	switch {
	case !ok:
		return fmt.Errorf("unknown fault %q", f.Name)
	case f.Text != "" && !kind.AnyText && len(kind.Texts) == 0:
		return fmt.Errorf("fault %s: invalid value %q: must be a number, such as 100000 or 64K", f.Name, f.Text)
	case f.Text != "" && !kind.AnyText && !slices.Contains(kind.Texts, f.Text):
		return fmt.Errorf("fault %s: invalid value %q: must be one of %s", f.Name, f.Text, strings.Join(kind.Texts, ", "))
	case kind.Side == OnClock && f != (Fault{Name: f.Name, Value: f.Value}):
		return fmt.Errorf("fault %s applies to every answer: it takes no keys", f.Name)
	case f.Value < 0 && kind.Side != OnClock, max(f.Value, -f.Value) > maxClock && kind.Side == OnClock, f.After < 0, f.Times < 0, !(f.Rate >= 0 && f.Rate <= 1): // NaN is neither
		return fmt.Errorf("fault %s: a number is out of range", f.Name)
	case kind.Side == OnStorage && f.On != "" && f.On != OnDirect:
		return fmt.Errorf("fault %s affects storage: the only value of on= is %s", f.Name, OnDirect)
	case kind.Side == OnBucket && f.Asset != "":
		return fmt.Errorf("fault %s affects the bucket: it cannot be limited to an asset", f.Name)
	case kind.Side == OnBucket && f.On != "" && !slices.Contains(bucketOperationNames(), f.On):
		return fmt.Errorf("fault %s: unknown operation %q; the operations are %s", f.Name, f.On, strings.Join(bucketOperationNames(), ", "))
	case kind.Side != OnBucket && kind.Side != OnStorage && f.On != "" && !slices.Contains(endpointNames, f.On):
		return fmt.Errorf("fault %s: unknown endpoint %q; the endpoints are %s", f.Name, f.On, strings.Join(endpointNames, ", "))
	}
	return nil
}

// maxClock is by how many seconds a clock may be wrong at most: 34 years.
const maxClock = 1 << 30

// faultSet are the faults that are on, and the requests that each has matched.
type faultSet struct {
	mu       sync.Mutex
	faults   []Fault
	requests map[requestKey]int // that a fault has matched
	hits     map[string]int64
	expired  map[string]bool      // signatures of URLs that expired in the middle
	links    map[string]string    // the query of the first link that was followed to each file
	began    map[string]time.Time // when storage-403-for first met each file
	crowds   map[string]*crowd    // by file
}

type requestKey struct {
	fault int
	what  string
}

func (s *faultSet) set(faults []Fault) error {
	faults = slices.Clone(faults)
	for i := range faults {
		f := &faults[i]
		if err := f.check(); err != nil {
			return err
		}
		kind, _ := faultKind(f.Name)
		f.Value = cmp.Or(f.Value, kind.Default)
		if f.Text == "" && len(kind.Texts) > 0 {
			f.Text = kind.Texts[0]
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.requests, s.hits, s.expired = faults, map[requestKey]int{}, map[string]int64{}, map[string]bool{}
	s.links, s.crowds, s.began = map[string]string{}, map[string]*crowd{}, map[string]time.Time{}
	return nil
}

func (s *faultSet) counts() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cloneCounts(s.hits)
}

// activeFault is a fault that affects a request: the nth of that file,
// from 1.
type activeFault struct {
	Fault
	nth int
}

type activeFaults []activeFault

func (s activeFaults) get(name string) (activeFault, bool) {
	for _, f := range s {
		if f.Name == name {
			return f, true
		}
	}
	return activeFault{}, false
}

func (s activeFaults) has(name string) bool {
	_, ok := s.get(name)
	return ok
}

// match returns the faults that affect a request on a side, and counts them. what is the file, asset, object or
// endpoint that the request is about; mediaID is empty if it is not about an asset.
func (s *faultSet) match(side Side, endpoint, mediaID, what string) activeFaults {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found activeFaults
	for i, f := range s.faults {
		kind, _ := faultKind(f.Name)
		if kind.Side != side || f.On != "" && f.On != endpoint || f.Asset != "" && f.Asset != mediaID {
			continue
		}
		if f.On == "" && kind.operations != nil && !slices.Contains(kind.operations(f.Text), endpoint) {
			continue
		}
		if mediaID != "" && !f.draws(mediaID) {
			continue
		}
		nth := 1
		if kind.counts || f.After > 0 || f.Times > 0 || mediaID == "" {
			key := requestKey{i, what}
			s.requests[key]++
			nth = s.requests[key]
		}
		if nth <= f.After || f.Times > 0 && nth > f.After+f.Times {
			continue
		}
		if mediaID == "" && !f.draws(what+" "+strconv.Itoa(nth)) {
			continue
		}
		s.hits[f.Name]++
		found = append(found, activeFault{f, nth - f.After})
		if side == OnAPI {
			break // one answer, one fault: the next one applies when this one has ended
		}
	}
	return found
}

// expire makes a location expire now.
func (s *faultSet) expire(signature string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expired[signature] = true
}

func (s *faultSet) isExpired(signature string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expired[signature]
}

// isFirstLink reports whether query is that of the link to the file at key that was followed first.
func (s *faultSet) isFirstLink(key, query string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.links[key]; !known {
		s.links[key] = query
	}
	return s.links[key] == query
}

// clockAhead returns by how much the fault clock is on.
func (s *faultSet) clockAhead() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Name == "clock" {
			return time.Duration(f.Value) * time.Second
		}
	}
	return 0
}

// within reports whether less than d has passed since it was first called for the file at key.
func (s *faultSet) within(key string, d time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.began[key]; !known {
		s.began[key] = time.Now()
	}
	return time.Since(s.began[key]) < d
}

// on reports whether any fault of a name is on.
func (s *faultSet) on(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.faults, func(f Fault) bool { return f.Name == name })
}

// selectedText reports whether a fault of a name and text is on for an asset, without counting it.
func (s *faultSet) selectedText(name, mediaID, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.faults, func(f Fault) bool { return f.Name == name && f.Text == text && f.Selects(mediaID) })
}

// selected returns the fault of a name that is on for an asset, without counting it.
func (s *faultSet) selected(name, mediaID string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Name == name && f.Selects(mediaID) {
			return f, true
		}
	}
	return Fault{}, false
}
