package bynder

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// maxTransform is the longest operation that is sent, in bytes.
const maxTransform = 512

// operation is the form of a transformation: its name, and parameters.
var operation = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z]+(,[A-Za-z][A-Za-z0-9_]*:[A-Za-z0-9_.-]+)*$`) })

var imageFormat = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]{1,10}$`) })

// ParseImageFormat reads the format of an image, in any case. Only the portal can say which formats exist.
func ParseImageFormat(text string) (string, error) {
	format := strings.ToLower(strings.TrimSpace(text))
	if !imageFormat().MatchString(format) {
		return "", fmt.Errorf("%.80q is not an image format", text)
	}
	return format, nil
}

// ParseTransform returns the Name of a Selector of Kind Transform: an operation of the portal's Dynamic Asset
// Transformation such as fill,width:800,height:600, the format of the image (ParseImageFormat), "" for the portal's
// choice, and its quality from 1 to 100, 0 for the portal's choice. Only the portal can say which operations exist.
func ParseTransform(spec, format string, quality int) (string, error) {
	if len(spec) > maxTransform || !operation().MatchString(spec) {
		return "", fmt.Errorf("%.80q is not an operation with parameters such as fill,width:800,height:600", spec)
	}
	seen := map[string]bool{}
	_, parameters, _ := strings.Cut(spec, ",")
	for parameter := range strings.SplitSeq(parameters, ",") {
		key, value, _ := strings.Cut(parameter, ":")
		if seen[key] {
			return "", fmt.Errorf("duplicate parameter %s in %.80q", key, spec)
		}
		seen[key] = true
		if n, err := strconv.Atoi(value); (key == "width" || key == "height") && (err != nil || n < 1) {
			return "", fmt.Errorf("invalid %s %q: must be a number of pixels", key, value)
		}
	}
	if format != "" {
		var err error
		if format, err = ParseImageFormat(format); err != nil {
			return "", err
		}
		spec += "&format=" + format
	}
	if quality < 0 || quality > 100 {
		return "", errors.New("the quality must be from 1 to 100")
	}
	if quality > 0 {
		spec += "&quality=" + strconv.Itoa(quality)
	}
	return spec, nil
}

// TransformURL returns the URL of a transformed image, from an asset's transformBaseUrl and a Selector's Name, which
// needs no escaping because ParseTransform returned it.
func TransformURL(base *url.URL, name string) *url.URL {
	u := *base
	u.Fragment, u.RawFragment = "", ""
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "io=transform:" + name
	return &u
}

// TransformLabel returns a transformation as a part of a file's name, without the format:
// fill-width800-height600.
func TransformLabel(name string) string {
	spec, rest, _ := strings.Cut(name, "&")
	if _, quality, ok := strings.Cut("&"+rest, "&quality="); ok {
		spec += ",quality:" + quality
	}
	return strings.NewReplacer(",", "-", ":", "").Replace(spec)
}

// TransformFormat returns the format that a transformation requests, "" for the portal's choice.
func TransformFormat(name string) string {
	_, format, _ := strings.Cut(name, "&format=")
	format, _, _ = strings.Cut(format, "&")
	return format
}
