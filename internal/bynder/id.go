package bynder

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/spelling"
)

// maxID is the longest id that is sent, in bytes: the portal's own have 35 or 36.
const maxID = 128

// CheckID refuses what cannot be an id: anything but 1 to 128 ASCII letters, digits, hyphens
// and underscores. An id is not parsed further, because portals have several kinds and not only
// RFC 9562 UUIDs. The error names the first wrong character, and its code point if it is
// invisible.
func CheckID(id string) error {
	switch {
	case id == "":
		return errors.New("the id is empty")
	case len(id) > maxID:
		return fmt.Errorf("the id is longer than %d bytes: %.20q…", maxID, id)
	case !utf8.ValidString(id):
		return fmt.Errorf("the id is not UTF-8: %q", id)
	}
	for _, r := range id {
		if !isIDLetter(r) {
			return fmt.Errorf("invalid id %q: it contains %s, and ids consist of letters A to Z, digits, - and _", id, spelling.Name(r))
		}
	}
	return nil
}

func isIDLetter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// ReadID reads an id as people paste it, with invisible characters around it, and
// refuses what cannot be an id (CheckID).
func ReadID(text string) (string, error) {
	id := spelling.Trim(text)
	return id, CheckID(id)
}

// ReadMediaID reads the id of an asset as ReadID does, or takes it from a link to the asset's
// page: one that contains mediaId= in its query or fragment, also percent-encoded. The link
// must be of portal, a host with its port if that is not the scheme's own; "" accepts any.
func ReadMediaID(text, portal string) (string, error) {
	text = spelling.Trim(text)
	if !isLink(text) {
		return text, CheckID(text)
	}
	address, parameters := text, ""
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		address, parameters = text[:i], text[i:]
	}
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("invalid link to an asset %.80q", text)
	}
	if host := linkHost(u); portal != "" && host != strings.ToLower(portal) {
		return "", fmt.Errorf("the link is to %q, and the portal of this run is %q", host, portal)
	}
	id, err := linkedID(parameters)
	if err == nil && id == "" {
		err = errors.New("the link contains no mediaId=")
	}
	if err != nil {
		return "", fmt.Errorf("%w: %.200q", err, text)
	}
	return id, CheckID(id)
}

// PageURL returns the address of an asset's page in a portal's web interface, which ReadMediaID reads.
func PageURL(portal *url.URL, mediaID string) string {
	return portal.Scheme + "://" + portal.Host + "/media/?mediaId=" + url.QueryEscape(mediaID)
}

// ReadMediaID reads the id of an asset, or takes it from a link of this client's portal.
func (c *Client) ReadMediaID(text string) (string, error) { return ReadMediaID(text, c.origin.Host) }

// PageURL returns the address of an asset's page in this client's portal.
func (c *Client) PageURL(mediaID string) string { return PageURL(c.origin, mediaID) }

// isLink reports whether text is read as a link. No id has these characters.
func isLink(text string) bool {
	return strings.Contains(text, "://") || strings.ContainsAny(text, "?#/") && strings.Contains(strings.ToLower(text), "mediaid=")
}

// linkHost returns the host of a URL, spelled as that of a portal is.
func linkHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
	return strings.TrimSuffix(host, ".")
}

// linkedID returns the value of mediaId in the query and the fragment of a link, "" if there is
// none. A login page has the whole link percent-encoded in its query, so the search is repeated
// once after decoding.
func linkedID(parameters string) (id string, err error) {
	for range 3 {
		for _, parameter := range strings.FieldsFunc(parameters, func(r rune) bool { return strings.ContainsRune("?#&;/", r) }) {
			key, value, _ := strings.Cut(parameter, "=")
			if !strings.EqualFold(key, "mediaId") {
				continue
			}
			if value = spelling.Trim(unescaped(value)); id != "" && id != value {
				return "", errors.New("the link names several assets")
			}
			id = value
		}
		if id != "" {
			break
		}
		parameters = unescaped(parameters)
	}
	return id, nil
}

// unescaped returns text without its percent-encoding, or text itself if that is malformed.
func unescaped(text string) string {
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	return text
}

// LooksLikeID reports whether text has the shape of a portal's own id, which is 8-4-4-16
// hexadecimal digits (ColdFusion) or 8-4-4-4-12 (RFC 9562, section 4). Other ids exist: this
// distinguishes ids from words if both are possible.
func LooksLikeID(text string) bool {
	const short, long = len("00000000-0000-0000-0000000000000000"), len("00000000-0000-0000-0000-000000000000")
	if len(text) != short && len(text) != long {
		return false
	}
	for i := range len(text) {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23 && len(text) == long
		if hyphen != (text[i] == '-') || !hyphen && !strings.ContainsRune("0123456789abcdefABCDEF", rune(text[i])) {
			return false
		}
	}
	return true
}
