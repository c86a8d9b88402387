package cli

const (
	// filesAlways are open whatever a run does: the standard streams, the folder, lists,
	// journal, the allowance, what the runtime needs.
	filesAlways = 20
	// filesEach are open for one file in flight at most: a connection to storage, one to the
	// portal, the partial, the two ends of a pipe, and a folder or file that is looked at
	// meanwhile.
	filesEach = 6
)

// within is how many of the jobs may be in flight under a limit of open files, at least 1;
// 0 is no limit.
func within(limit uint64, jobs int) int {
	if limit == 0 || limit >= filesAlways+filesEach*uint64(jobs) {
		return jobs
	}
	return max(int(limit-min(limit, filesAlways))/filesEach, 1)
}

// maxWaiting is how many finished files wait for the paths of earlier ones at most. Each is one open file.
const maxWaiting = 1000

// waiting is how many may wait beside the jobs in flight, under a limit of open files; 0 is no limit.
func waiting(limit uint64, jobs int) int {
	most := max(maxWaiting-jobs, 0)
	if limit == 0 {
		return most
	}
	used := filesAlways + filesEach*uint64(jobs)
	return int(min(limit-min(limit, used), uint64(most)))
}
