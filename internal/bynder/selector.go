package bynder

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind is the kind of file that a Selector chooses.
type Kind int

// The files that an asset can have. The zero value is the original.
const (
	Original Kind = iota
	Additional
	Version
	Item
	Derivative
	Transform
)

// Selector chooses one file of an asset. Its zero value is the original.
type Selector struct {
	Kind Kind
	// Version is the number of the version, from 1 up, for Kind Version.
	Version int
	// ItemID names the media item for Kind Item, and for a Derivative of one
	// item instead of the asset.
	ItemID string
	// Hashed is set if ItemID is a hashed id (the portal's ?hash=1).
	Hashed bool
	// Name is what ParseDerivative returns, for Kind Derivative: the names of derivatives in order of
	// preference. For Kind Transform it is what ParseTransform returns.
	Name string
}

// OriginalChoice stands for the original among the names of derivatives: every asset has one.
const OriginalChoice = "original"

// ParseDerivative reads names of derivatives, separated by commas: the first that an asset has is
// fetched. It returns the names without the spaces around each.
func ParseDerivative(text string) (string, error) {
	names := strings.Split(text, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
		switch {
		case names[i] == "":
			return "", fmt.Errorf("empty name in %q", text)
		case slices.Contains(names[:i], names[i]):
			return "", fmt.Errorf("duplicate name %q in %q", names[i], text)
		case i > 0 && names[i-1] == OriginalChoice:
			return "", errors.New("the original must be the last choice: every asset has one")
		}
	}
	return strings.Join(names, ","), nil
}

// Choose returns the first of a derivative's names that is in links, or OriginalChoice; ok is false if
// there is neither.
func (s Selector) Choose(links map[string]string) (name string, ok bool) {
	for name := range strings.SplitSeq(s.Name, ",") {
		if _, ok := links[name]; ok || name == OriginalChoice {
			return name, true
		}
	}
	return "", false
}

// IsFirst reports whether a name is the first of a derivative's names, which is the preferred one.
func (s Selector) IsFirst(name string) bool {
	first, _, _ := strings.Cut(s.Name, ",")
	return name == first
}

// HasChoices reports whether there is more than one name of a derivative to choose from.
func (s Selector) HasChoices() bool { return s.Kind == Derivative && strings.Contains(s.Name, ",") }

// String returns the selector as results and journals spell it; with the portal and
// the media id it is the identity of a file.
func (s Selector) String() string {
	switch s.Kind {
	case Original:
		return "original"
	case Additional:
		return "additional"
	case Version:
		return "version/" + strconv.Itoa(s.Version)
	case Item:
		return "item/" + s.ItemID
	case Derivative:
		if s.ItemID != "" {
			return "item/" + s.ItemID + "/derivative/" + s.Name
		}
		return "derivative/" + s.Name
	case Transform:
		return "transform/" + s.Name
	default:
		return "unknown"
	}
}

// ParseSelector reads what String returned, except whether an item's id is hashed.
func ParseSelector(text string) (Selector, error) {
	var s Selector
	var err error
	kind, rest, _ := strings.Cut(text, "/")
	switch kind {
	case "original":
	case "additional":
		s.Kind = Additional
	case "version":
		s.Kind = Version
		if s.Version, err = strconv.Atoi(rest); err == nil && s.Version < 1 {
			err = errors.New("versions begin with 1")
		}
	case "item":
		id, name, derivative := strings.Cut(rest, "/derivative/")
		if s.Kind, s.ItemID, err = Item, id, CheckID(id); derivative && err == nil {
			s.Kind = Derivative
			s.Name, err = ParseDerivative(name)
		}
	case "derivative":
		s.Kind = Derivative
		s.Name, err = ParseDerivative(rest)
	case "transform":
		s.Kind = Transform
		spec, query, _ := strings.Cut(rest, "&")
		_, quality, _ := strings.Cut("&"+query, "&quality=")
		n, _ := strconv.Atoi(quality) // text that is not a number differs from what String returns
		s.Name, err = ParseTransform(spec, TransformFormat(rest), n)
	}
	if err == nil && s.String() != text {
		err = errors.New("there is no such file")
	}
	if err != nil {
		return Selector{}, fmt.Errorf("invalid selector %.80q: %w", text, err)
	}
	return s, nil
}
