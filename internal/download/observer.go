package download

import (
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// Job is one file to get.
type Job struct {
	// Number is the job's place among the files of a run, from 1 up. The engine sets it.
	Number   int64
	MediaID  string
	Selector bynder.Selector
	// Asset is the metadata that is known already, nil where none is.
	Asset *bynder.Asset
	// Size is what the portal told of the file's size in bytes, beside Asset; 0 where it did not.
	Size int64
	// Chosen is the name of the derivative that is transferred, or the label of the transformation; "" for other
	// files, and before that is known.
	Chosen string
	// recorded is the result that was known before the run, if the metadata are to be written, or tell whether it still
	// holds.
	recorded *Result
	// batch is what was looked up together with it, nil where nothing was.
	batch *batch
	// asked is when the run asked for Asset; zero if it was handed over.
	asked time.Time
	// Done tells that its result was known before the run, see Engine.Done.
	Done bool
	// Path is the file's path below the sink's root, slash-separated and safe, where the line of input gives one; ""
	// leaves it to Options.Name.
	Path string
	// Replaces, if set, is the only file that may have Path already and be replaced there.
	Replaces *Replaceable
	// Listed is for that of the result.
	Listed *Listed
	// Origin is the line of input that asked for it; several jobs may come of one line.
	Origin string
	// Err is why the job cannot be done at all; its result is a failure. It takes the
	// place of a job where one cannot be made, such as for a malformed line of input.
	Err error
	// MetadataErr is why Asset is not known, where the file can be had without it.
	MetadataErr error
}

// Replaceable is a file that this program has written, and may replace as long as it has not changed since.
type Replaceable struct {
	Size int64  // in bytes
	MD5  string // in hexadecimal digits
}

// ProgressObserver is told how the files that are being transferred get on, from several
// goroutines at once.
type ProgressObserver interface {
	// Started: storage has answered; obj is known and held bytes are there already.
	Started(job Job, name string, obj transfer.Object, held int64)
	// Advanced: n more bytes of the job have been written.
	Advanced(job Job, n int64)
	// Retried: an attempt failed with err and another follows after wait. name is as Result.Name.
	Retried(job Job, name string, err error, wait time.Duration)
}

// ResultObserver is told what became of each job, from several goroutines at once. Output, summary
// and journal are renderings of the same results.
type ResultObserver interface {
	// Finished: the job has its result; nothing more comes of it.
	Finished(job Job, r Result)
}

// Recorder records what a run is about to do, so that a run that is killed forgets no file
// that it has published.
type Recorder interface {
	// Intend records that r's file is about to get its final name, r.Path. The
	// rest of r is what its result will be. Without the record the file is not published.
	Intend(r Result) error
}
