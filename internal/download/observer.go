package download

import (
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// Job is one file to get.
type Job struct {
	MediaID  string
	Selector bynder.Selector
	// Asset is the metadata that is known already, nil where none is.
	Asset *bynder.Asset
	// Size is what the portal told of the file's size in bytes, beside Asset; 0 where it did not.
	Size int64
	// batch is what was looked up together with it, nil where nothing was.
	batch *batch
	// asked is when the run asked for Asset; zero if it was handed over.
	asked time.Time
	// Done tells that its result was known before the run, see Engine.Done.
	Done bool
	// Origin is the line of input that asked for it; several jobs may come of one line.
	Origin string
	// Err is why the job cannot be done at all; its result is a failure. It takes the
	// place of a job where one cannot be made, such as for a malformed line of input.
	Err error
}

// Observer is told what happens, from several goroutines at once. A progress bar,
// lines, NDJSON, a summary and the journal are renderings of the same events.
type Observer interface {
	// Started: storage has answered; obj is known and held bytes are there already.
	Started(job Job, name string, obj transfer.Object, held int64)
	// Advanced: n more bytes of the job have been written.
	Advanced(job Job, n int64)
	// Retried: an attempt failed with err and another follows after wait.
	Retried(job Job, err error, wait time.Duration)
	// Finished: the job has its result; nothing more comes of it.
	Finished(job Job, r Result)
}

// Recorder records what a run is about to do, so that a run that is killed forgets no file
// that it has published.
type Recorder interface {
	// Intend records that r's file is about to get its final name, which r.Path shows. The
	// rest of r is what its result will be. Without the record the file is not published.
	Intend(r Result) error
}

// Observers are told one after the other.
type Observers []Observer

// Started implements Observer.
func (o Observers) Started(job Job, name string, obj transfer.Object, held int64) {
	for _, each := range o {
		each.Started(job, name, obj, held)
	}
}

// Advanced implements Observer.
func (o Observers) Advanced(job Job, n int64) {
	for _, each := range o {
		each.Advanced(job, n)
	}
}

// Retried implements Observer.
func (o Observers) Retried(job Job, err error, wait time.Duration) {
	for _, each := range o {
		each.Retried(job, err, wait)
	}
}

// Finished implements Observer.
func (o Observers) Finished(job Job, r Result) {
	for _, each := range o {
		each.Finished(job, r)
	}
}
