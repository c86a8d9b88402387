package cli

import "testing"

func TestLimitJobs(t *testing.T) {
	for _, tt := range []struct {
		limit uint64
		jobs  int
		want  int
	}{
		{0, 32, 32}, {1 << 20, 32, 32}, {212, 32, 32}, {211, 32, 31}, {64, 32, 7}, {26, 32, 1}, {20, 32, 1}, {1, 32, 1}, {64, 4, 4},
	} {
		if got := limitJobs(tt.limit, tt.jobs); got != tt.want {
			t.Errorf("%d jobs under a limit of %d files: %d, want %d", tt.jobs, tt.limit, got, tt.want)
		}
	}
}

func TestLimitWaiting(t *testing.T) {
	for _, tt := range []struct {
		limit uint64
		jobs  int
		want  int
	}{
		{0, 32, 968}, {1 << 20, 32, 968}, {1024, 32, 812}, {212, 32, 0}, {64, 32, 0}, {0, 1024, 0}, {1 << 20, 1, 999},
	} {
		if got := limitWaiting(tt.limit, tt.jobs); got != tt.want {
			t.Errorf("%d jobs under a limit of %d files: %d may wait, want %d", tt.jobs, tt.limit, got, tt.want)
		}
	}
}
