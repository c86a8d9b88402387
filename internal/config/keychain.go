package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/bynder-cli/bynder/internal/retry"
)

// Keychain is the system's store of secrets: Keychain on macOS, Credential Manager on
// Windows, the Secret Service (GNOME Keyring, KWallet) elsewhere. The error of an entry that
// does not exist is keyring.ErrNotFound. A method may block for ever: this package waits
// three seconds.
type Keychain interface {
	Get(service, user string) (string, error)
	Set(service, user, secret string) error
	Delete(service, user string) error
}

// keychainService is the service name of this program's entries in the keychain; the user of
// each is the name of a profile.
const keychainService = "bynder-cli"

// keychainPatience is the time limit for an operation of the keychain. A locked one asks the
// user, possibly in a window on another screen.
const keychainPatience = 3 * time.Second

// ErrNoKeychain means that this machine or session has none.
var ErrNoKeychain = errors.New("no keychain in this session")

// errKeychainSilent means that the keychain did not answer in time.
var errKeychainSilent = fmt.Errorf("the keychain did not answer within %d s", keychainPatience/time.Second)

// SystemKeychain returns the keychain of the user's session.
func SystemKeychain() Keychain { return systemKeychain{} }

type systemKeychain struct{}

func (systemKeychain) Get(service, user string) (string, error) {
	if !sessionHasKeychain() {
		return "", ErrNoKeychain
	}
	secret, err := keyring.Get(service, user)
	return secret, unsupported(err)
}

func (systemKeychain) Set(service, user, secret string) error {
	if !sessionHasKeychain() {
		return ErrNoKeychain
	}
	return unsupported(keyring.Set(service, user, secret))
}

func (systemKeychain) Delete(service, user string) error {
	if !sessionHasKeychain() {
		return ErrNoKeychain
	}
	return unsupported(keyring.Delete(service, user))
}

// unsupported returns err, with ErrNoKeychain wrapped around it if that is what it means.
func unsupported(err error) error {
	if errors.Is(err, keyring.ErrUnsupportedPlatform) ||
		err != nil && strings.Contains(err.Error(), "org.freedesktop.secrets was not provided") {
		return fmt.Errorf("%w: %w", ErrNoKeychain, err)
	}
	return err
}

// sessionHasKeychain reports whether the session can have a keychain. Without a session bus,
// the bus's library would start one that never ends.
func sessionHasKeychain() bool {
	switch runtime.GOOS {
	case "darwin", "windows":
		return true
	}
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return address != "autolaunch:"
	}
	for _, name := range []string{"bus", "dbus-session"} {
		if _, err := os.Stat(filepath.Join("/run/user", strconv.Itoa(os.Getuid()), name)); err == nil {
			return true
		}
	}
	return false
}

// ask runs an operation of the keychain, for keychainPatience at most.
func ask[T any](ctx context.Context, k Keychain, operation func() (T, error)) (T, error) {
	if k == nil {
		return *new(T), ErrNoKeychain
	}
	ctx, cancel := context.WithTimeoutCause(ctx, keychainPatience, errKeychainSilent)
	defer cancel()
	return retry.Await(ctx, operation)
}

// askKeychain returns the profile's entry in the keychain: its credentials and the domain that
// they are for. found is false if there is none.
func askKeychain(ctx context.Context, k Keychain, name string) (p profile, found bool, err error) {
	text, err := ask(ctx, k, func() (string, error) { return k.Get(keychainService, name) })
	if errors.Is(err, keyring.ErrNotFound) {
		return profile{}, false, nil
	}
	if err != nil {
		return profile{}, false, err
	}
	var values map[string]string
	if len(text) > maxFile || json.Unmarshal([]byte(text), &values) != nil || values == nil {
		// The parser's error would quote a part of the secret.
		return profile{}, false, &Error{
			Err:    fmt.Errorf("the keychain's entry for profile %q is not valid: `bynder auth login` did not write it", name),
			Advice: "remove it with `bynder auth logout`, then log in again",
		}
	}
	return profile{domain: values["domain"], values: values}, true, nil
}

// storeInKeychain replaces the profile's entry in the keychain.
func storeInKeychain(ctx context.Context, k Keychain, name string, values map[string]string) error {
	text, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("encoding the credentials: %w", err)
	}
	_, err = ask(ctx, k, func() (struct{}, error) { return struct{}{}, k.Set(keychainService, name, string(text)) })
	return err
}

// removeFromKeychain removes the profile's entry, and reports whether there was one.
func removeFromKeychain(ctx context.Context, k Keychain, name string) (bool, error) {
	_, err := ask(ctx, k, func() (struct{}, error) { return struct{}{}, k.Delete(keychainService, name) })
	if errors.Is(err, keyring.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
