package mirror

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/bynder-cli/bynder/internal/bucket"
)

// play makes the bucket of a change as it was before.
func (c change) playInBucket(t *testing.T, s *store, withTrash bool) *bucketRig {
	t.Helper()
	g := newBucketRig(t, s)
	if withTrash {
		g.trash = bucket.Location{Bucket: g.at.Bucket, Prefix: "trash-" + g.at.Prefix}
	}
	g.metadata = c.metadata
	if c.gone != nil {
		g.verdicts = c.gone
	}
	if len(c.before) > 0 {
		g.sync(c.before)
		g.wantTree(c.before.files(c.metadata))
	}
	return g
}

func TestRunInBucket(t *testing.T) {
	for _, fault := range []string{"s3-page=2", "s3-etag"} { // with s3-etag, no ETag is an MD5
		t.Run(fault, func(t *testing.T) {
			s := newStore(t, fault)
			for _, c := range changes {
				t.Run(c.name, func(t *testing.T) { c.runInBucket(t, s, fault == "s3-page=2") })
			}
		})
	}
}

func (c change) runInBucket(t *testing.T, s *store, withTrash bool) {
	t.Helper()
	g := c.playInBucket(t, s, withTrash)
	outcome := g.sync(c.after)
	g.wantLines(c.want...)
	if want := (Outcome{Steps: len(c.want), Deleted: len(c.gone)}); outcome != want {
		t.Errorf("the outcome is %+v, want %+v", outcome, want)
	}
	g.wantTree(c.after.files(c.metadata))
	g.wantRecorded(c.after)
	if withTrash {
		g.wantTrash(c.deleted())
	}
	if again := g.sync(c.after); again != (Outcome{}) {
		t.Errorf("another run does %v", linesOf(t, g.results))
	}
}

// With faults of the bucket the same is done.
func TestRunInBucketWithFaults(t *testing.T) {
	for _, fault := range []string{"s3-lost,rate=0.1", "s3-412,rate=0.1", "s3-409,rate=0.1"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, fault)
			s.retries = 10
			for _, c := range changes {
				if c.name == "all at once" {
					c.runInBucket(t, s, true)
				}
			}
		})
	}
}

// killedInBucket are those changes that are killed at each request: each kind of step, and what they do to each other.
var killedInBucket = []string{
	"a move and a new version, with metadata", "circles", "deleted and uploaded again in another case", "all at once",
}

// eachKilled runs a test for each of killedInBucket.
func eachKilled(t *testing.T, run func(t *testing.T, c change)) {
	for _, c := range changes {
		if slices.Contains(killedInBucket, c.name) {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				run(t, c)
			})
		}
	}
}

// wantDone checks that the bucket, the state and the trash are as they are to be after a change.
func (g *bucketRig) wantDone(c change) {
	g.t.Helper()
	g.wantTree(c.after.files(c.metadata))
	g.wantRecorded(c.after)
	if !g.trash.IsZero() {
		g.wantTrash(c.deleted())
	}
}

// Whenever the process is killed, the next run completes what the state and the bucket have, whether or not results were stored
// before.
func TestRunInBucketKilled(t *testing.T) {
	eachKilled(t, func(t *testing.T, c change) {
		s := newStore(t)
		for moment := 1; ; moment++ {
			g := c.playInBucket(t, s, moment%2 == 0)
			g.kill, g.lazy = moment, (moment/2)%2 == 0
			g.sync(c.after)
			killed := g.count >= moment
			g.kill, g.lazy = 0, false
			outcome := g.sync(c.after)
			if outcome.Failed+outcome.Kept > 0 || outcome.Stop != nil {
				t.Errorf("the next run: %+v, %v", outcome, linesOf(t, g.results))
			}
			g.wantDone(c)
			if again := g.sync(c.after); again != (Outcome{}) {
				t.Errorf("another run does %v", linesOf(t, g.results))
			}
			if t.Failed() {
				t.Fatalf("killed at request %d", moment)
			}
			if !killed {
				break
			}
		}
	})
}

// A run that is stopped amid its deletions says how many files are left.
func TestDeletionsInBucketStopped(t *testing.T) {
	for stopAt := 1; stopAt <= 3; stopAt++ {
		before, gone := listing{"A": {"a", "one", 1, "m"}}, map[string]Verdict{}
		for i := range 3 * betweenLooks / 2 {
			id := fmt.Sprintf("G%03d", i)
			before[id], gone[id] = asset{id, "one", 1, "m"}, AssetDeleted
		}
		g := change{before: before, gone: gone}.playInBucket(t, newStore(t), false)
		looks := 0
		g.held = func() error {
			if looks++; looks == stopAt {
				g.dead()
				return context.Canceled
			}
			return nil
		}
		outcome := g.sync(listing{"A": before["A"]})
		if outcome.Deleted+outcome.NotDeleted != len(gone) || outcome.Failed+outcome.Kept > 0 {
			t.Errorf("stopped at look %d: %+v", stopAt, outcome)
		}
	}
}
