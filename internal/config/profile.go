package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/bynder-cli/bynder/internal/spelling"
)

// profile is a table [profiles.NAME] of a file.
type profile struct {
	domain  string
	values  map[string]string // the values of credentials, by key
	scopes  []string
	command []string // token_command
}

// holdsCredentials reports whether the profile has credentials or a token_command.
func (p profile) holdsCredentials() bool { return len(p.values) > 0 || len(p.command) > 0 }

// credentials returns the profile's credentials; see readCredentials.
func (p profile) credentials(source, advice string) (Credentials, error) {
	return readCredentials(source, advice, func(v Value) string { return v.Key }, func(key string) string { return p.values[key] })
}

// credentialKeys returns the keys of the profile that are set and hold credentials.
func (p profile) credentialKeys() []string {
	var keys []string
	for _, key := range valueKeys() {
		if p.values[key] != "" {
			keys = append(keys, key)
		}
	}
	if len(p.command) > 0 {
		keys = append(keys, "token_command")
	}
	return keys
}

// valueKeys returns the keys of the values of all kinds of credentials.
func valueKeys() []string {
	var keys []string
	for _, set := range valueSets {
		for _, v := range set.values {
			keys = append(keys, v.Key)
		}
	}
	return keys
}

// knownKeys are the keys that a file may have.
type knownKeys struct {
	tables   []string
	profile  []string // in [profiles.NAME]
	defaults []string // in [defaults]
}

var (
	// handWritten are the keys of the config file.
	handWritten = knownKeys{
		tables:   []string{"profiles", "defaults"},
		profile:  append([]string{"domain", "scopes", "token_command"}, valueKeys()...),
		defaults: []string{"jobs", "connections", "api-rate", "limit-rate", "retries", "progress", "image"},
	}
	// programWritten are the keys of the credentials file.
	programWritten = knownKeys{tables: []string{"profiles"}, profile: append([]string{"domain"}, valueKeys()...)}
)

// DefaultKeys returns the keys of [defaults], which are the names of the flags that they set.
func DefaultKeys() []string { return handWritten.defaults }

// Default is a key of [defaults]: the value of the flag of that name if it is not on the
// command line.
type Default struct {
	Key  string
	Text string // as on a command line
	Line int    // of the config file, from 1
}

// parse parses the text of a file into f. Errors name the line and the key, never a value.
func (f *file) parse(text string, known knownKeys) error {
	settings, err := parseSettings(text)
	if err != nil {
		return err
	}
	f.profiles = map[string]profile{}
	for _, s := range settings {
		if err := f.set(s, known); err != nil {
			return fmt.Errorf("line %d: %w", s.line, err)
		}
	}
	return nil
}

// set checks one setting and stores it in f.
func (f *file) set(s setting, known knownKeys) error {
	depth, table := len(s.path), s.path[0]
	switch {
	case !slices.Contains(known.tables, table):
		return misplaced(table, known)
	case depth == 1 && s.shape == shapeTable:
		return nil
	case depth == 1 && table == "profiles":
		return errors.New("profiles must be a table: [profiles.NAME]")
	case depth == 1:
		return errors.New("defaults must be a table: [defaults]")
	case table == "defaults":
		return f.setDefault(s, known.defaults)
	}
	p, begun := f.profiles[s.path[1]]
	if !begun {
		p.values = map[string]string{}
	}
	switch {
	case depth > 2:
		if err := p.set(s, known.profile); err != nil {
			return err
		}
	case s.shape != shapeTable:
		return fmt.Errorf("%s must be a table: [profiles.NAME]", shownKey(s.path[1]))
	}
	f.profiles[s.path[1]] = p
	return nil
}

// misplaced returns the error for a key at the root that is not valid there.
func misplaced(key string, known knownKeys) error {
	switch {
	case slices.Contains(known.profile, key):
		return fmt.Errorf("%s must be in a profile: put it below [profiles.default]", key)
	case slices.Contains(known.defaults, key):
		return fmt.Errorf("%s must be in [defaults]", key)
	}
	return unknownKey(key, known.tables)
}

// setDefault stores a key of [defaults].
func (f *file) setDefault(s setting, known []string) error {
	key := s.path[1]
	switch {
	case !slices.Contains(known, key):
		return unknownKey(key, known)
	case len(s.path) > 2, s.shape != shapeText && s.shape != shapeScalar:
		return fmt.Errorf("%s must be a string or a number", key)
	case s.text == "":
		return fmt.Errorf("%s is empty", key)
	}
	if s.shape == shapeScalar {
		s.text = strings.ReplaceAll(s.text, "_", "") // which no flag accepts
		if n, err := strconv.ParseInt(s.text, 0, 64); err == nil {
			s.text = strconv.FormatInt(n, 10) // TOML has other bases, flags do not
		}
	}
	f.defaults = append(f.defaults, Default{Key: key, Text: s.text, Line: s.line})
	return nil
}

// set stores a key of a profile.
func (p *profile) set(s setting, known []string) error {
	key := s.path[2]
	if !slices.Contains(known, key) {
		return unknownKey(key, known)
	}
	if len(s.path) > 3 {
		s.shape = shapeOther
	}
	switch {
	case key == "scopes" && s.shape == shapeText:
		p.scopes = strings.Fields(s.text)
	case key == "scopes" && s.shape == shapeTexts:
		p.scopes = s.texts
	case key == "scopes":
		return errors.New("scopes must be a list of strings")
	case key == "token_command" && s.shape == shapeText:
		return fmt.Errorf("token_command must be a list: write token_command = %s", commandList(s.text))
	case key == "token_command" && s.shape == shapeTexts && len(s.texts) > 0 && s.texts[0] != "":
		p.command = s.texts
	case key == "token_command":
		return fmt.Errorf("token_command must be a list of strings, the program first: %s", commandList(""))
	case s.shape != shapeText:
		return fmt.Errorf("%s must be a string in quotes", key)
	case key == "domain":
		p.domain = s.text
	case s.text != "":
		p.values[key] = s.text
	}
	return nil
}

// commandList returns a command line as a list in TOML. The line is shown only if it can be
// split at blanks, and no word is long enough to be a secret.
func commandList(line string) string {
	const longest = 32 // bytes
	words := strings.Fields(line)
	strange := func(r rune) bool {
		return r > '~' || unicode.IsControl(r) || strings.ContainsRune("\"'\\`$|&;<>()*?[]{}~#!", r)
	}
	if len(words) < 2 || strings.ContainsFunc(strings.Join(words, ""), strange) ||
		slices.ContainsFunc(words, func(word string) bool { return len(word) > longest }) {
		return `["PROGRAM", "ARGUMENT"]`
	}
	return `["` + strings.Join(words, `", "`) + `"]`
}

// unknownKey returns the error for an unknown key: with the known key that is similar, else
// with all known keys.
func unknownKey(key string, known []string) error {
	text := "unknown key " + shownKey(key)
	if near, ok := spelling.Nearest(key, known); ok {
		return fmt.Errorf("%s: did you mean %s?", text, near)
	}
	return fmt.Errorf("%s (known: %s)", text, strings.Join(known, ", "))
}

// shownKey returns a key for display. If quotes are missing, a secret can be in the place of a
// key, so text that does not look like a key is not shown.
func shownKey(key string) string {
	const longest = 32
	strange := func(r rune) bool { return r != '_' && r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }
	if key == "" || len(key) > longest || strings.ContainsFunc(key, strange) {
		return "(not shown)"
	}
	return `"` + key + `"`
}
