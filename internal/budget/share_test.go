package budget

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Whatever the rate and the number of shares, all shares together stay within the ceiling if
// each makes its calls as early as it may, and they use nearly all that the rate allows.
func TestSharesTogetherKeepTheCeiling(t *testing.T) {
	fullest := 0
	for tenths := 1; tenths <= 140; tenths++ {
		rate := float64(tenths) / 10
		for n := 1; n <= 1400; n++ {
			if n > MaxShares(rate) {
				break
			}
			s := state{shares: n}
			one := busiest(admissions(&s, epoch, rate, window))
			if one*n > ceiling {
				t.Fatalf("%d shares of %v calls per second make %d calls in a window", n, rate, one*n)
			}
			allowed := (max(float64(n), burst(rate)) + rate*window.Seconds()) / float64(n)
			if one < int(allowed-0.001) {
				t.Fatalf("a share of %d of %v calls per second makes %d calls in a window, want %v", n, rate, one, allowed)
			}
			fullest = max(fullest, one*n)
		}
	}
	if fullest != ceiling {
		t.Errorf("the fullest window has %d calls: this test does not reach the ceiling", fullest)
	}
}

func TestMaxShares(t *testing.T) {
	for _, tt := range []struct {
		rate float64
		want int
	}{{0, 4400}, {0.1, 4370}, {1, 4100}, {10, 1400}, {13.9, 230}, {14, 200}} {
		if got := MaxShares(tt.rate); got != tt.want {
			t.Errorf("MaxShares(%v) = %d, want %d", tt.rate, got, tt.want)
		}
		for _, more := range []int{0, 1} {
			_, err := Open(testPortal, tt.rate, Options{Dir: t.TempDir(), Share: Share{Index: 1, Of: tt.want + more}})
			if (err != nil) != (more > 0) {
				t.Errorf("%d shares at a rate of %v: %v", tt.want+more, tt.rate, err)
			}
		}
	}
}

// Shares whose processes come and go, with several rates and mishaps, keep the ceiling together
// as those of an undivided allowance do.
func TestNoWindowOfAllSharesHoldsMoreThanTheCeiling(t *testing.T) {
	fullest := 0
	for _, shares := range []int{2, 6, 40, 200} {
		for seed := range uint64(8) {
			var calls []instant
			for share := range uint64(shares) {
				f := newFleet(100*seed+share%4/3, 700*time.Second) // most of them the same, so that they act together
				f.s.shares = shares
				f.run(func(f *fleet) {
					if f.rng.IntN(5000) == 0 {
						f.s = f.s.drained()
					}
				})
				calls = append(calls, f.calls...)
			}
			n := busiest(calls)
			if n > ceiling {
				t.Fatalf("%d shares, seed %d: %d calls in a window", shares, seed, n)
			}
			fullest = max(fullest, n)
		}
	}
	if fullest < ceiling*90/100 {
		t.Errorf("the fullest window has %d calls: this test does not come near the ceiling", fullest)
	}
}

// Shares on one host have allowances of their own. The same share in two processes has one, as
// do shares 0 and n.
func TestSharesOnOneHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		of := func(index int) *Budget {
			return open(t, 10, Options{Dir: dir, Share: Share{Index: index, Of: 6}})
		}
		start := time.Now()
		for index := 1; index <= 6; index++ {
			useUp(t, of(index), 83) // 500 calls / 6
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("the bursts of six shares took %v", took)
		}
		var waits []Wait
		again := of(0)
		again.notify = func(w Wait) { waits = append(waits, w) }
		useUp(t, again, 10)
		if took := time.Since(start).Round(100 * time.Millisecond); took < 5700*time.Millisecond || took > 6*time.Second {
			t.Errorf("ten calls more of a share at 10/6 calls per second took %v", took)
		}
		if len(waits) == 0 || waits[0].Rate < 1.666 || waits[0].Rate > 1.667 {
			t.Errorf("waits: %+v", waits)
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 6 {
			t.Fatalf("%d files, %v", len(files), err)
		}
		var names []string
		for _, f := range files {
			_, name, _ := strings.Cut(strings.TrimPrefix(f.Name(), "allowance-v2-"), "-")
			names = append(names, name)
		}
		if want := []string{"share-0-of-6", "share-1-of-6", "share-2-of-6", "share-3-of-6", "share-4-of-6", "share-5-of-6"}; !slices.Equal(slices.Sorted(slices.Values(names)), want) {
			t.Errorf("files %q", names)
		}
	})
}

// The portal blocks an address until it has received no call for five minutes. Shares do not see
// each other's blocks, and each makes one call that is refused; after one penalty all go on.
func TestSharesLeaveABlockTogether(t *testing.T) {
	for _, shares := range []int{2, 60, 200} {
		t.Run(strconv.Itoa(shares), func(t *testing.T) {
			const rate = 14
			states := make([]state, shares)
			next := make([]instant, shares) // when each share calls, in turn
			for i := range states {
				states[i] = state{shares: shares, rate: rate}
				next[i] = epoch.add(spanOf(float64(i), rate))
			}
			blocked, last, refusals := true, epoch, 0
			for range 3 * shares {
				i := slices.Index(next, slices.Min(next))
				now := next[i]
				blocked = blocked && last.until(now) < DefaultPenalty
				last = now
				if !blocked {
					next[i] = now.add(spanOf(float64(shares), rate))
					continue
				}
				refusals++
				states[i] = states[i].block(now, DefaultPenalty+DefaultPenalty/100)
				next[i] = states[i].until
			}
			if blocked || refusals != shares {
				t.Errorf("%d calls were refused, want one per share; blocked at the end: %v", refusals, blocked)
			}
		})
	}
}

func ExampleShare() {
	for _, s := range []Share{{}, {1, 1}, {2, 6}, {6, 6}} {
		fmt.Printf("%q ", s.suffix())
	}
	// Output: "" "" "-share-2-of-6" "-share-0-of-6"
}
