package report

import (
	"slices"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// tally adds up the events of a run. It has an entry for each file in flight and none
// for those that are done, so that a million files need no more memory than a hundred.
type tally struct {
	files func() (n int, more bool) // see Options.Files

	mu        sync.Mutex
	began     time.Time
	flights   map[int64]*flight // by the number of the job
	byStatus  map[download.Status]int
	byCause   map[download.Code]int
	byChoice  map[string]int // files in place that were chosen of several derivatives
	byPlan    map[download.Plan]int
	byChange  map[change]int
	fetch     int64 // bytes that a dry run found to be fetched, as far as sizes are known
	kept      int   // files that exist and would be skipped
	sizeless  int   // how many of those files have no known size
	suspect   int   // files that did not fail and are probably not what was asked for
	bare      int   // files in place whose metadata could not be written
	completed int64 // bytes of the completed files
	sized     int   // number of completed files whose bytes are known
	moved     int64 // bytes received in this run
	meter     meter
	wait      string // the reason for the current wait, or for the last
	waitEnds  time.Time
	name      string // of the file that started last

	listing ListingProgress // of the assets whose files the run is for
}

// flight is a file between its start and its result.
type flight struct {
	size int64 // -1: storage did not say
	held int64 // bytes held, resumed ones included
}

func newTally(now time.Time, files func() (n int, more bool)) *tally {
	if files == nil {
		files = func() (int, bool) { return 0, true }
	}
	return &tally{
		began:    now,
		files:    files,
		flights:  make(map[int64]*flight),
		byStatus: make(map[download.Status]int),
		byCause:  make(map[download.Code]int),
		byChoice: make(map[string]int),
		byPlan:   make(map[download.Plan]int),
		byChange: make(map[change]int),
		meter:    newMeter(now),
		listing:  ListingProgress{Noun: "asset"},
	}
}

func (t *tally) begin(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began = now
}

// start adds a file in flight. It is called again for a file that starts over.
func (t *tally) start(job download.Job, name string, obj transfer.Object, held int64, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.moved == 0 && len(t.flights) == 0 {
		t.meter = newMeter(now) // the wait for the portal before does not count towards the rate
	}
	t.flights[job.Number] = &flight{size: obj.Size, held: held}
	t.name = name
}

func (t *tally) advance(job download.Job, n int64, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.flights[job.Number]; f != nil {
		f.held += n
	}
	t.moved += n
	t.meter.record(now, t.moved)
}

func (t *tally) finish(job download.Job, r download.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.flights[job.Number]
	delete(t.flights, job.Number)
	t.byStatus[r.Status]++
	if r.Plan != "" {
		t.plan(r)
	}
	if r.Chosen != "" && r.Status != download.Failed {
		t.byChoice[r.Chosen]++
	}
	if r.Suspect != "" && r.Status != download.Failed {
		t.suspect++
	}
	if r.MetadataError != nil {
		t.bare++
	}
	switch {
	case r.Status == download.Failed:
		t.byCause[cause(r)]++
	case r.Bytes != nil:
		t.completed += *r.Bytes
		t.sized++
	case f != nil:
		t.completed += f.held
		t.sized++
	}
}

// interrupted returns the number of files that an interruption stopped.
func (t *tally) interrupted() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byCause[download.CodeInterrupted]
}

// plan counts the plan of a dry run for a file.
func (t *tally) plan(r download.Result) {
	t.byPlan[r.Plan]++
	if r.Plan == download.PlanExists && r.Status != download.Failed {
		t.kept++
	}
	switch {
	case r.Plan != download.PlanNew && r.Plan != download.PlanChanged:
	case r.Bytes == nil:
		t.sizeless++
	default:
		t.fetch += *r.Bytes
	}
}

// waitShownFor is for how long the reason for a wait is shown after its end: if each call waits for a moment,
// the text does not flicker.
const waitShownFor = time.Second

func (t *tally) setWait(text string, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wait, t.waitEnds = text, until
}

