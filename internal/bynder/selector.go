package bynder

import "strconv"

// Kind says which file of an asset a Selector chooses.
type Kind int

// The files that an asset can have. The zero value is the original.
const (
	Original Kind = iota
	Additional
	Version
	Item
	Derivative
)

// Selector chooses one file of an asset. Its zero value is the original.
type Selector struct {
	Kind Kind
	// Version is the number of the version, from 1 up, for Kind Version.
	Version int
	// ItemID names the media item for Kind Item, and for a Derivative of one
	// item instead of the asset.
	ItemID string
	// Hashed tells that ItemID is a hashed id (the portal's ?hash=1).
	Hashed bool
	// Name is the derivative's name, for Kind Derivative.
	Name string
}

// String is the selector as results and journals spell it; with the portal and
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
	default:
		return "unknown"
	}
}
