package download

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// answered is what storage answers, one after another.
type answered struct {
	n      int
	status int           // 200 for zero
	delay  time.Duration // that each takes, but the last
	last   time.Duration // that the last one takes; delay for zero
	after  time.Duration // what passes before
	want   int           // files that may be in flight then
}

const (
	near = distant
	far  = distant + 1
)

func TestAutoWorkers(t *testing.T) {
	for name, tt := range map[string]struct {
		most  int // DistantWorkers for zero
		steps []answered
	}{
		"near":                               {steps: []answered{{n: 1000, delay: near, want: 32}}},
		"distant":                            {steps: []answered{{n: 31, delay: far, want: 32}, {n: 1, delay: far, want: 128}, {n: 1000, delay: time.Second, want: 128}}},
		"distant, and one answer of a cache": {steps: []answered{{n: 1, delay: time.Millisecond, want: 32}, {n: 31, delay: far, want: 128}, {n: 1000, delay: far, want: 128}}},
		"distant, and three":                 {steps: []answered{{n: 29, delay: far, want: 32}, {n: 3, delay: time.Millisecond, want: 128}, {n: 1000, delay: far, want: 128}}},
		"distant, and many quick errors":     {steps: []answered{{n: 1000, status: 404, delay: time.Millisecond, want: 32}, {n: 100, status: 403, delay: time.Millisecond, want: 32}, {n: 32, delay: far, want: 128}, {n: 1000, status: 404, delay: time.Millisecond, want: 128}}},
		"distant, for parts, files in place": {steps: []answered{{n: 16, status: 206, delay: far, want: 32}, {n: 16, status: 304, delay: far, want: 128}}},
		"near for files in place":            {steps: []answered{{n: 28, status: 206, delay: far, want: 32}, {n: 4, status: 304, delay: near, want: 32}, {n: 1000, delay: far, want: 32}}},
		"slow errors say nothing":            {steps: []answered{{n: 1000, status: 404, delay: far, want: 32}, {n: 100, status: 500, delay: far, want: 32}}},
		"near, and a busy machine":           {steps: []answered{{n: 28, delay: time.Second, want: 32}, {n: 4, delay: near, want: 32}, {n: 1000, delay: time.Second, want: 32}}},
		"near, and a machine busy at first":  {steps: []answered{{n: 32, delay: time.Second, want: 128}, {n: 4, delay: near, want: 128}, {n: 1, delay: near, want: 32}, {n: 100, delay: far, want: 32}}},
		"few open files":                     {most: 7, steps: []answered{{n: 100, delay: far, want: 7}}},
		"a few more":                         {most: 40, steps: []answered{{delay: far, want: 32}, {n: 100, delay: far, want: 40}}},
		"429":                                {steps: []answered{{n: 1, status: 429, want: 16}}},
		"503 for all files in flight":        {steps: []answered{{n: 32, status: 503, want: 16}, {n: 32, status: 503, after: halveAgain - 1, want: 16}, {n: 32, status: 503, after: 1, want: 8}}},
		"down to one":                        {steps: []answered{{n: 1, status: 503, want: 16}, {n: 1, status: 503, after: time.Hour, want: 8}, {n: 1, status: 503, after: time.Hour, want: 4}, {n: 1, status: 503, after: time.Hour, want: 2}, {n: 1, status: 503, after: time.Hour, want: 1}, {n: 1, status: 503, after: time.Hour, want: 1}}},
		"and up again":                       {steps: []answered{{n: 1, status: 503, want: 16}, {n: 100, delay: near, after: doubleAgain - 1, want: 16}, {n: 100, delay: near, after: 1, want: 32}, {n: 100, delay: near, after: time.Hour, want: 32}}},
		"a busy storage that is distant":     {steps: []answered{{n: 1, status: 503, want: 16}, {n: 100, delay: far, want: 16}, {n: 9, delay: far, after: doubleAgain, want: 32}, {n: 9, delay: far, after: doubleAgain, want: 64}, {n: 9, delay: far, after: doubleAgain, want: 128}, {n: 9, delay: far, after: doubleAgain, want: 128}}},
		"busy again while the number rises":  {steps: []answered{{n: 32, delay: far, want: 128}, {n: 1, status: 503, want: 64}, {n: 1, status: 503, after: halveAgain, want: 32}, {n: 1, delay: far, after: doubleAgain, want: 64}, {n: 1, status: 503, after: halveAgain - 1, want: 64}, {n: 1, status: 503, after: 1, want: 32}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				most := tt.most
				if most == 0 {
					most = 1024
				}
				w := AutoWorkers(most)
				var told []int
				w.Changed = func(n int, why string) {
					if told = append(told, n); why == "" {
						t.Errorf("%d without a reason", n)
					}
				}
				var want []int
				number := w.Number()
				for i, s := range tt.steps {
					if err := retry.Sleep(t.Context(), s.after); err != nil {
						t.Fatal(err)
					}
					for j := range s.n {
						delay := s.delay
						if s.last > 0 && j == s.n-1 {
							delay = s.last
						}
						w.Answered(max(s.status, 200), delay)
					}
					if got := w.Number(); got != s.want {
						t.Errorf("step %d: %d files in flight, want %d", i, got, s.want)
					}
					if s.want != number {
						want, number = append(want, s.want), s.want
					}
				}
				if !slices.Equal(told, want) {
					t.Errorf("the numbers %d were reported, want %d", told, want)
				}
			})
		})
	}
}

// A fixed number stays what it is.
func TestFixedWorkers(t *testing.T) {
	for _, n := range []int{1, 5, 300} {
		w := FixedWorkers(n)
		for range 100 {
			w.Answered(503, time.Second)
			w.Answered(200, time.Second)
		}
		if w.Number() != n || w.Most() != n {
			t.Errorf("%d, at most %d, want %d", w.Number(), w.Most(), n)
		}
	}
}

// As many files are in flight as the number says; if it falls, those in flight go on, and no other begins before.
func TestWorkersInFlight(t *testing.T) {
	w := AutoWorkers(DistantWorkers)
	busy := 0
	begin := func() {
		for {
			select {
			case w.slots <- struct{}{}:
				busy++
				continue
			default:
			}
			return
		}
	}
	end := func(n int) {
		for range n {
			w.free()
			busy--
		}
	}
	check := func(want int) {
		t.Helper()
		if begin(); busy != want {
			t.Fatalf("%d files in flight, want %d", busy, want)
		}
	}
	check(32)
	for range firstAnswers {
		w.Answered(200, time.Second)
	}
	check(128)
	w.mu.Lock()
	w.change(3, "a test")
	w.mu.Unlock()
	check(128)
	end(124)
	check(4)
	end(2)
	check(3)
	w.mu.Lock()
	w.change(100, "a test")
	w.mu.Unlock()
	check(100)
	end(50)
	w.mu.Lock()
	w.change(60, "a test")
	w.mu.Unlock()
	check(60)
	end(60)
	if busy != 0 || len(w.slots) != 68 {
		t.Error(fmt.Sprint("after the end, slots are taken: ", len(w.slots)-68))
	}
}
