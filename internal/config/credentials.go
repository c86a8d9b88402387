package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bynder-cli/bynder/internal/spelling"
)

// Kind is a way of proving to a portal who asks.
type Kind string

// The kinds of credentials.
const (
	OAuth1         Kind = "OAuth 1.0a"
	PermanentToken Kind = "permanent token"
	ClientGrant    Kind = "OAuth 2 client credentials"
)

// Credentials are the values of exactly one kind.
type Credentials struct {
	Kind Kind

	// For OAuth1. Keys and tokens are as secret as the secrets: storage and logs
	// are to see neither.
	ConsumerKey, ConsumerSecret, Token, TokenSecret Secret

	// For PermanentToken.
	PermanentToken Secret

	// For ClientGrant. Scopes are what a token is asked for with.
	ClientID, ClientSecret Secret
	Scopes                 []string
}

// DefaultScopes are what a ClientGrant asks for if nothing else is set: enough to
// find assets and get their files.
var DefaultScopes = []string{"asset:read", "collection:read", "meta.assetbank:read"}

// Error is a configuration that cannot be used.
type Error struct {
	Err    error
	Advice string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint says what the user can do about it.
func (e *Error) Hint() string { return e.Advice }

// ErrNoCredentials means that nothing at all was configured. It is wrapped in an
// *Error and means "not authorised" rather than "wrong".
var ErrNoCredentials = errors.New("no credentials")

// Value is one of the values that credentials are made of.
type Value struct {
	Key      string // its name in the config file and the keychain
	Variable string // its name in the environment
	field    func(*Credentials) *Secret
}

// Set gives the value to c.
func (v Value) Set(c *Credentials, s Secret) { *v.field(c) = s }

// Of takes the value from c.
func (v Value) Of(c *Credentials) Secret { return *v.field(c) }

// valueSets lists which values make up which kind of credentials.
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
	{ClientGrant, []Value{
		{"client_id", "BYNDER_CLIENT_ID", func(c *Credentials) *Secret { return &c.ClientID }},
		{"client_secret", "BYNDER_CLIENT_SECRET", func(c *Credentials) *Secret { return &c.ClientSecret }},
	}},
}

// Kinds lists the kinds of credentials.
func Kinds() []Kind {
	var kinds []Kind
	for _, set := range valueSets {
		kinds = append(kinds, set.kind)
	}
	return kinds
}

// Values lists what credentials of this kind are made of.
func (k Kind) Values() []Value {
	for _, set := range valueSets {
		if set.kind == k {
			return set.values
		}
	}
	return nil
}

// readCredentials reads the values of one kind from a place, which is named as the subject of a sentence:
// spell is what a value is called there, get its text. Half a set, or two kinds at once, is an
// *Error that names what is there or missing, with advice how to add that; nothing at all is the zero value.
func readCredentials(place, advice string, spell func(Value) string, get func(string) string) (Credentials, error) {
	var c Credentials
	var kinds, missing []string
	for _, set := range valueSets {
		var absent []string
		for _, v := range set.values {
			value, err := ReadSecret(get(spell(v)))
			if err != nil {
				return Credentials{}, &Error{
					Err:    fmt.Errorf("%s: %s %w", place, spell(v), err),
					Advice: "copy the value again, as plain text",
				}
			}
			if value.IsZero() {
				absent = append(absent, spell(v))
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
			Err:    fmt.Errorf("%s holds %s kinds of credentials: %s", place, []string{"two", "three"}[len(kinds)-2], enumerate(kinds)),
			Advice: "keep one kind of credentials and remove the others",
		}
	case len(missing) > 0:
		verb := " is"
		if len(missing) > 1 {
			verb = " are"
		}
		return Credentials{}, &Error{
			Err:    fmt.Errorf("%s: %s: %s not set", place, c.Kind, enumerate(missing)+verb),
			Advice: advice + "; one kind of credentials needs all of its values",
		}
	}
	return c, nil
}

// maxValue is the most bytes that a value of credentials may have: more than a server takes
// in a header.
const maxValue = 64 << 10

// ReadSecret reads a value of credentials as people paste it, with characters around it that show nothing:
// a line end, a byte order mark. A space of ASCII belongs to the value. It refuses such a character inside, which no header can carry or no portal gave
// out. The error continues a sentence that names the value, and does not show it.
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

// enumerate joins names as a sentence does.
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
