package download

// FileID identifies a file: two jobs, results or partials with the same FileID are about the same
// file, whatever it is called. It is comparable.
type FileID struct {
	Portal   string // host, and port where it has one
	MediaID  string // of the asset
	Selector string // which file of the asset, as bynder.Selector.String spells it
}

// String returns the three, one a line. The names of partials are hashes of it: a partial that an
// earlier version left is found only if it stays as it is.
func (id FileID) String() string { return id.Portal + "\n" + id.MediaID + "\n" + id.Selector }
