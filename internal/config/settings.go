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

// maxPath is how many keys of a path are kept. A known path has three at most
// (profiles, NAME, key), so that a fourth is enough to see that one is too long.
const maxPath = 4

// setting is a key of a file with its value, or a table that begins in the file.
type setting struct {
	line  int      // from 1
	path  []string // the keys from the root, the first maxPath of them
	shape shape
	text  string   // of a text or a scalar
	texts []string // of a list of texts
}

// shape is what kind of value a setting has.
type shape int

const (
	shapeOther  shape = iota // a date, a list of something else, a list of tables
	shapeText                // in quotes
	shapeScalar              // a number, true or false
	shapeTexts               // a list of texts
	shapeTable
)

// syntaxError is a text that is not TOML. It never quotes the text, because that may be
// a secret whose quotes are missing.
type syntaxError struct {
	line   int
	reason string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.reason) }

// settingsParser collects the settings of one text.
type settingsParser struct {
	toml   unstable.Parser
	data   []byte
	offset int // up to which lines were counted
	line   int // of offset, from 1
	seen   map[string]bool
	found  []setting
}

// parseSettings reads TOML into its settings, in the order of the text. Any failure is a
// *syntaxError. Time and memory grow with the length of the text alone: a path is not
// followed beyond maxPath keys, and the library bounds the depth of nested values.
//
// It reads the library's syntax tree, because decoding into Go values loses the lines of
// keys, and takes time that grows with the square of the length for deep paths.
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

// at is a setting at the path of node below table, and on its line.
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
	default: // dates and times, which no setting is
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

// textsOf reads a list of texts; another list is shapeOther.
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

// add keeps a setting, unless the same path was set before. Of paths that are cut, which
// all are unknown ones, the first is kept.
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

// countLines goes on to offset, which is at or after that of the last call.
func (p *settingsParser) countLines(offset int) {
	p.line += bytes.Count(p.data[p.offset:offset], []byte("\n"))
	p.offset = offset
}

// syntaxError says what is wrong at offset, as far as the line there shows it. The
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
		e.reason = "a control character in a text"
	case bytes.ContainsAny(value[:1], "\"'") && bytes.IndexByte(value[1:], value[0]) < 0:
		e.reason = "a text without a closing quote"
	case p.data[offset] == '\\':
		e.reason = `a \ that is not an escape: use '…' quotes, or write \\`
	case bytes.ContainsAny(value[:1], "\"'"):
		e.reason = "unexpected text after the value"
	}
	return e
}
