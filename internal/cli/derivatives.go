package cli

import (
	"fmt"
	"slices"

	"github.com/bynder-cli/bynder/internal/bynder"
)

const derivativeHelp = "the derivative of this `NAME`, or the first that the asset has of A,B,original (repeatable)"

// parseDerivatives reads the values of --derivative. One that comes again is left out.
func parseDerivatives(texts []string) ([]string, error) {
	var names []string
	for _, text := range texts {
		name, err := bynder.ParseDerivative(text)
		if err != nil {
			return nil, &usageError{err: fmt.Errorf("--derivative: %w", err), hint: "write it as webimage, or webimage,mini,original"}
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// parseTransforms reads the values of --transform, with those of --format and --quality, which are good for all.
// One that comes again is left out.
func parseTransforms(specs []string, format string, quality int) ([]string, error) {
	var names []string
	for _, spec := range specs {
		name, err := bynder.ParseTransform(spec, format, quality)
		if err != nil {
			return nil, &usageError{err: fmt.Errorf("--transform: %w", err), hint: "write it as fill,width:800,height:600"}
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// needMetadata reports whether the URLs of derivatives are asked for: those of originals are not.
func needMetadata(derivatives []string) bool {
	return slices.ContainsFunc(derivatives, func(name string) bool { return name != bynder.OriginalChoice })
}
