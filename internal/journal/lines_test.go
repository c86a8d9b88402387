package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestEachLine(t *testing.T) {
	long := strings.Repeat("l", maxLine)
	for what, lines := range map[string][]string{
		"nothing":       {""},
		"no end":        {"abc"},
		"one":           {"abc", ""},
		"empty ones":    {"", "", "a", "", ""},
		"the longest":   {"a", long, "b", ""},
		"too long":      {"a", long + "l", "b", ""},
		"far too long":  {"a", strings.Repeat(long, 5), "b", "tail"},
		"long tail":     {"a", strings.Repeat(long, 3)},
		"across chunks": {strings.Repeat("x", chunk-1), strings.Repeat("y", chunk), strings.Repeat("z", chunk+1), ""},
	} {
		text := []byte(strings.Join(lines, "\n"))
		for _, from := range []int{0, len(lines[0]) + 1} {
			if from > len(text) {
				continue
			}
			want, offset := []string{}, 0
			for _, line := range lines[:len(lines)-1] {
				if offset >= from {
					if len(line) > maxLine {
						want = append(want, fmt.Sprintf("%d: too long", offset))
					} else {
						want = append(want, fmt.Sprintf("%d: %q", offset, line))
					}
				}
				offset += len(line) + 1
			}
			got := []string{}
			end, err := eachLine(t.Context(), bytes.NewReader(text), int64(from), func(offset int64, line []byte) error {
				if line == nil {
					got = append(got, fmt.Sprintf("%d: too long", offset))
				} else {
					got = append(got, fmt.Sprintf("%d: %q", offset, line))
				}
				return nil
			})
			if err != nil || end != int64(max(offset, from)) {
				t.Errorf("%s from %d: it ends at %d, %v, want %d", what, from, end, err, offset)
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s from %d: %d lines, want %d, or others", what, from, len(got), len(want))
			}
		}
	}
}

func TestEachLineAtRandom(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		var text []byte
		count := 0
		for len(text) < 3*chunk {
			text = append(text, bytes.Repeat([]byte{'a'}, random.IntN(2000))...)
			text = append(text, '\n')
			count++
		}
		n := 0
		_, err := eachLine(t.Context(), bytes.NewReader(text), 0, func(offset int64, line []byte) error {
			n++
			if after := int(offset) + len(line); text[after] != '\n' || offset > 0 && text[offset-1] != '\n' {
				t.Fatalf("seed %d: no line is at %d", seed, offset)
			}
			return nil
		})
		if err != nil || n != count {
			t.Errorf("seed %d: %d lines, %v, want %d", seed, n, err, count)
		}
	}
}

func TestEachLineEnds(t *testing.T) {
	errEnough := errors.New("enough")
	if _, err := eachLine(t.Context(), strings.NewReader("a\nb\n"), 0, func(int64, []byte) error { return errEnough }); !errors.Is(err, errEnough) {
		t.Errorf("the error is %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnough)
	if _, err := eachLine(ctx, strings.NewReader("a\nb\n"), 0, func(int64, []byte) error { return nil }); !errors.Is(err, errEnough) {
		t.Errorf("the error is %v", err)
	}
}
