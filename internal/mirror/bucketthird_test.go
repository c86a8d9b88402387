package mirror

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bucket"
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
				if moment%3 == 0 { // killed again
					g.kill, g.lazy = moment/2, true
					g.sync(after)
				}
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

// The run after a killed one may be killed as well, before it has stored what it found out about the first.
func TestRunInBucketKilledTwice(t *testing.T) {
	eachKilled(t, func(t *testing.T, c change) {
		s, random := newStore(t), rand.New(rand.NewPCG(1, 2))
		for first, over := 1, false; !over; first += 1 + random.IntN(5) {
			g := c.playInBucket(t, s, first%2 == 0)
			g.lazy = true
			g.kill = first
			g.sync(c.after)
			over = g.count < first
			g.kill = 1 + random.IntN(60)
			g.sync(c.after)
			g.kill, g.lazy = 0, false
			if outcome := g.sync(c.after); outcome.Failed+outcome.Kept > 0 || outcome.Stop != nil {
				t.Errorf("the last run: %+v, %v", outcome, linesOf(t, g.results))
			}
			g.wantDone(c)
			if t.Failed() {
				t.Fatalf("killed at request %d", first)
			}
		}
	})
}

// An object that does not say which file it is may be sync's own: it was adopted, or another program has written the same bytes again.
func TestRunInBucketKilledAnonymous(t *testing.T) {
	for _, after := range []listing{
		{"A": {"c.jpg", "one", 1, "m"}, "B": {"d.jpg", "two", 1, "m"}},
		{"A": {"b.jpg", "one", 1, "m"}, "B": {"a.jpg", "two", 1, "m"}},
		{"A": {"c.jpg", "one", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}, "C": {"a.jpg", "one", 1, "m"}},
	} {
		s := newStore(t)
		for moment := 1; ; moment++ {
			g := newBucketRig(t, s)
			g.metadata = moment%2 == 0
			g.sync(two)
			for _, a := range two {
				g.put(t, a.path, a.content)
			}
			g.kill, g.lazy = moment, true
			g.sync(after)
			over := g.count < moment
			g.kill, g.lazy = 0, false
			g.wantOutcome(g.sync(after), 0, 0)
			g.wantTree(after.files(g.metadata))
			g.wantRecorded(after)
			if t.Failed() {
				t.Fatalf("killed at request %d: %v", moment, after)
			}
			if over {
				break
			}
		}
	}
}

// Metadata that a killed run has written are recorded, also those beside an object that is as it was recorded before.
func TestRunInBucketKilledWithMetadata(t *testing.T) {
	for _, tt := range []struct {
		name    string
		path    string
		removed string
	}{
		{"other metadata", "a.jpg", ""},
		{"an object that was removed", "a.jpg", "a.jpg"},
		{"another name", "c.jpg", ""},
		{"another name, and metadata that were removed", "c.jpg", "a.jpg" + sidecarEnd},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			after := listing{"A": {tt.path, "one", 1, "n"}, "B": two["B"]}
			for moment, over := 1, false; !over; moment++ {
				g := newBucketRig(t, s)
				g.metadata = true
				g.sync(two)
				if err := g.Delete(t.Context(), g.at.Prefix+cmp.Or(tt.removed, "none")); err != nil {
					t.Fatal(err)
				}
				g.kill, g.lazy = moment, true
				g.sync(after)
				over = g.count < moment
				g.kill, g.lazy, g.metadata = 0, false, false
				g.wantOutcome(g.sync(after), 0, 0)
				for id, r := range g.files {
					o, err := g.Head(t.Context(), g.at.Prefix+sidecarOf(r.Path))
					if errors.Is(err, bucket.ErrNotFound) && tt.removed == "a.jpg"+sidecarEnd {
						continue
					}
					if err != nil || r.Listed.Metadata != o.ETag {
						t.Fatalf("killed at request %d: the metadata of %s are recorded as %q, and are %q (%v)", moment, id.MediaID, r.Listed.Metadata, o.ETag, err)
					}
				}
			}
		})
	}
}

// The copy of an object that came in parts has another ETag. The trash gets one copy of it, however often runs are killed.
func TestTrashOfObjectsInParts(t *testing.T) {
	s := newStore(t)
	for moment := 1; ; moment++ {
		g := newBucketRig(t, s)
		g.trash = bucket.Location{Bucket: g.at.Bucket, Prefix: "trash-" + g.at.Prefix}
		g.verdicts["A"] = AssetDeleted
		g.sync(two)
		g.inParts(t, "A")
		g.kill = moment
		g.sync(listing{"B": two["B"]})
		over := g.count < moment
		g.kill = 0
		g.sync(listing{"B": two["B"]})
		g.wantTree(map[string]string{"b.jpg": "two"})
		g.wantTrash(map[string]string{"a.jpg": "one"})
		if t.Failed() {
			t.Fatalf("killed at request %d", moment)
		}
		if over {
			break
		}
	}
}

// A key that would be too long in the trash is a failure, and nothing is removed.
func TestTrashWithLongKeys(t *testing.T) {
	g := newBucketRig(t, newStore(t))
	g.trash = bucket.Location{Bucket: g.at.Bucket, Prefix: strings.Repeat("t", 1020) + "/"}
	g.verdicts["A"] = AssetDeleted
	g.sync(two)
	g.wantOutcome(g.sync(listing{"B": two["B"]}), 1, 0)
	g.wantTree(two.files(false))
	if e := g.results[len(g.results)-1].Error; e.Message != g.at.Below("a.jpg")+": cannot copy it to the trash: the key would be longer than 1,024 bytes" || e.Hint != "choose a shorter prefix for --trash" {
		t.Errorf("the error is %+v", e)
	}
}

// inParts uploads the object of an asset again, in parts, with the same metadata.
func (g *bucketRig) inParts(t *testing.T, asset string) {
	t.Helper()
	r := g.files[fileOf(asset)]
	key := g.at.Prefix + r.Path
	o, err := g.Head(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	id, err := g.Begin(t.Context(), key, bucket.Attributes{Metadata: o.Metadata})
	if err != nil {
		t.Fatal(err)
	}
	part, err := g.PutPart(t.Context(), key, id, 1, []byte(two[asset].content))
	if err == nil {
		r.ObjectETag, err = g.Complete(t.Context(), key, id, []bucket.Part{part}, bucket.Condition{})
	}
	if err != nil {
		t.Fatal(err)
	}
	g.files[fileOf(asset)] = r
}
