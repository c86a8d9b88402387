package mirror

import (
	"errors"
	"maps"
	"testing"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
)

// two are assets before a change, and edited what another program makes of an object.
var two = listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}}

const edited = "edited by another program"

// An object that another program has written is never replaced, moved or removed.
func TestEditedObjectsStay(t *testing.T) {
	s := newStore(t)
	for _, tt := range []struct {
		name  string
		after listing
		want  []string
		kept  int
	}{
		{"the portal has the same file", two, nil, 0},
		{"the portal has another version", listing{"A": {"a.jpg", "new", 2, "n"}, "B": two["B"]}, []string{"! a.jpg (exists)"}, 1},
		{"the portal has another name", listing{"A": {"c.jpg", "one", 1, "n"}, "B": two["B"]}, []string{"! a.jpg (exists)"}, 1},
		{"its asset is gone", listing{"B": two["B"]}, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newBucketRig(t, s)
			g.verdicts["A"] = AssetDeleted
			g.sync(two)
			g.put(t, "a.jpg", edited)
			g.wantOutcome(g.sync(tt.after), 0, tt.kept)
			g.wantLines(tt.want...)
			g.wantTree(map[string]string{"a.jpg": edited, "b.jpg": "two"})
		})
	}
}

// So is one that it writes while sync runs.
func TestObjectsEditedMeanwhile(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after listing
		want  []string
	}{
		{"before it is removed", listing{"B": two["B"]}, nil},
		{"before it is displaced by a new file", listing{"C": {"a.jpg", "three", 1, "m"}, "B": two["B"]}, []string{"! a.jpg (exists)"}},
		{"before it is displaced by a moved one", listing{"B": {"a.jpg", "two", 1, "m"}}, []string{"! a.jpg (exists)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newBucketRig(t, newStore(t))
			g.verdicts["A"] = AssetDeleted
			g.sync(two)
			edit := func() { g.put(t, "a.jpg", edited) }
			g.held = func() error { edit(); return nil }
			g.fetch = edit
			g.sync(tt.after)
			g.wantLines(tt.want...)
			g.wantTree(map[string]string{"a.jpg": edited, "b.jpg": "two"})
		})
	}
}

// So is one that it writes right before the request that removes it, after the last look.
func TestObjectsEditedAtTheLastMoment(t *testing.T) {
	for _, tt := range []struct {
		name  string
		path  string // that is edited
		after listing
		want  []string
		tree  map[string]string
	}{
		{"its asset is gone", "a.jpg", listing{"B": two["B"]}, nil, map[string]string{"a.jpg": edited}},
		{
			"its asset is gone, metadata", "a.jpg" + sidecarEnd, listing{"B": two["B"]}, []string{"! a.jpg" + sidecarEnd + " (exists)", "- a.jpg (deleted)"},
			map[string]string{"a.jpg" + sidecarEnd: edited},
		},
		{
			"the portal has another name", "a.jpg", listing{"A": {"c.jpg", "one", 1, "m"}, "B": two["B"]}, []string{"> a.jpg -> c.jpg"},
			map[string]string{"a.jpg": edited, "c.jpg": "one", "c.jpg" + sidecarEnd: two.files(true)["a.jpg"+sidecarEnd]},
		},
		{
			"it is displaced by a moved one", "a.jpg", listing{"B": {"a.jpg", "two", 1, "m"}}, []string{"! a.jpg (exists)"},
			map[string]string{"a.jpg": edited},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newBucketRig(t, newStore(t))
			g.metadata = true
			g.verdicts["A"] = AssetDeleted
			g.sync(two)
			g.removes = func(path string) {
				if path == tt.path {
					g.put(t, path, edited)
				}
			}
			g.sync(tt.after)
			g.wantLines(tt.want...)
			tree := listing{"B": two["B"]}.files(true)
			maps.Copy(tree, tt.tree)
			g.wantTree(tree)
		})
	}
}

