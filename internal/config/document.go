package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// document is the text of a config file with what it means. It is edited statement by
// statement, so that comments, order and other profiles stay as the user wrote them.
type document struct {
	text string
	tree map[string]any
}

// syntaxError is a text that is no TOML. It never quotes the text, because that may be
// a secret with a quote missing.
type syntaxError struct {
	line   int
	reason string
}

func (e *syntaxError) Error() string { return e.reason }

// parseDocument reads TOML; any failure is a *syntaxError.
func parseDocument(text string) (*document, error) {
	d := &document{text: text}
	_, err := toml.Decode(text, &d.tree)
	if err == nil {
		return d, nil
	}
	e := &syntaxError{reason: "this is no TOML"}
	if parse := (toml.ParseError{}); errors.As(err, &parse) {
		e.line, e.reason = parse.Position.Line, reasonOf(parse.Message)
	}
	return nil, e
}

// reasonOf turns a message of the parser into one without any of the text.
func reasonOf(message string) string {
	for _, known := range []struct{ has, reason string }{
		{"has already been defined", "a key is set twice"},
		{"already created", "a key is set twice"},
		{"expected value", "a value is missing, or a text without quotes"},
		{"strings cannot contain newlines", "a text has no closing quote"},
		{`expected '"'`, "a text has no closing quote"},
		{`expected "'"`, "a text has no closing quote"},
		{"expected '.' or '='", "a key without = and a value"},
		{"key separator", "a key without = and a value"},
		{"escape", `a \ in a text that is no escape: use '…' quotes, or \\`},
		{"end with a newline", "something follows the value"},
		{"control characters", "a control character"},
		{"UTF-8", "a byte that is no UTF-8"},
	} {
		if strings.Contains(message, known.has) {
			return known.reason
		}
	}
	return "this is no TOML"
}

// statement is a part of a document that can stand alone: a heading, a key with its
// value, a blank line or a comment.
type statement struct {
	line    int    // of its first line, from 1
	text    string // with the line end
	heading bool
	table   []string   // that it stands in; a heading's own
	paths   [][]string // of the keys that it sets, from the root
}

// statements takes the document apart: a statement ends at the first line end where
// what came since the last one is TOML by itself.
func (d *document) statements() []statement {
	var all []statement
	var table []string
	lines := strings.SplitAfter(d.text, "\n")
	for first := 0; first < len(lines); {
		s := statement{line: first + 1, table: table}
		next := first
		for next < len(lines) {
			s.text += lines[next]
			next++
			var values map[string]any
			meta, err := toml.Decode(s.text, &values)
			if err != nil && next < len(lines) {
				continue
			}
			s.heading = strings.HasPrefix(strings.TrimLeft(s.text, " \t\ufeff"), "[")
			for _, key := range meta.Keys() {
				if s.heading {
					table = key
					continue
				}
				s.paths = append(s.paths, append(slices.Clone(table), key...))
			}
			if s.heading {
				s.table, s.paths = table, [][]string{table}
			}
			break
		}
		if s.text != "" {
			all = append(all, s)
		}
		first = next
	}
	return all
}

// lineOf is where the key at path is set, 0 when that is not known.
func (d *document) lineOf(path ...string) int {
	for _, s := range d.statements() {
		for _, p := range s.paths {
			if len(p) >= len(path) && slices.Equal(p[:len(path)], path) {
				return s.line
			}
		}
	}
	return 0
}

// errNotEditable tells that a file is spelled in a way that only its author can edit.
var errNotEditable = errors.New("the profile is not written as [profiles.NAME] with a line for each key")

// withProfile is the document with the keys of a profile changed: set to a text, or
// taken out where the text is empty. A profile that is not there is added at the end. What
// comes out means exactly that and nothing else, or the error is errNotEditable.
func (d *document) withProfile(profile string, changes map[string]string) (string, error) {
	prefix := []string{"profiles", profile}
	all := d.statements()
	pending := maps.Clone(changes)
	end := -1 // after the heading or the last key of the profile's table
	for i, s := range all {
		if slices.Equal(s.table, prefix) && len(s.paths) > 0 {
			end = i + 1
		}
		if len(s.paths) == 0 || s.heading {
			continue
		}
		path := s.paths[len(s.paths)-1]
		if len(path) != 3 || !slices.Equal(path[:2], prefix) {
			continue
		}
		value, change := changes[path[2]]
		if !change {
			continue
		}
		delete(pending, path[2])
		all[i].text = ""
		if value != "" {
			indent := s.text[:len(s.text)-len(strings.TrimLeft(s.text, " \t"))]
			all[i].text = indent + assignment(path[len(s.table):], value)
		}
	}
	var added strings.Builder
	for _, key := range slices.Sorted(maps.Keys(pending)) {
		if pending[key] != "" {
			added.WriteString(assignment([]string{key}, pending[key]))
		}
	}
	text := assemble(all, end, prefix, added.String())
	after, err := parseDocument(text)
	if err != nil || !reflect.DeepEqual(after.tree, d.expected(profile, changes)) {
		return "", errNotEditable
	}
	return text, nil
}

// assemble joins the statements, with the added lines after the first end of them, or
// under a heading of their own where end is negative.
func assemble(all []statement, end int, table []string, added string) string {
	var b strings.Builder
	write := func(text string) {
		if b.Len() > 0 && text != "" && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n') // the last line of the file had none
		}
		b.WriteString(text)
	}
	for i, s := range all {
		if i == end {
			write(added)
		}
		write(s.text)
	}
	switch {
	case added == "":
	case end == len(all):
		write(added)
	case end < 0:
		if b.Len() > 0 {
			write("\n")
		}
		write("[" + toml.Key(table).String() + "]\n" + added)
	}
	return b.String()
}

// assignment is one line of TOML.
func assignment(key []string, value string) string {
	line, err := toml.Marshal(map[string]string{"k": value})
	if err != nil {
		return "" // which the comparison with what was expected finds
	}
	return toml.Key(key).String() + strings.TrimPrefix(string(line), "k")
}

// expected is what the document is to mean after the changes.
func (d *document) expected(profile string, changes map[string]string) map[string]any {
	tree := maps.Clone(d.tree)
	if tree == nil {
		tree = map[string]any{}
	}
	profiles, _ := tree["profiles"].(map[string]any)
	values, existed := profiles[profile].(map[string]any)
	profiles, values = maps.Clone(profiles), maps.Clone(values)
	if profiles == nil {
		profiles = map[string]any{}
	}
	if values == nil {
		values = map[string]any{}
	}
	for key, value := range changes {
		delete(values, key)
		if value != "" {
			values[key] = value
		}
	}
	if existed || len(values) > 0 {
		profiles[profile] = values
	}
	if len(profiles) > 0 || d.tree["profiles"] != nil {
		tree["profiles"] = profiles
	}
	return tree
}

// at is "line N: " where the line is known.
func at(line int) string {
	if line <= 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", line)
}
