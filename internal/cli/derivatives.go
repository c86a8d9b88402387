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

// needMetadata reports whether the URLs of derivatives are asked for: those of originals are not.
func needMetadata(derivatives []string) bool {
	return slices.ContainsFunc(derivatives, func(name string) bool { return name != bynder.OriginalChoice })
}
