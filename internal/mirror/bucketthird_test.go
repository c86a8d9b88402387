package mirror

import (
	"fmt"
	"testing"
)

// The portal may have changed again when the next run finds what a killed one has left.
func TestRunInBucketAfterAnotherChange(t *testing.T) {
	before := listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}, "C": {"c.jpg", "three", 1, "m"}}
	killed := listing{"A": {"b.jpg", "one", 1, "m"}, "B": {"a.jpg", "two", 1, "m"}, "C": {"x.jpg", "new three", 2, "n"}, "D": {"d.jpg", "four", 1, "m"}}
	after := listing{"A": {"e.jpg", "one", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}, "C": {"y.jpg", "newest three", 3, "o"}, "D": {"f.jpg", "new four", 2, "n"}}
	for _, metadata := range []bool{false, true} {
		t.Run(fmt.Sprint(metadata), func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			for moment := 1; ; moment++ {
				g := newBucketRig(t, s)
				g.metadata = metadata
				g.sync(before)
				g.kill, g.lazy = moment, moment%2 == 0
				g.sync(killed)
				over := g.count < moment
				g.kill, g.lazy = 0, false
				g.wantOutcome(g.sync(after), 0, 0)
				g.wantTree(after.files(metadata))
				g.wantRecorded(after)
				if again := g.sync(after); again != (Outcome{}) {
					t.Errorf("another run does %v", linesOf(t, g.results))
				}
				if t.Failed() {
					t.Fatalf("killed at request %d", moment)
				}
				if over {
					break
				}
			}
		})
	}
}