// So is one that it puts where sync is about to copy one: a file, or its metadata.
func TestObjectsThatAppearWhereOthersGo(t *testing.T) {
	for path, want := range map[string][]string{
		"c.jpg":              {"! c.jpg (exists)"},
		"c.jpg" + sidecarEnd: {"! c.jpg" + sidecarEnd + " (exists)", "> a.jpg -> c.jpg"},
	} {
		t.Run(path, func(t *testing.T) {
			g := newBucketRig(t, newStore(t))
			g.metadata = true
			g.sync(two)
			after := listing{"A": {"c.jpg", "one", 1, "m"}, "B": two["B"]}
			g.copies = func(to string) {
				if to == path {
					g.put(t, path, edited)
				}
			}
			g.sync(after)
			g.wantLines(want...)
			tree := two.files(true)
			if path != "c.jpg" {
				tree = after.files(true)
			}
			tree[path] = edited
			g.wantTree(tree)
			g.copies = nil
			g.sync(after)
			g.wantTree(tree)
		})
	}
}

// An object that another program has written is not taken for one of a run that was killed, or that kept it, even if the
// metadata that sync wrote were kept.
func TestOverwrittenObjectsAreNotRecovered(t *testing.T) {
	overwrite := func(g *bucketRig, path, content string) {
		o, err := g.Head(t.Context(), g.at.Prefix+path)
		if err == nil {
			_, err = g.Put(t.Context(), o.Key, []byte(content), bucket.Attributes{Metadata: o.Metadata}, bucket.Condition{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ name, fault, content string }{
		{"other bytes", "", "six"},
		{"of another size", "", edited},
		{"of another size, and ETags are not digests", "s3-etag", edited},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var faults []string
			if tt.fault != "" {
				faults = append(faults, tt.fault)
			}
			g := newBucketRig(t, newStore(t, faults...))
			g.verdicts["A"] = AssetDeleted
			g.lazy = true // as if the run had been killed
			g.sync(two)
			g.lazy = false
			overwrite(g, "a.jpg", tt.content)
			g.sync(two)
			g.wantLines("! a.jpg (exists)")
			g.sync(listing{"B": two["B"]})
			g.wantTree(map[string]string{"a.jpg": tt.content, "b.jpg": "two"})
		})
	}
	t.Run("kept", func(t *testing.T) {
		g := newBucketRig(t, newStore(t, "s3-etag"))
		g.verdicts["A"] = AssetDeleted
		g.sync(two)
		g.fetch = func() { overwrite(g, "a.jpg", "six") }
		for range 2 {
			g.sync(listing{"A": {"a.jpg", "new", 2, "m"}, "B": two["B"]})
			g.wantLines("! a.jpg (exists)")
		}
		g.sync(listing{"B": two["B"]})
		g.wantTree(map[string]string{"a.jpg": "six", "b.jpg": "two"})
	})
}

// Without the lock nothing is removed, and what is new comes.
func TestNoLockNoDeletion(t *testing.T) {
	g := newBucketRig(t, newStore(t))
	g.verdicts["A"] = AssetDeleted
	g.sync(two)
	g.held = func() error { return bucket.ErrNoLocks }
	g.wantOutcome(g.sync(listing{"B": two["B"], "C": {"c.jpg", "three", 1, "m"}}), 1, 0)
	g.wantLines("! a.jpg (local)", "+ c.jpg")
	g.wantTree(map[string]string{"a.jpg": "one", "b.jpg": "two", "c.jpg": "three"})
}

// After another failure nothing is removed either.
func TestNothingIsRemovedAfterAFailure(t *testing.T) {
	g := newBucketRig(t, newStore(t))
	g.verdicts["A"] = AssetDeleted
	g.sync(two)
	g.refused = map[string]error{"C": &download.Error{Code: download.CodeNetwork, Err: errors.New("no file")}}
	g.wantOutcome(g.sync(listing{"B": two["B"], "C": {"c.jpg", "three", 1, "m"}}), 1, 1)
	g.wantTree(map[string]string{"a.jpg": "one", "b.jpg": "two"})
}

// Metadata that were edited stay, and so does another object that has their path.
func TestEditedMetadataStay(t *testing.T) {
	beside := "a.jpg" + sidecarEnd
	for _, tt := range []struct {
		name  string
		after listing
		want  map[string]string
		kept  int
	}{
		{"new ones", listing{"A": {"a.jpg", "one", 1, "n"}}, map[string]string{"a.jpg": "one", beside: edited}, 1},
		{"a move", listing{"A": {"c.jpg", "one", 1, "m"}}, map[string]string{"c.jpg": "one", "c.jpg" + sidecarEnd: described("A", asset{modified: "m"}), beside: edited}, 1},
		{"a deletion", listing{"B": {"b.jpg", "two", 1, "m"}}, map[string]string{"b.jpg": "two", "b.jpg" + sidecarEnd: described("B", asset{modified: "m"}), beside: edited}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newBucketRig(t, newStore(t))
			g.verdicts["A"], g.metadata = AssetDeleted, true
			g.sync(listing{"A": two["A"]})
			g.put(t, beside, edited)
			got := g.sync(tt.after)
			if got.Failed != 0 || got.Kept != tt.kept {
				t.Errorf("the outcome is %+v, %v", got, linesOf(t, g.results))
			}
			g.wantTree(tt.want)
		})
	}
}

