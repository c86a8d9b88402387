package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// maxPath is the number of keys of a path that are stored. A valid path has three at most
// (profiles, NAME, key), so a fourth shows that a path is too long.
const maxPath = 4

// setting is a key of a file with its value, or a table that begins in the file.
type setting struct {
	line  int      // from 1
	path  []string // the first maxPath keys from the root
	shape shape
	text  string   // of a string or a scalar
	texts []string // of a list of strings
}

// shape is the kind of value that a setting has.
type shape int

const (
	shapeOther  shape = iota // a date, a list of something else, a list of tables
	shapeText                // in quotes
	shapeScalar              // a number, true or false
	shapeTexts               // a list of strings
	shapeTable
)

// syntaxError means that a text is not TOML. It does not quote the text, which may be a
// secret whose quotes are missing.
type syntaxError struct {
	line   int
	reason string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.reason) }

// settingsParser collects the settings of one text.
type settingsParser struct {
	toml   unstable.Parser
	data   []byte
	offset int // end of the text whose lines are counted
	line   int // of offset, from 1
	seen   map[string]bool
	found  []setting
}

// parseSettings reads TOML into its settings, in the order of the text. Any failure is a
// *syntaxError. Time and memory grow linearly with the length of the text: a path is not
// followed beyond maxPath keys, and the library limits the depth of nested values.
//
// It reads the library's syntax tree, because decoding into Go values loses the lines of
// keys, and takes quadratic time for deep paths.
func parseSettings(text string) ([]setting, error) {
	p := &settingsParser{data: []byte(strings.TrimPrefix(text, "\ufeff")), line: 1, seen: map[string]bool{}}
	p.toml.Reset(p.data)
	var table []string
	for p.toml.NextExpression() {
		var err error
		switch node := p.toml.Expression(); node.Kind {
		case unstable.KeyValue:
			err = p.keyValue(table, node)
		default:
			s := p.at(nil, node)
			if table = s.path; node.Kind == unstable.Table {
				s.shape = shapeTable
			}
			err = p.add(s)
		}
		if err != nil {
			return nil, err
		}
	}
	if parse := (*unstable.ParserError)(nil); errors.As(p.toml.Error(), &parse) {
		return nil, p.syntaxError(min(int(p.toml.Range(parse.Highlight).Offset), len(p.data)-1))
	}
	return p.found, nil
}

// at returns a setting with the line of node, and its path below table.
func (p *settingsParser) at(table []string, node *unstable.Node) setting {
	s := setting{path: slices.Clone(table)}
	for keys := node.Key(); keys.Next() && len(s.path) < maxPath; {
		key := keys.Node()
		if s.line == 0 {
			p.countLines(int(key.Raw.Offset))
			s.line = p.line
		}
		s.path = append(s.path, string(key.Data))
	}
	return s
}

// keyValue adds a key with its value, and the keys of a value that is a table.
func (p *settingsParser) keyValue(table []string, node *unstable.Node) error {
	s := p.at(table, node)
	value := node.Value()
	switch value.Kind {
	case unstable.String:
		s.shape, s.text = shapeText, string(value.Data)
	case unstable.Integer, unstable.Float, unstable.Bool:
		s.shape, s.text = shapeScalar, string(value.Data)
	case unstable.Array:
		s.shape, s.texts = textsOf(value)
	case unstable.InlineTable:
		s.shape = shapeTable
	default: // dates and times: shapeOther
	}
	if err := p.add(s); err != nil || s.shape != shapeTable || len(s.path) == maxPath {
		return err
	}
	for keys := value.Children(); keys.Next(); {
		if err := p.keyValue(s.path, keys.Node()); err != nil {
			return err
		}
	}
	return nil
}

// textsOf returns a list of strings; another list is shapeOther.
func textsOf(list *unstable.Node) (shape, []string) {
	var all []string
	for elements := list.Children(); elements.Next(); {
		if elements.Node().Kind != unstable.String {
			return shapeOther, nil
		}
		all = append(all, string(elements.Node().Data))
	}
	return shapeTexts, all
}

// add appends a setting. The error is that of a path that was set before. Of paths that were
// cut to the same keys, which are all invalid, the first is appended.
func (p *settingsParser) add(s setting) error {
	path := strings.Join(s.path, "\x00")
	switch {
	case !p.seen[path]:
		p.found = append(p.found, s)
		p.seen[path] = true
	case len(s.path) < maxPath:
		return &syntaxError{s.line, fmt.Sprintf("%s is set twice", shownKey(s.path[len(s.path)-1]))}
	}
	return nil
}

// countLines counts the lines up to offset, which must not be before that of the last call.
func (p *settingsParser) countLines(offset int) {
	p.line += bytes.Count(p.data[p.offset:offset], []byte("\n"))
	p.offset = offset
}

// syntaxError returns the error at offset, with a reason derived from its line. The
// library's own message may quote a character of the text.
func (p *settingsParser) syntaxError(offset int) error {
	start := bytes.LastIndexByte(p.data[:offset], '\n') + 1
	line, _, _ := bytes.Cut(p.data[start:], []byte("\n"))
	key, value, hasValue := bytes.Cut(line, []byte("="))
	key, value = bytes.TrimSpace(key), bytes.TrimSpace(value)
	e := &syntaxError{line: 1 + bytes.Count(p.data[:start], []byte("\n")), reason: "not valid TOML"}
	switch {
	case !utf8.Valid(line):
		e.reason = "a byte that is not UTF-8"
	case !hasValue && len(key) > 0 && !bytes.ContainsAny(key[:1], "[]{},\"'"):
		e.reason = "expected key = value"
	case !hasValue:
	case len(value) == 0:
		e.reason = "expected a value after ="
	case !bytes.ContainsAny(value[:1], "[{\"'"):
		e.reason = `expected the value in quotes: key = "value"`
	case bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' || r == 0x7f }):
		e.reason = "a control character in a string"
	case bytes.ContainsAny(value[:1], "\"'") && bytes.IndexByte(value[1:], value[0]) < 0:
		e.reason = "a string without a closing quote"
	case p.data[offset] == '\\':
		e.reason = `invalid escape after \: use single quotes, or write \\`
	case bytes.ContainsAny(value[:1], "\"'"):
		e.reason = "unexpected text after the value"
	}
	return e
}
