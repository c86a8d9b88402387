package naming

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/spelling"
)

// maxTemplate is the maximum length of a template's text, in bytes.
const maxTemplate = 4096

// templateError is a template whose text is invalid.
type templateError struct {
	text, problem, advice string
}

func (e *templateError) Error() string {
	return fmt.Sprintf("name template %.200q: %s", e.text, e.problem)
}

// Hint returns what to write instead.
func (e *templateError) Hint() string { return e.advice }

// Parse parses the text of a --name template: literal text, fields in braces, and
// slashes that create folders. {{ and }} are one brace each. Errors have a Hint.
func Parse(text string) (*Template, error) {
	if err := checkShape(text); err != nil {
		return nil, err
	}
	t := &Template{elements: [][]part{nil}}
	add := func(p part) {
		last := &t.elements[len(t.elements)-1]
		// Literal text with an escape in it is one part.
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
			return nil, &templateError{text, "unmatched }", "write }} for a literal brace"}
		default:
			parts, after, err := placeholder(text, rest)
			if err != nil {
				return nil, err
			}
			for i, p := range parts {
				if i > 0 { // a slash in the layout of a date
					t.elements = append(t.elements, nil)
				}
				add(p)
			}
			rest = after
		}
	}
	if err := checkElements(text, t.elements); err != nil {
		return nil, err
	}
	return t, nil
}

// checkShape rejects text that is not the relative path of a file.
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
		return fail("it is an absolute path", "specify the folder with --dir, and write "+example)
	case strings.Contains(text, `\`):
		return fail("it contains a backslash", "write / for a folder, on every system")
	case strings.HasSuffix(text, "/"):
		return fail("it ends in a slash", "end it with the name of the file, as in {id}/{filename}")
	}
	return nil
}

// checkElements rejects empty path elements, and . and .. as elements.
func checkElements(text string, elements [][]part) error {
	for _, parts := range elements {
		switch {
		case len(parts) == 0:
			return &templateError{text, "it has an empty path element", "remove one of the two slashes"}
		case len(parts) == 1 && (parts[0].literal == "." || parts[0].literal == ".."):
			return &templateError{
				text, fmt.Sprintf("it contains the path element %q", parts[0].literal),
				"remove it: paths must be below --dir",
			}
		}
	}
	return nil
}

// placeholder parses a field up to its closing brace. The layout of a date is one part per path element; any other
// field is one part.
func placeholder(text, rest string) (parts []part, after string, err error) {
	if property, ok := strings.CutPrefix(rest, propertyPrefix); ok {
		label, after, ok := cutLabel(property)
		switch {
		case !ok:
			return nil, "", unclosed(text)
		case label == "":
			return nil, "", unknownField(text, propertyPrefix)
		}
		return []part{{field: &fields[len(fields)-1], detail: label}}, after, nil
	}
	end := strings.IndexAny(rest, "{}")
	if end < 0 || rest[end] != '}' {
		return nil, "", unclosed(text)
	}
	content, after := rest[:end], rest[end+1:]
	name, layout, hasLayout := strings.Cut(content, ":")
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name && f.name != propertyField })
	switch {
	case i >= 0 && fields[i].isDate:
		if !hasLayout {
			layout = defaultLayout
		}
		for element := range strings.SplitSeq(layout, "/") {
			if !isLayout(element) {
				return nil, "", &templateError{
					text, fmt.Sprintf("invalid date layout %.40q", layout),
					"write 2006 for the year, 01 for the month and 02 for the day, as in {" + name + ":2006/01} or {" + name + ":2006-01-02}",
				}
			}
			parts = append(parts, part{field: &fields[i], detail: element})
		}
		return parts, after, nil
	case strings.Contains(name, "/"):
		return nil, "", unclosed(text)
	case i >= 0 && hasLayout:
		return nil, "", &templateError{text, "{" + name + "} does not take a layout", "only dates take one, such as {created:2006/01}"}
	case i >= 0:
		return []part{{field: &fields[i]}}, after, nil
	}
	return nil, "", unknownField(text, name)
}

// cutLabel parses the name or label of a property, which may have any character, up to the closing brace of the
// field; {{ and }} in it are one brace each. ok is false if the closing brace is missing.
func cutLabel(rest string) (label, after string, ok bool) {
	var b strings.Builder
	for {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			return "", "", false
		}
		b.WriteString(rest[:i])
		brace, doubled := rest[i], i+1 < len(rest) && rest[i+1] == rest[i]
		rest = rest[i+1:]
		switch {
		case doubled:
			b.WriteByte(brace)
			rest = rest[1:]
		case brace == '}':
			return b.String(), rest, true
		default:
			return "", "", false
		}
	}
}

// unclosed returns the error for a field without a closing brace.
func unclosed(text string) error {
	return &templateError{text, "unclosed {", "write {{ for a literal brace"}
}

// unknownField returns the error for an unknown field, with the valid ones, a similar one first.
func unknownField(text, name string) error {
	known := make([]string, len(fields))
	for i := range fields {
		known[i] = fields[i].name
	}
	advice := "use one of these fields, or write {{ for a literal brace"
	if near, ok := nearest(name, known); ok {
		advice = fmt.Sprintf("did you mean {%s}?", near)
		i := slices.Index(known, near)
		known = slices.Concat(known[i:i+1], known[:i], known[i+1:])
	}
	return &templateError{text, fmt.Sprintf("unknown field %.40q (known: {%s})", name, strings.Join(known, "} {")), advice}
}

// nearest returns the known field that is similar to name, if there is one.
func nearest(name string, known []string) (field string, ok bool) {
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, "propert") || strings.HasPrefix(lower, "metaproperty") {
		return propertyField, true
	}
	return spelling.Nearest(name, known)
}
