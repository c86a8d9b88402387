package bynder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/bynder-cli/bynder/internal/location"
)

// Location is a temporary address of a file.
type Location struct {
	// URL is temporary; its query is the permission to read.
	URL *url.URL
}

// Location fetches a new location of one file, with one call. Derivatives have no
// call of their own: their URLs are in the asset's metadata.
//
// Errors are *APIError for the portal's refusals and *ProtocolError for answers
// without a usable location.
func (c *Client) Location(ctx context.Context, mediaID string, s Selector) (Location, error) {
	path, query, err := locationPath(mediaID, s)
	if err != nil {
		return Location{}, err
	}
	var answer struct {
		S3File any `json:"s3_file"`
		URL    any `json:"url"` // some portals send it in place of s3_file
	}
	var raw json.RawMessage
	if err := c.get(ctx, path, query, &raw); err != nil {
		return Location{}, err
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return Location{}, &ProtocolError{Path: path, Err: errors.New("it is not a JSON object")}
	}
	text, _ := answer.S3File.(string)
	if text == "" {
		text, _ = answer.URL.(string)
	}
	if text == "" {
		return Location{}, &ProtocolError{Path: path, Err: errors.New("it has no location (s3_file)")}
	}
	found, err := c.Link(text)
	if err != nil {
		return Location{}, &ProtocolError{Path: path, Err: err}
	}
	return found, nil
}

// Link reads a URL as the portal writes it in its answers, for example that of a derivative.
// It makes no call.
func (c *Client) Link(text string) (Location, error) {
	u, err := location.Parse(text, c.origin.Scheme)
	if err != nil {
		return Location{}, err
	}
	return Location{URL: u}, nil
}

// mediaPath returns the path of one asset. An id that could change the path is refused,
// both from the user and from an earlier answer of the portal.
func mediaPath(mediaID string) (string, error) {
	if err := CheckID(mediaID); err != nil {
		return "", &ProtocolError{Err: err}
	}
	return "/api/v4/media/" + url.PathEscape(mediaID) + "/", nil
}

// locationPath returns the path and query of the call for the location of one file. The
// trailing slash is part of it: without it the portal redirects, and a signature covers the URL.
func locationPath(mediaID string, s Selector) (string, url.Values, error) {
	media, err := mediaPath(mediaID)
	if err != nil {
		return "", nil, err
	}
	switch s.Kind {
	case Original:
		return media + "download/", nil, nil
	case Additional:
		return media + "download/", url.Values{"type": {"additional"}}, nil
	case Version:
		return media + strconv.Itoa(s.Version) + "/download/", nil, nil
	case Item:
		if err := CheckID(s.ItemID); err != nil {
			return "", nil, &ProtocolError{Err: fmt.Errorf("item: %w", err)}
		}
		var query url.Values
		if s.Hashed {
			query = url.Values{"hash": {"1"}}
		}
		return media + "download/" + url.PathEscape(s.ItemID) + "/", query, nil
	default:
		return "", nil, fmt.Errorf("the portal has no call for the location of %s", s)
	}
}
