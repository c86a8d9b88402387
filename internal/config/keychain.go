package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/bynder-cli/bynder/internal/retry"
)

// Keychain is where the system keeps secrets: Keychain on macOS, Credential Manager
// on Windows, the Secret Service (GNOME Keyring, KWallet) elsewhere. An implementation
// answers keyring.ErrNotFound for what it does not hold. It may block for ever: this
// package waits for it for three seconds.
type Keychain interface {
	Get(service, user string) (string, error)
	Set(service, user, secret string) error
	Delete(service, user string) error
}

// keychainService names this program's secrets in the keychain; the user of each is the
// name of a profile.
const keychainService = "bynder-cli"

// keychainPatience is how long the keychain may think. A locked one asks the user, in a
// window that may be on nobody's screen.
const keychainPatience = 3 * time.Second

// ErrNoKeychain means that this machine or session has none.
var ErrNoKeychain = errors.New("there is no keychain in this session")

// errKeychainSilent means that the keychain did not answer in time.
var errKeychainSilent = fmt.Errorf("the keychain did not answer within %d s", keychainPatience/time.Second)

// SystemKeychain is the keychain of the user's session.
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

// unsupported recognises the errors that mean ErrNoKeychain.
func unsupported(err error) error {
	if errors.Is(err, keyring.ErrUnsupportedPlatform) ||
		err != nil && strings.Contains(err.Error(), "org.freedesktop.secrets was not provided") {
		return fmt.Errorf("%w: %w", ErrNoKeychain, err)
	}
	return err
}

// sessionHasKeychain reports whether it is worth asking. Without a session bus, the bus's
// library would start one that never ends.
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

// ask returns what the keychain answers to question within its patience.
func ask[T any](ctx context.Context, question func() (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, keychainPatience, errKeychainSilent)
	defer cancel()
	return retry.Await(ctx, question)
}

// keychainItem is what the keychain keeps for a profile: the credentials, and the
// portal that they are for.
type keychainItem map[string]string

// askKeychain returns the profile's item, nil when there is none.
func askKeychain(ctx context.Context, k Keychain, profile string) (keychainItem, error) {
	if k == nil {
		return nil, ErrNoKeychain
	}
	text, err := ask(ctx, func() (string, error) { return k.Get(keychainService, profile) })
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var item keychainItem
	if len(text) > maxFile || json.Unmarshal([]byte(text), &item) != nil || item == nil {
		// The parser's own text would repeat a part of the secret.
		return nil, &Error{
			Err:    fmt.Errorf("the keychain's entry for profile %q is not what `bynder auth login` writes", profile),
			Advice: "remove it with `bynder auth logout`, then log in again",
		}
	}
	return item, nil
}

// storeInKeychain replaces the profile's item.
func storeInKeychain(ctx context.Context, k Keychain, profile string, portal *url.URL, c Credentials) error {
	if k == nil {
		return ErrNoKeychain
	}
	item := keychainItem{"domain": portal.String()}
	for _, v := range c.Kind.Values() {
		item[v.Key] = v.Of(&c).Reveal()
	}
	text, err := json.Marshal(item)
	if err != nil {
		return fmt.Errorf("encoding the credentials: %w", err)
	}
	_, err = ask(ctx, func() (struct{}, error) {
		return struct{}{}, k.Set(keychainService, profile, string(text))
	})
	return err
}

// removeFromKeychain reports whether there was an item to remove.
func removeFromKeychain(ctx context.Context, k Keychain, profile string) (bool, error) {
	if k == nil {
		return false, ErrNoKeychain
	}
	_, err := ask(ctx, func() (struct{}, error) {
		return struct{}{}, k.Delete(keychainService, profile)
	})
	if errors.Is(err, keyring.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
