package bynder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
)

// Location is where the portal says that a file can be had for a while.
type Location struct {
	// URL is a temporary one; its query is the permission to read.
	URL *url.URL
}

// Location asks for a fresh location of one file, with one call. Derivatives have no
// call of their own: their URLs stand in the asset's metadata.
//
// Errors are *APIError for the portal's refusals and *ProtocolError for answers that
// hold no usable location.
func (c *Client) Location(ctx context.Context, mediaID string, s Selector) (Location, error) {
	path, query, err := locationPath(mediaID, s)
	if err != nil {
		return Location{}, err
	}
	var answer struct {
		S3File any `json:"s3_file"`
		URL    any `json:"url"` // met in place of s3_file in the wild
	}
	var raw json.RawMessage
	if err := c.get(ctx, path, query, &raw); err != nil {
		return Location{}, err
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return Location{}, &ProtocolError{Path: path, Err: errors.New("no JSON object")}
	}
	text, _ := answer.S3File.(string)
	if text == "" {
		text, _ = answer.URL.(string)
	}
	u, err := ParseLocation(text)
	if err != nil {
		return Location{}, &ProtocolError{Path: path, Err: err}
	}
	return Location{URL: u}, nil
}

// ParseLocation reads a temporary URL. It must be absolute, http or https, with a host
// and without a user name; the error does not repeat the URL, which is a secret.
func ParseLocation(text string) (*url.URL, error) {
	if text == "" {
		return nil, errors.New("it holds no location (s3_file)")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("the location is no URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("the location is no http(s) URL but begins with %.20q", u.Scheme+":")
	case u.Hostname() == "":
		return nil, errors.New("the location has no host")
	case u.User != nil:
		return nil, errors.New("the location holds a user name")
	}
	return u, nil
}

// locationPath is the call that gives the location of one file. The trailing slash is
// part of it: without one the portal redirects, and a signature covers the URL.
func locationPath(mediaID string, s Selector) (string, url.Values, error) {
	media := "/api/v4/media/" + url.PathEscape(mediaID) + "/"
	switch s.Kind {
	case Original:
		return media + "download/", nil, nil
	case Additional:
		return media + "download/", url.Values{"type": {"additional"}}, nil
	case Version:
		return media + strconv.Itoa(s.Version) + "/download/", nil, nil
	case Item:
		var query url.Values
		if s.Hashed {
			query = url.Values{"hash": {"1"}}
		}
		return media + "download/" + url.PathEscape(s.ItemID) + "/", query, nil
	default:
		return "", nil, fmt.Errorf("the portal has no call for the location of %s", s)
	}
}
