package input

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/spelling"
)

// begin reads up to the first line that is neither empty nor a comment, and the header, if the list has one. The
// error is that of a list that cannot be read at all. Further calls return the same error and read nothing.
func (p *parser) begin() error {
	for !p.begun && !p.format.NUL {
		line, err := p.lines.next()
		if p.begun = err != nil; p.begun {
			p.empty = errors.Is(err, io.EOF)
			if errors.Is(err, errLong) {
				p.failed = checkDocument(string(p.lines.long))
			}
			p.ahead = []readLine{{number: p.lines.number, err: err}}
		} else if text := trimmed(line); len(bytes.Trim(text, separators+" ")) > 0 && text[0] != '#' {
			if separator := separatorLine(string(line)); separator != 0 && p.separator == 0 {
				p.separator = separator
				continue
			}
			p.begun = true
			p.failed = p.decide(string(line), text[0] == '{')
		}
	}
	return p.failed
}

// maxHeader is the maximum length of a header of several lines, in bytes. Longer text is an unclosed quote.
const maxHeader = 16 << 10

// decide decides whether a list has a header. text is its first line; object reports whether that is a JSON object.
func (p *parser) decide(text string, object bool) error {
	begins := p.lines.number
	if spelling.Trim(text) == "{" {
		line, err := p.lines.next()
		p.ahead = []readLine{{text: text, number: begins}, {string(line), p.lines.number, err}}
		return checkDocument("{\n" + string(line))
	}
	if err := checkDocument(text); err != nil {
		return err
	}
	for !object {
		found, open := readSeparated(text, p.separator)
		if found != nil {
			p.table = found
			return found.findColumns(p.format)
		}
		if !open {
			break
		}
		line, err := p.lines.more()
		if errors.Is(err, io.EOF) || errors.Is(err, errLong) {
			return &OpenQuoteError{begins, begins, text, errors.Is(err, io.EOF)}
		} else if err != nil {
			return err
		}
		if text += "\n" + string(line); len(text) > maxHeader {
			return &OpenQuoteError{begins, begins, text, false}
		}
	}
	for i, line := range strings.Split(text, "\n") {
		p.ahead = append(p.ahead, readLine{text: line, number: begins + i})
	}
	switch {
	case object:
		return nil
	case strings.Contains(text, "\t"):
		p.untitled = !slices.ContainsFunc(strings.Split(text, "\t"), idLike)
		return nil
	default:
		return checkPlain(text, p.format)
	}
}