// Adopted objects become sync's own as they are, with metadata of their assets; then they are like any others.
func TestAdoptsObjects(t *testing.T) {
	g := newBucketRig(t, newStore(t))
	g.metadata = true
	g.put(t, "a.jpg", "downloaded before")
	g.put(t, "a.jpg"+sidecarEnd, described("A", asset{modified: "old"}))
	g.put(t, "b.jpg"+sidecarEnd, edited)
	g.wantOutcome(g.sync(two), 1, 1)
	g.adopts = true
	g.wantOutcome(g.sync(two), 0, 1)
	g.wantLines("! b.jpg"+sidecarEnd+" (exists)", "adopt a.jpg")
	g.wantTree(map[string]string{
		"a.jpg": "downloaded before", "b.jpg": "two", "a.jpg" + sidecarEnd: described("A", two["A"]), "b.jpg" + sidecarEnd: edited,
	})
	g.adopts = false
	g.sync(listing{"A": {"a.jpg", "new", 2, "m"}, "B": two["B"]})
	if got := g.tree()["a.jpg"]; got != "new" {
		t.Errorf("a new version of an adopted object is %q", got)
	}
}

// A list that ends too early is an error.
func TestAListOfObjectsThatEndsEarly(t *testing.T) {
	g := newBucketRig(t, newStore(t))
	g.verdicts["A"] = AssetDeleted
	g.sync(two)
	g.fault(t, "s3-page=1", "s3-500,on=ListObjectsV2,after=1")
	if _, err := g.run(t.Context(), listing{"B": two["B"]}); err == nil {
		t.Error("no error")
	}
	g.fault(t)
	g.wantTree(map[string]string{"a.jpg": "one", "b.jpg": "two"})
}

// What is in the trash already stays there, and what is removed gets a number.
func TestTrashInABucketReplacesNothing(t *testing.T) {
	g := newBucketRig(t, newStore(t))
	g.metadata, g.verdicts["A"] = true, AssetDeleted
	g.trash = bucket.Location{Bucket: g.at.Bucket, Prefix: g.at.Prefix + ownFolder + "/trash/"}
	other := g.trash.Prefix[len(g.at.Prefix):] + "a.jpg" + sidecarEnd
	g.put(t, other, edited)
	g.sync(two)
	g.sync(listing{"B": two["B"]})
	g.wantTrash(map[string]string{"a.jpg" + sidecarEnd: edited, "a-2.jpg": "one", "a-2.jpg" + sidecarEnd: described("A", two["A"])})
	if again := g.sync(listing{"B": two["B"]}); again != (Outcome{}) {
		t.Errorf("another run does %v", linesOf(t, g.results))
	}
}