// unexplained stands for the cause of a failure that came without one.
const unexplained download.Code = "unexplained"

func cause(r download.Result) download.Code {
	if problem := r.Problem(); problem != nil {
		return problem.Code
	}
	return unexplained
}

// progress is the tally at one moment.
type progress struct {
	name                            string
	done, known, inFlight, failures int
	open                            bool  // more files may be requested
	held                            int64 // bytes held, of files in flight and completed
	total                           int64 // bytes; -1: not known yet
	estimated                       bool  // total includes estimated sizes
	rate                            int64 // bytes per second
	wait                            string
	listed                          string // how far the list of assets is, "" if there is none
}

// at returns the progress at a moment. A file whose size is not known yet counts with the mean of the known sizes,
// so that the percentage is useful from the first files on.
func (t *tally) at(now time.Time) progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := progress{
		name:     t.name,
		inFlight: len(t.flights),
		failures: t.byStatus[download.Failed] + t.bare,
		held:     t.completed,
		rate:     t.meter.rate(now, t.moved),
		listed:   t.listing.String(),
	}
	if now.Before(t.waitEnds.Add(waitShownFor)) {
		p.wait = t.wait
	}
	for _, n := range t.byStatus {
		p.done += n
	}
	p.known, p.open = t.files()
	p.known = max(p.known, p.done+p.inFlight)
	sizes, sized := t.completed, t.sized
	guess := p.known - p.done - p.inFlight // files without a size
	for _, f := range t.flights {
		p.held += f.held
		if f.size < 0 {
			guess++
			continue
		}
		sizes += max(f.size, f.held)
		sized++
	}
	switch {
	case guess == 0:
		p.total = sizes
	case sized == 0:
		p.total = -1
	default:
		p.estimated = true
		p.total = max(p.held, sizes+int64(float64(sizes)/float64(sized)*float64(guess)))
	}
	return p
}

// left returns the time that the remaining bytes take at the present rate.
func (p progress) left() (time.Duration, bool) {
	if p.total < 0 || p.open || p.rate <= 0 || p.held >= p.total {
		return 0, false
	}
	seconds := float64(p.total-p.held) / float64(p.rate)
	if seconds > (1000 * 24 * time.Hour).Seconds() {
		return 0, false // no useful estimate
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second), true
}

// percent returns the percentage of the bytes that are held, rounded down: 100 means all.
func (p progress) percent() (int, bool) {
	switch {
	case p.total < 0 || p.open:
		return 0, false
	case p.total == 0:
		return 100, p.done == p.known && p.done > 0 && p.failures == 0
	}
	return int(float64(min(p.held, p.total)) / float64(p.total) * 100), true
}

const (
	meterWindow = 10 * time.Second
	meterStep   = 500 * time.Millisecond
)

// meter measures a rate over the last seconds: steady enough to read, quick
// enough to show a stalled transfer. It has at least one sample: its beginning.
type meter struct{ samples []sample }

func newMeter(now time.Time) meter { return meter{samples: []sample{{at: now}}} }

type sample struct {
	at    time.Time
	moved int64
}

// record adds a sample of the bytes received until now, unless the last one is less than meterStep old.
func (m *meter) record(now time.Time, moved int64) {
	m.forget(now)
	if last := m.samples[len(m.samples)-1]; now.Sub(last.at) >= meterStep {
		m.samples = append(m.samples, sample{now, moved})
	}
}

// rate returns the rate in bytes per second; 0 also if less than meterStep has passed.
func (m *meter) rate(now time.Time, moved int64) int64 {
	m.forget(now)
	first := m.samples[0]
	span := now.Sub(first.at)
	if span < meterStep {
		return 0
	}
	return int64(float64(moved-first.moved) / span.Seconds())
}

// forget drops the samples that are older than the window, except the newest of these.
func (m *meter) forget(now time.Time) {
	i := 0
	for i+1 < len(m.samples) && now.Sub(m.samples[i+1].at) >= meterWindow {
		i++
	}
	m.samples = slices.Delete(m.samples, 0, i)
}
