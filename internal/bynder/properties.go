package bynder

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

const (
	// maxProperty is the most bytes of one metaproperty that are read, 64 MiB: some have tens of thousands of options.
	maxProperty = 64 << 20
	// maxOptions is the most options that all metaproperties may have together.
	maxOptions = 1_000_000
)

// Property is a metaproperty: a field of the portal's own metadata.
type Property struct {
	Name    string // in the API, without property_
	Label   string // shown to people; may be empty
	Type    string // select, text, date, ...: an open set
	Options []Option
}

// Option is a value that a metaproperty may have.
type Option struct {
	Name   string   // in the API
	Labels []string // shown to people
}

// Properties lists the portal's metaproperties, with one call. A property's options include those below other options.
// A list that is not as the API describes it is a *ProtocolError, even if only one of its properties is not.
func (c *Client) Properties(ctx context.Context) ([]Property, error) {
	const path = "/api/v4/metaproperties/"
	for broken := 1; ; broken++ {
		all, err := c.properties(ctx, path)
		if _, again := errors.AsType[*readError](err); !again || broken == maxBroken || ctx.Err() != nil {
			return all, err
		}
	}
}

func (c *Client) properties(ctx context.Context, path string) ([]Property, error) {
	resp, err := c.open(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	s := &splitter{r: bufio.NewReaderSize(&pageReader{r: resp.Body, left: maxPage}, 64<<10)}
	all, err := readProperties(s)
	if err != nil {
		return nil, c.notAList(path, resp, err)
	}
	return all, nil
}

// readProperties reads an object of properties by name, or a list of properties: PHP writes an empty object as a list.
func readProperties(s *splitter) (all []Property, err error) {
	b, err := s.next()
	switch {
	case err != nil:
		return nil, err
	case b == '[':
		s.end = ']'
	case b != '{':
		return nil, errors.New("neither an object nor an array")
	}
	options := 0
	for first := true; ; first = false {
		var name string
		var more bool
		if s.end == ']' {
			more, err = s.another(first)
		} else {
			name, more, err = s.key(first)
		}
		if err == nil && !more {
			return all, s.finish()
		}
		if err == nil && len(all) == maxMembers {
			err = fmt.Errorf("more than %d metaproperties", maxMembers)
		}
		var raw json.RawMessage
		if err == nil {
			raw, err = s.value(maxProperty)
		}
		if err != nil {
			return nil, err
		}
		p, err := parseProperty(name, raw, &options)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// parseProperty reads a metaproperty with its name in an object, which is a number or "" in a list. It adds its
// options to the count.
func parseProperty(name string, raw json.RawMessage, options *int) (Property, error) {
	what := fmt.Sprintf("the metaproperty %.80q", name)
	f, err := readFields(raw)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return Property{}, malformed(what, err)
	}
	p := Property{Name: f.text("name"), Label: f.text("label"), Type: f.text("type")}
	if p.Name == "" && !isIndex(name) {
		p.Name = name
	}
	if p.Name == "" {
		return Property{}, malformed(what, errors.New("it has no name"))
	}
	if p.Options, err = appendOptions(nil, f.get("options"), options); err != nil {
		return Property{}, malformed(what, err)
	}
	return p, nil
}

// appendOptions reads a list of options, and the options of each.
func appendOptions(all []Option, raw json.RawMessage, count *int) ([]Option, error) {
	if kindOf(raw) == nullKind || isEmptyObject(raw) {
		return all, nil
	}
	list, ok := listOf(raw)
	if !ok {
		return nil, fmt.Errorf("its options are %s, not a list", kindName(raw))
	}
	for element := range list {
		if *count++; *count > maxOptions {
			return nil, fmt.Errorf("more than %d options", maxOptions)
		}
		f, err := readFields(element)
		if err == nil {
			err = f.check()
		}
		if err != nil {
			return nil, fmt.Errorf("one of its options: %w", err)
		}
		o := Option{Name: f.text("name")}
		for _, field := range []string{"label", "displayLabel"} {
			if label := f.text(field); label != "" && (len(o.Labels) == 0 || o.Labels[0] != label) {
				o.Labels = append(o.Labels, label)
			}
		}
		if o.Name == "" && len(o.Labels) == 0 {
			return nil, errors.New("one of its options has neither a name nor a label")
		}
		all = append(all, o)
		if all, err = appendOptions(all, f.get("options"), count); err != nil {
			return nil, err
		}
	}
	return all, nil
}
