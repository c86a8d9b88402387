package cli

import (
	"errors"
	"strconv"

	"github.com/bynder-cli/bynder/internal/download"
)

// jobs is the value of --jobs: how many files are in flight, 0 for auto.
type jobs int

// Set parses a value of the flag.
func (j *jobs) Set(text string) error {
	if text == "auto" {
		*j = 0
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > 1024 {
		return errors.New("must be auto or a whole number from 1 to 1024")
	}
	*j = jobs(n)
	return nil
}

// String returns the value as the command line spells it.
func (j *jobs) String() string {
	if *j == 0 {
		return "auto"
	}
	return strconv.Itoa(int(*j))
}

// Type returns the name of the value in help texts.
func (*jobs) Type() string { return "N" }

// workers returns the workers that the flag asks for, as far as the limit of open files permits them.
func (j jobs) workers() *download.Workers {
	if j == 0 {
		return download.AutoWorkers(limitJobs(openFiles(), download.DistantWorkers))
	}
	return download.FixedWorkers(limitJobs(openFiles(), int(j)))
}

const (
	// filesAlways is the number of files that every run has open: the standard streams, the folder, lists,
	// the journal, the allowance, files of the runtime.
	filesAlways = 20
	// filesEach is the maximum number of files that are open for one file in flight: a connection to storage, one to the
	// portal, the partial, the two ends of a pipe, and a folder or file that is being compared.
	filesEach = 6
)

// limitJobs returns how many of the jobs may be in flight under a limit of open files (0 = no limit), at least 1.
func limitJobs(limit uint64, jobs int) int {
	if limit == 0 || limit >= filesAlways+filesEach*uint64(jobs) {
		return jobs
	}
	return max(int(limit-min(limit, filesAlways))/filesEach, 1)
}

// maxWaiting is the maximum number of finished files that wait for the paths of earlier ones. Each is one open file.
const maxWaiting = 1000

// limitWaiting returns how many finished files may wait beside the jobs in flight, under a limit of open files (0 = no limit).
func limitWaiting(limit uint64, jobs int) int {
	most := max(maxWaiting-jobs, 0)
	if limit == 0 {
		return most
	}
	used := filesAlways + filesEach*uint64(jobs)
	return int(min(limit-min(limit, used), uint64(most)))
}
