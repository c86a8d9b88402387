package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/bynder-cli/bynder/internal/spelling"
)

// entry is one thing of a list of the portal.
type entry struct {
	key   string   // that the API uses
	names []string // that people use; empty ones are ignored
}

// words returns what people may call the entry: its names, and its key if keyIsName is set or it has no name.
func (e entry) words(keyIsName bool) []string {
	words := slices.DeleteFunc(slices.Clone(e.names), func(name string) bool { return name == "" })
	if keyIsName && e.key != "" || len(words) == 0 {
		words = slices.Insert(words, 0, e.key)
	}
	return words
}

// shown returns the entry as a list shows it: its first word and, if that is the key, its label.
func (e entry) shown(keyIsName bool) string {
	words := e.words(keyIsName)
	if len(words) == 1 || !keyIsName || strings.EqualFold(words[0], words[1]) {
		return quote(words[0])
	}
	return quote(words[0]) + " (" + quote(words[1]) + ")"
}

// quote returns untrusted text for a message, in quotes and at most 80 characters of it.
func quote(text string) string { return fmt.Sprintf("%.80q", text) }

// nameList is a list of the portal in which a user's word is looked up.
type nameList struct {
	of         string // the owner of the list: the portal, or one of its properties
	noun, many string // for one entry and for several
	keyIsName  bool   // people use the keys as well, because they are words and not ids
	all        []entry
	err        error // why entries may be missing; nil if the list is complete
}

// lookUp returns the keys of the entries that word names: by key or name as written or, if no entry has that, without
// regard to case, Unicode normalization and blanks around it. Several keys are entries of one name.
func (l *nameList) lookUp(word string) []string {
	same := func(a, b string) bool { return a == b }
	alike := func(a, b string) bool { return strings.EqualFold(plainName(a), plainName(b)) }
	for _, equal := range []func(a, b string) bool{same, alike} {
		for _, fits := range []func(e entry) bool{
			func(e entry) bool { return equal(e.key, word) },
			func(e entry) bool {
				return slices.ContainsFunc(e.names, func(name string) bool { return equal(name, word) })
			},
		} {
			var keys []string
			for _, e := range l.all {
				if fits(e) && !slices.Contains(keys, e.key) {
					keys = append(keys, e.key)
				}
			}
			if len(keys) > 0 {
				return keys
			}
		}
	}
	return nil
}

func plainName(name string) string { return norm.NFC.String(strings.TrimSpace(name)) }

// maxEnumerated is the maximum number of entries that an error lists.
const maxEnumerated = 20

// find returns the key of the entry that word names. If no entry or several have that name, the error is a usage error
// that lists valid words; flag is where the word was given. If entries may be missing, only a key is certain: for
// any other word the error is that of the list.
func (l *nameList) find(flag, word string) (string, error) {
	keys := l.lookUp(word)
	switch {
	case l.err != nil && (len(keys) != 1 || !strings.EqualFold(keys[0], word)):
		return "", l.err
	case len(keys) == 1:
		return keys[0], nil
	case len(keys) == 0:
		return "", l.unknown(flag, word)
	}
	for i, key := range keys {
		keys[i] = quote(key)
	}
	return "", &usageError{
		err:  fmt.Errorf("%s: several %s are named %s", flag, l.many, quote(word)),
		hint: "use one of " + enumerate(keys, len(keys)),
	}
}

// unknown returns the error of a word that names no entry of the list.
func (l *nameList) unknown(flag, word string) error {
	text := fmt.Sprintf("%s: %s has no %s %s", flag, l.of, l.noun, quote(word))
	if len(l.all) == 0 {
		return &usageError{err: fmt.Errorf("%s: it lists no %s at all", text, l.noun)}
	}
	var words []string
	shown := map[string]string{} // by word
	for _, e := range l.all {
		for _, name := range e.words(l.keyIsName) {
			if shown[name] == "" {
				shown[name] = e.shown(l.keyIsName)
				words = append(words, name)
			}
		}
	}
	closest := spelling.Closest(word, words, 3*maxEnumerated) // an entry may have several words
	var valid []string
	for _, name := range closest {
		if !slices.Contains(valid, shown[name]) {
			valid = append(valid, shown[name])
		}
	}
	hint := ""
	if near, ok := spelling.Nearest(word, closest); ok {
		hint = "did you mean " + quote(near) + "?"
	} else if command := map[string]string{"collection": "collections", "metaproperty": "properties", "brand": "brands"}[l.noun]; command != "" {
		hint = "`bynder " + command + "` lists them"
	}
	distinct := slices.Compact(slices.Sorted(maps.Values(shown)))
	return &usageError{err: fmt.Errorf("%s; it has %s", text, enumerate(valid, len(distinct))), hint: hint}
}

// enumerate lists at most maxEnumerated of all texts, and says how many more there are.
func enumerate(texts []string, all int) string {
	texts = texts[:min(len(texts), maxEnumerated)]
	if hidden := all - len(texts); hidden > 0 {
		texts = append(slices.Clone(texts), fmt.Sprintf("%d more", hidden))
	}
	return strings.Join(texts, ", ")
}
