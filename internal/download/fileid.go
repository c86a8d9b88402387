package download

// FileID identifies a file: jobs, results and partials with the same FileID are about the same
// file, whatever its name. It is comparable.
type FileID struct {
	Portal   string // host, and port if it has one
	MediaID  string // of the asset
	Selector string // which file of the asset, as bynder.Selector.String spells it
}

// String returns the three, one per line. The names of partials are hashes of it, so it must not
// change: partials of earlier versions would not be found.
func (id FileID) String() string { return id.Portal + "\n" + id.MediaID + "\n" + id.Selector }
