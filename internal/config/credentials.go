package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bynder-cli/bynder/internal/spelling"
)

// Kind is a way to authenticate to a portal.
type Kind string

// The kinds of credentials.
const (
	OAuth1            Kind = "OAuth 1.0a"                 // RFC 5849
	PermanentToken    Kind = "permanent token"            // RFC 6750
	ClientCredentials Kind = "OAuth 2 client credentials" // RFC 6749, section 4.4
)

// Credentials are the values of exactly one kind.
type Credentials struct {
	Kind Kind

	// For OAuth1. Keys and tokens are treated as secrets too: neither storage nor logs
	// may see them.
	ConsumerKey, ConsumerSecret, Token, TokenSecret Secret

	// For PermanentToken.
	PermanentToken Secret

	// For ClientCredentials. Scopes are those of the requested token.
	ClientID, ClientSecret Secret
	Scopes                 []string
}

// DefaultScopes are the scopes for ClientCredentials if none are set: those needed to find
// assets and download their files.
var DefaultScopes = []string{"asset:read", "collection:read", "meta.assetbank:read"}

// Error is a configuration that cannot be used.
type Error struct {
	Err    error
	Advice string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint returns what the user can do about it.
func (e *Error) Hint() string { return e.Advice }

// ErrNoCredentials means that nothing was configured. It is wrapped in an *Error, and has
// the exit status of a portal that refuses credentials.
var ErrNoCredentials = errors.New("no credentials")

// Value is one of the values of a kind of credentials.
type Value struct {
	Key      string // its name in the config file and the keychain
	Variable string // its name in the environment
	field    func(*Credentials) *Secret
}

// Set sets the value in c.
func (v Value) Set(c *Credentials, s Secret) { *v.field(c) = s }

// Of returns the value in c.
func (v Value) Of(c *Credentials) Secret { return *v.field(c) }

// valueSets lists the values of each kind of credentials.
var valueSets = []struct {
	kind   Kind
	values []Value
}{
	{OAuth1, []Value{
		{"consumer_key", "BYNDER_CONSUMER_KEY", func(c *Credentials) *Secret { return &c.ConsumerKey }},
		{"consumer_secret", "BYNDER_CONSUMER_SECRET", func(c *Credentials) *Secret { return &c.ConsumerSecret }},
		{"token", "BYNDER_TOKEN", func(c *Credentials) *Secret { return &c.Token }},
		{"token_secret", "BYNDER_TOKEN_SECRET", func(c *Credentials) *Secret { return &c.TokenSecret }},
	}},
	{PermanentToken, []Value{
		{"permanent_token", "BYNDER_PERMANENT_TOKEN", func(c *Credentials) *Secret { return &c.PermanentToken }},
	}},
	{ClientCredentials, []Value{
		{"client_id", "BYNDER_CLIENT_ID", func(c *Credentials) *Secret { return &c.ClientID }},
		{"client_secret", "BYNDER_CLIENT_SECRET", func(c *Credentials) *Secret { return &c.ClientSecret }},
	}},
}

// Kinds returns the kinds of credentials.
func Kinds() []Kind {
	var kinds []Kind
	for _, set := range valueSets {
		kinds = append(kinds, set.kind)
	}
	return kinds
}

// Values returns the values of this kind of credentials.
func (k Kind) Values() []Value {
	for _, set := range valueSets {
		if set.kind == k {
			return set.values
		}
	}
	return nil
}

// readCredentials reads the values of one kind from a source, named for messages. nameOf returns the name
// of a value in the source, get the text of that name. An incomplete kind, or two kinds, is an *Error that
// names them, with advice how to add what is missing. No values at all are the zero Credentials.
func readCredentials(source, advice string, nameOf func(Value) string, get func(string) string) (Credentials, error) {
	var c Credentials
	var kinds, missing []string
	for _, set := range valueSets {
		var absent []string
		for _, v := range set.values {
			value, err := ReadSecret(get(nameOf(v)))
			if err != nil {
				return Credentials{}, &Error{
					Err:    fmt.Errorf("%s: %s %w", source, nameOf(v), err),
					Advice: "copy the value again, as plain text",
				}
			}
			if value.IsZero() {
				absent = append(absent, nameOf(v))
				continue
			}
			v.Set(&c, value)
		}
		if len(absent) == len(set.values) {
			continue
		}
		c.Kind = set.kind
		kinds = append(kinds, string(set.kind))
		missing = append(missing, absent...)
	}
	switch {
	case len(kinds) > 1:
		return Credentials{}, &Error{
			Err:    fmt.Errorf("%s has %s kinds of credentials: %s", source, []string{"two", "three"}[len(kinds)-2], enumerate(kinds)),
			Advice: keepOneKind,
		}
	case len(missing) > 0:
		verb := " is"
		if len(missing) > 1 {
			verb = " are"
		}
		return Credentials{}, &Error{
			Err:    fmt.Errorf("%s: %s: %s not set", source, c.Kind, enumerate(missing)+verb),
			Advice: advice + "; each kind of credentials needs all of its values",
		}
	}
	return c, nil
}

// keepOneKind is the advice for a source with several kinds of credentials.
const keepOneKind = "keep one kind of credentials, and remove the values of any other"

// maxValue is the maximum size of a value of credentials, in bytes: more than a server accepts
// in a header.
const maxValue = 64 << 10

// ReadSecret reads a value of credentials as people paste it. It removes invisible characters around it, such
// as a line end or a byte order mark, but no ASCII space, and refuses those inside it, which no header can
// contain or no portal issued. The error continues a sentence that names the value, and does not show it.
func ReadSecret(text string) (Secret, error) {
	if len(text) > maxValue {
		return Secret{}, fmt.Errorf("is longer than %d KiB", maxValue>>10)
	}
	text = strings.TrimFunc(text, func(r rune) bool { return r != ' ' && spelling.Blank(r) })
	if unseen := spelling.Unseen(text); unseen != "" {
		return Secret{}, fmt.Errorf("contains %s, which cannot be seen", unseen)
	}
	return NewSecret(text), nil
}

// enumerate joins names with commas and "and".
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
