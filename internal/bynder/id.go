package bynder

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxID is the longest id, in bytes, that is sent: the portal's own have 35 or 36.
const maxID = 128

// CheckID refuses an id that could not be one, or that would change the path of a
// request whatever its escaping: empty, ".", "..", with control characters, blank, with
// blanks or format characters around it (in a list it would be another id), not UTF-8, or longer than 128 bytes. Everything else is the portal's to judge: its ids are no
// RFC 4122 UUIDs.
func CheckID(id string) error {
	switch {
	case id == "":
		return errors.New("the id is empty")
	case id == "." || id == "..":
		return fmt.Errorf("%q is no id", id)
	case len(id) > maxID:
		return fmt.Errorf("the id is longer than %d bytes: %.20q…", maxID, id)
	case !utf8.ValidString(id):
		return fmt.Errorf("the id is not UTF-8: %q", id)
	case strings.ContainsFunc(id, unicode.IsControl):
		return fmt.Errorf("the id holds control characters: %q", id)
	case strings.TrimFunc(id, isBlank) == "":
		return fmt.Errorf("the id is blank: %q", id)
	case strings.TrimFunc(id, isBlank) != id: // a list of ids would lose them, and name another file
		return fmt.Errorf("the id begins or ends with blanks: %q", id)
	}
	return nil
}

// isBlank reports whether a character shows nothing where it stands: white space, and
// format characters such as a byte order mark.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }
