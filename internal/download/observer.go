package download

import (
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// Job is one file to download.
type Job struct {
	// Number is the job's position among the files of a run, from 1 up. The engine sets it.
	Number   int64
	MediaID  string
	Selector bynder.Selector
	// Asset has the metadata, nil if they are not known.
	Asset *bynder.Asset
	// Size is the file's size in bytes that the portal reported, apart from Asset; 0 if it did not.
	Size int64
	// Chosen is the name of the derivative that is transferred, or the label of the transformation; "" for other
	// files, and before that is known.
	Chosen string
	// recorded is the result that was known before the run, if the metadata are to be written, or are needed to decide
	// whether it still holds.
	recorded *Result
	// batch has the assets that were looked up together with it; nil if it was not looked up.
	batch *batch
	// direct is set while the original may come from the URL in Asset (Options.Direct).
	direct bool
	// asked is when the run requested Asset; zero if the caller provided it.
	asked time.Time
	// Done is set if its result was known before the run, see Engine.Done.
	Done bool
	// Path is the file's path below the sink's root, slash-separated and safe, if the line of input has one; else ""
	// and Options.Name decides.
	Path string
	// Recorded says that an earlier run chose the file and its path, and that no flag of this one does.
	Recorded bool
	// Replaces, if set, is the only file that may have Path already and be replaced there.
	Replaces *Replaceable
	// Listed is for that of the result.
	Listed *Listed
	// Origin is the line of input that it comes from; several jobs may come from one line.
	Origin string
	// Err is why the job cannot be done; its result is a failure. A malformed line of
	// input, for example, becomes a job with an Err.
	Err error
	// MetadataErr is why Asset is not known, if the file can be downloaded without it.
	MetadataErr error
}

// Replaceable is a file that this program has written, and may replace as long as it has not changed since.
type Replaceable struct {
	Size int64  // in bytes
	MD5  string // in hexadecimal digits
	// ETag is what storage sent with it, if that is a digest of the bytes; else "".
	ETag string
	// ObjectETag is that of its object in a bucket, "" if it is in a folder or that is not known.
	ObjectETag string
}

// ProgressObserver receives the progress of files in flight, from several goroutines at
// once.
type ProgressObserver interface {
	// Started is called when storage has answered; obj is known and held bytes are in the partial.
	Started(job Job, name string, obj transfer.Object, held int64)
	// Advanced is called when n more bytes of the job have been written.
	Advanced(job Job, n int64)
	// Retried is called when an attempt failed with err and another follows after wait. name is as in Result.Name.
	Retried(job Job, name string, err error, wait time.Duration)
}

// ResultObserver receives the result of each job, from several goroutines at once. Output, summary
// and journal are written from the same results.
type ResultObserver interface {
	// Finished is called when the job has its result, and is its last event.
	Finished(job Job, r Result)
}

// Recorder records what a run is about to do, so that no published file is missing in the
// record after a kill.
type Recorder interface {
	// Intend records that r's file is about to get its final name, r.Path. The
	// rest of r is what its result will be. Without the record the file is not published.
	Intend(r Result) error
}
