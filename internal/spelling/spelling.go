// Package spelling checks words that people type and paste: it finds the known word that is
// most similar to a misspelled one, and characters that cannot be seen.
//
//	near, ok := spelling.Nearest("conections", []string{"connections", "jobs"})
package spelling

import (
	"cmp"
	"slices"
	"strings"
)

// longest is the number of bytes of a word that are compared: known words are shorter, and the
// time grows with the product of the lengths.
const longest = 64

// Nearest returns the known word that differs least from word, regardless of case. ok reports
// whether at most a third of the bytes of word differ, or one byte: a word with more
// differences is not worth a suggestion.
func Nearest(word string, known []string) (near string, ok bool) {
	least := longest + 1
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < least {
			near, least = k, d
		}
	}
	return near, least <= max(1, min(len(word), longest)/3)
}

// most is the number of known words that Closest compares.
const most = 20_000

// Closest returns at most n of the known words: those that contain word first, then those that differ least
// from it, regardless of case, and otherwise in their order. It compares the first 20,000.
func Closest(word string, known []string, n int) []string {
	word = strings.ToLower(word)
	type ranked struct {
		word string
		rank int
	}
	all := make([]ranked, 0, min(len(known), most))
	for _, k := range known[:min(len(known), most)] {
		lower := strings.ToLower(k)
		rank := 0
		if !strings.Contains(lower, word) {
			rank = 1 + distance(word, lower)
		}
		all = append(all, ranked{k, rank})
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	var closest []string
	for _, each := range all[:min(n, len(all))] {
		closest = append(closest, each.word)
	}
	return closest
}

// distance returns the number of bytes to insert, delete, replace or swap with the next one to
// turn a into b (optimal string alignment), at most longest.
func distance(a, b string) int {
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	var d [longest + 1][longest + 1]int // d[i][j] is the distance of a[:i] to b[:j]
	for i := range len(a) + 1 {
		for j := range len(b) + 1 {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
				continue
			}
			d[i][j] = 1 + min(d[i-1][j], d[i][j-1], d[i-1][j-1])
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], 1+d[i-2][j-2])
			}
		}
	}
	return d[len(a)][len(b)]
}
