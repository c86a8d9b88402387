package bynder

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

const (
	// maxProperty is the most bytes of one metaproperty that are read, 64 MiB: some have tens of thousands of options.
	maxProperty = 64 << 20
	// maxOptions is the most options that all metaproperties may have together.
	maxOptions = 1_000_000
)

// Property is a metaproperty: a field of the portal's own metadata.
type Property struct {
	ID      string
	Name    string // in the API, without property_
	Label   string // shown to people; may be empty
	Type    string // select, text, date, ...: an open set
	Options []Option
	// Unlisted says that the answer had no list of options, not even an empty one. Options requests them.
	Unlisted bool

	raw json.RawMessage
}

// MarshalJSON returns the metaproperty's fields as the portal sends them, its options included. Temporary URLs are null.
func (p Property) MarshalJSON() ([]byte, error) { return rewrite(p.raw, nil) }

// Option is a value that a metaproperty may have.
type Option struct {
	ID     string
	Name   string   // in the API
	Labels []string // shown to people
	Parent string   // the name of the option that it is below, "" for none

	raw json.RawMessage
}

// MarshalJSON returns the option's fields as the portal sends them, with its parent in place of the options below it.
// Temporary URLs are null.
func (o Option) MarshalJSON() ([]byte, error) {
	return rewrite(o.raw, func(all map[string]json.RawMessage) {
		delete(all, "options")
		if o.Parent != "" {
			all["parent"] = encode(o.Parent)
		}
	})
}

// Called returns the option's name or, if it has none, its label.
func (o Option) Called() string {
	if o.Name == "" && len(o.Labels) > 0 {
		return o.Labels[0]
	}
	return o.Name
}

// rewrite returns an object of the portal as it is written: with its fields as they were sent, and null for temporary URLs.
// change, which may be nil, changes the fields.
func rewrite(raw json.RawMessage, change func(map[string]json.RawMessage)) ([]byte, error) {
	f, err := readFields(raw)
	if err != nil {
		return nil, err
	}
	all := make(map[string]json.RawMessage, len(f))
	for _, each := range f {
		all[each.name] = withoutTemporary(each.value)
	}
	if change != nil {
		change(all)
	}
	return marshal(all)
}

// Properties lists the portal's metaproperties, with one call. A property's options include those below other options,
// each after the one that it is below.
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
	p := Property{ID: f.text("id"), Name: f.text("name"), Label: f.text("label"), Type: f.text("type"), raw: raw}
	if p.Name == "" && !isIndex(name) {
		p.Name = name
	}
	if p.Name == "" {
		return Property{}, malformed(what, errors.New("it has no name"))
	}
	p.Unlisted = f.get("options") == nil
	if p.Options, err = appendOptions(nil, "", f.get("options"), options); err != nil {
		return Property{}, malformed(what, err)
	}
	return p, nil
}

// Options lists the options of a metaproperty by its id, each with those below it.
func (c *Client) Options(propertyID string) (*Listing[[]Option], error) {
	if err := CheckID(propertyID); err != nil {
		return nil, &ProtocolError{Err: fmt.Errorf("the metaproperty: %w", err)}
	}
	count := 0
	return &Listing[[]Option]{
		client: c, path: "/api/v4/metaproperties/" + url.PathEscape(propertyID) + "/options/", query: url.Values{}, limit: PageLimit,
		most: -1, counted: -1, onePage: true,
		parse: func(raw json.RawMessage) ([]Option, error) {
			options, err := appendOptions(nil, "", slices.Concat([]byte("["), raw, []byte("]")), &count)
			if err != nil {
				return nil, malformed("an option", err)
			}
			return options, nil
		},
		id: func(options []Option) string { return options[0].ID + " " + options[0].Called() },
	}, nil
}

// appendOptions reads a list of options below the option parent, and the options of each.
func appendOptions(all []Option, parent string, raw json.RawMessage, count *int) ([]Option, error) {
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
		o, below, err := parseOption(element)
		if err != nil {
			return nil, fmt.Errorf("one of its options: %w", err)
		}
		o.Parent = parent
		all = append(all, o)
		if all, err = appendOptions(all, o.Called(), below, count); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// parseOption reads an option, and returns the list of options below it.
func parseOption(raw json.RawMessage) (o Option, below json.RawMessage, err error) {
	f, err := readFields(raw)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return Option{}, nil, err
	}
	o = Option{ID: f.text("id"), Name: f.text("name"), raw: raw}
	for _, field := range []string{"label", "displayLabel"} {
		if label := f.text(field); label != "" && (len(o.Labels) == 0 || o.Labels[0] != label) {
			o.Labels = append(o.Labels, label)
		}
	}
	if o.Name == "" && len(o.Labels) == 0 {
		return Option{}, nil, errors.New("it has neither a name nor a label")
	}
	return o, f.get("options"), nil
}
