package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// derivativeFlags are the flags that select derivatives and transformations of originals.
type derivativeFlags struct {
	derivative []string
	transform  []string
	format     string
	quality    int

	derivatives, transforms []string // set by checkDerivatives
}

func (o *derivativeFlags) addDerivatives(f *pflag.FlagSet) {
	f.StringArrayVar(&o.derivative, "derivative", nil, derivativeHelp)
	f.StringArrayVar(&o.transform, "transform", nil, "download an image that the portal makes: `SPEC` is fill,width:800,height:600 (repeatable)")
	f.StringVar(&o.format, "format", "", "`format` of --transform: jpg, png, webp, ... (default: the portal's choice)")
	f.IntVar(&o.quality, "quality", 0, "quality of --transform: 1 to 100")
}

// checkDerivatives parses the flags, and rejects invalid ones before any call.
func (o *derivativeFlags) checkDerivatives(given func(flag string) bool) error {
	switch {
	case len(o.transform) == 0 && (given("format") || given("quality")):
		return usagef("--format and --quality belong to --transform")
	case given("format") && o.format == "":
		return usagef("--format is empty")
	case given("quality") && (o.quality < 1 || o.quality > 100):
		return &usageError{err: fmt.Errorf("--quality is %d, and must be from 1 to 100", o.quality), hint: "write a number such as 85"}
	}
	var err error
	if o.derivatives, err = parseDerivatives(o.derivative); err != nil {
		return err
	}
	if given("format") {
		if o.format, err = bynder.ParseImageFormat(o.format); err != nil {
			return &usageError{err: fmt.Errorf("--format: %w", err), hint: "write it as jpg, png, webp, ..."}
		}
	}
	o.transforms, err = parseTransforms(o.transform, o.format, o.quality)
	return err
}

// variants returns the names of the requested derivatives or transformations; check rejects both.
func (o *derivativeFlags) variants() []string { return slices.Concat(o.derivatives, o.transforms) }

const derivativeHelp = "download the derivative `NAME`, or the first that the asset has of A,B,original (repeatable)"

// parseDerivatives parses the values of --derivative, and drops repeated ones.
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

// parseTransforms parses the values of --transform, and adds format and quality to each. It drops repeated ones.
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

// needMetadata reports whether a file other than the original is requested, whose URL is in the metadata.
func needMetadata(derivatives []string) bool {
	return slices.ContainsFunc(derivatives, func(name string) bool { return name != bynder.OriginalChoice })
}
