package naming

import (
	"fmt"
	"strings"

	"github.com/bynder-cli/bynder/internal/spelling"
)

// maxTemplate caps the text of a template, in bytes.
const maxTemplate = 4096

// templateError says what is wrong with the text of a template.
type templateError struct {
	text, problem, advice string
}

func (e *templateError) Error() string {
	return fmt.Sprintf("name template %.200q: %s", e.text, e.problem)
}

// Hint says what to write instead.
func (e *templateError) Hint() string { return e.advice }

// Parse reads the text of a --name template: literal text, fields in braces, and
// slashes that make folders. {{ and }} stand for one brace each. Errors have a
// Hint.
func Parse(text string) (*Template, error) {
	fail := func(problem, advice string) error { return &templateError{text, problem, advice} }
	if err := checkShape(text); err != nil {
		return nil, err
	}
	t := &Template{elements: [][]part{nil}}
	add := func(p part) {
		last := &t.elements[len(t.elements)-1]
		// Literal text that an escape interrupted stays one part.
		if n := len(*last); n > 0 && p.field == nil && (*last)[n-1].field == nil {
			(*last)[n-1].literal += p.literal
			return
		}
		*last = append(*last, p)
	}
	for rest := text; rest != ""; {
		i := strings.IndexAny(rest, "{}/")
		if i < 0 {
			add(part{literal: rest})
			break
		}
		if i > 0 {
			add(part{literal: rest[:i]})
		}
		delimiter := rest[i]
		rest = rest[i+1:]
		switch {
		case delimiter == '/':
			t.elements = append(t.elements, nil)
		case rest != "" && rest[0] == delimiter:
			add(part{literal: rest[:1]})
			rest = rest[1:]
		case delimiter == '}':
			return nil, fail("a } without its {", "write }} for a brace that belongs to the name")
		default:
			end := strings.IndexAny(rest, "{}/")
			if end < 0 || rest[end] != '}' {
				return nil, fail("a { without its }", "write {{ for a brace that belongs to the name")
			}
			p, err := placeholder(text, rest[:end])
			if err != nil {
				return nil, err
			}
			add(p)
			rest = rest[end+1:]
		}
	}
	if err := checkElements(text, t.elements); err != nil {
		return nil, err
	}
	return t, nil
}

// checkShape refuses what is no relative path of a file.
func checkShape(text string) error {
	const example = "a path such as {id}/{filename}"
	fail := func(problem, advice string) error { return &templateError{text, problem, advice} }
	drive := len(text) >= 2 && text[1] == ':' && 'a' <= text[0]|0x20 && text[0]|0x20 <= 'z'
	switch {
	case text == "":
		return fail("it is empty", "write "+example)
	case len(text) > maxTemplate:
		return fail(fmt.Sprintf("it is longer than %d bytes", maxTemplate), "write "+example)
	case text[0] == '/', text[0] == '\\', drive:
		return fail("it is an absolute path", "choose the folder with --dir, and write "+example)
	case strings.Contains(text, `\`):
		return fail("it has a backslash", "folders are made by / on every system")
	case strings.HasSuffix(text, "/"):
		return fail("it ends in a slash", "end it with the name of the file, as in {id}/{filename}")
	}
	return nil
}

// checkElements refuses elements that the text itself makes none, or a way up.
func checkElements(text string, elements [][]part) error {
	for _, parts := range elements {
		switch {
		case len(parts) == 0:
			return &templateError{text, "two slashes with nothing between them", "leave one of them out"}
		case len(parts) == 1 && (parts[0].literal == "." || parts[0].literal == ".."):
			return &templateError{
				text, fmt.Sprintf("it has the path element %q", parts[0].literal),
				"paths stay under the folder that --dir chooses; leave it out",
			}
		}
	}
	return nil
}

// placeholder is the part for what stands between braces.
func placeholder(text, name string) (part, error) {
	if property, ok := strings.CutPrefix(name, propertyPrefix); ok && property != "" {
		return part{field: &fields[len(fields)-1], property: property}, nil
	}
	known := make([]string, len(fields))
	for i := range fields {
		known[i] = fields[i].name
		if name == known[i] {
			return part{field: &fields[i]}, nil
		}
	}
	advice := "use one of these fields, or write {{ for a brace that belongs to the name"
	if near, ok := nearest(name, known); ok {
		advice = fmt.Sprintf("did you mean {%s}?", near)
	}
	return part{}, &templateError{text, fmt.Sprintf("unknown field %.40q; there are {%s}", name, strings.Join(known, "} {")), advice}
}

// nearest is the known field that name is probably meant to be, if there is one.
func nearest(name string, known []string) (field string, ok bool) {
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, "propert") || strings.HasPrefix(lower, "metaproperty") {
		return propertyField, true
	}
	return spelling.Nearest(name, known)
}
