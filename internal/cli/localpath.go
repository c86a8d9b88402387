package cli

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/bucket"
)

// pathFlags are the flags that name files and folders of this machine.
var pathFlags = []string{
	"ca-cert", "catalogue", "config", "dir", "from", "from0", "journal", "metadata-csv", "output", "stats", "trash", "undone-out",
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// isURL reports whether a text is a URL. Taken for a path, it would make folders of that name.
func isURL(text string) bool { return scheme.MatchString(text) }

// refuseURLs rejects URLs as values of pathFlags.
func refuseURLs(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if !slices.Contains(pathFlags, f.Name) {
			return
		}
		paths := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			paths = list.GetSlice()
		}
		for _, path := range paths {
			if err == nil && (!slices.Contains([]string{"dir", "journal", "trash"}, f.Name) || !bucket.IsURL(path)) {
				err = refuseURL("--"+f.Name, path)
			}
		}
	})
	return err
}

// refuseURL rejects a URL as the path that a flag or command takes.
func refuseURL(taker, path string) error {
	if !isURL(path) {
		return nil
	}
	hint := "specify a path on a mounted file system"
	switch {
	case taker == "--dir", taker == "bynder verify", taker == "bynder sync":
		hint += ", or s3://BUCKET/PREFIX"
	case !bucket.IsURL(path):
	case taker == "--journal":
		hint = "specify the journal file of the files in the folder"
	}
	return &usageError{err: fmt.Errorf("%s takes a path on this machine, and %s is a URL", taker, path), hint: hint}
}
