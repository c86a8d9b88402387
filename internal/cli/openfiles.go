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
