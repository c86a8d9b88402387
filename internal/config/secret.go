package config

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is the text of a Secret wherever it is printed.
const redacted = "[redacted]"

// Secret is a value that must not be seen: every way of printing, logging or encoding it
// returns a placeholder. Only Reveal returns the value, so that each use can be found by
// that name.
//
// The value is behind a pointer, because fmt prints the unexported fields of a struct
// without calling their Format methods.
type Secret struct{ value *string }

// NewSecret returns a Secret of value.
func NewSecret(value string) Secret { return Secret{value: &value} }

// Reveal returns the value, for signing a request or storing it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String implements fmt.Stringer with a placeholder.
func (s Secret) String() string { return redacted }

// Format prints the placeholder under every verb, %x and %#v included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer with a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText makes JSON, TOML and the like write the placeholder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
