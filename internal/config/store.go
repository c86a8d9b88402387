package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/retry"
)

// Login is what a profile is to hold from now on.
type Login struct {
	Portal      *url.URL
	Credentials Credentials
}

// ProfileName is the profile that is logged in to or out of. A name has to be one that
// needs no quotes anywhere.
func (s Sources) ProfileName() (string, error) {
	name, by := s.profile()
	if !profileName.MatchString(name) {
		return "", &Error{Err: fmt.Errorf("%s: %q is no name for a profile", by, name), Advice: "use up to 64 letters, digits, - and _"}
	}
	return name, nil
}

var profileName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Ready tells why a login could not be stored in the file, or else in the keychain, as far
// as that can be known beforehand.
func (s Sources) Ready(ctx context.Context, inFile bool) error {
	name, err := s.ProfileName()
	if err != nil {
		return err
	}
	f, err := s.fileToWrite(ctx)
	if err != nil && (inFile || !errors.Is(err, errNoFolder)) {
		return err
	}
	if _, err := f.edit(name, withoutValues()); err != nil {
		return err
	}
	if inFile {
		return nil
	}
	_, err = askKeychain(ctx, s.Keychain, name)
	if corrupt := (*Error)(nil); errors.As(err, &corrupt) {
		return nil // it answers, and the entry is about to be replaced
	}
	return err
}

// SaveInKeychain stores a login in the keychain. The file is touched only where it has
// the profile: its values come first, so they are taken out.
func (s Sources) SaveInKeychain(ctx context.Context, login Login) error {
	defer s.alone(ctx)()
	name, err := s.ProfileName()
	if err != nil {
		return err
	}
	f, err := s.fileToWrite(ctx)
	if err != nil && !errors.Is(err, errNoFolder) {
		return err
	}
	changes := withoutValues()
	changes["domain"] = login.Portal.String()
	text, err := f.edit(name, changes)
	if err != nil {
		return err
	}
	if err := storeInKeychain(ctx, s.Keychain, name, login.Portal, login.Credentials); err != nil {
		return fmt.Errorf("storing the credentials in the keychain: %w", err)
	}
	if _, found := f.profiles[name]; !found {
		return nil
	}
	return f.write(text)
}

// SaveInFile stores a login, secrets included, in the config file and returns its path.
func (s Sources) SaveInFile(ctx context.Context, login Login) (path string, err error) {
	if path, _ := s.file(); path != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", fmt.Errorf("writing the config file: %w", err)
		}
	}
	defer s.alone(ctx)()
	name, err := s.ProfileName()
	if err != nil {
		return "", err
	}
	f, err := s.fileToWrite(ctx)
	if err != nil {
		return "", err
	}
	changes := withoutValues()
	changes["domain"] = login.Portal.String()
	for _, v := range login.Credentials.Kind.Values() {
		changes[v.Key] = v.Of(&login.Credentials).Reveal()
	}
	text, err := f.edit(name, changes)
	if err != nil {
		return "", err
	}
	return f.path, f.write(text)
}

// Removed is what Remove has taken away.
type Removed struct {
	Keychain bool
	File     string // "" when it held no credentials of the profile
}

// Remove takes the profile's credentials out of the keychain and of the config file,
// whose other settings stay. The error tells what may be left; a session without a
// keychain is none.
func (s Sources) Remove(ctx context.Context) (Removed, error) {
	defer s.alone(ctx)()
	name, err := s.ProfileName()
	if err != nil {
		return Removed{}, err
	}
	var removed Removed
	var failures []error
	removed.Keychain, err = removeFromKeychain(ctx, s.Keychain, name)
	if err != nil && !errors.Is(err, ErrNoKeychain) {
		failures = append(failures, fmt.Errorf("removing the credentials from the keychain: %w", err))
	}
	f, err := s.readFile(ctx)
	if err != nil {
		failures = append(failures, err)
	}
	if p := f.profiles[name]; len(p.values) > 0 || len(p.command) > 0 {
		text, err := f.edit(name, withoutValues())
		if err == nil {
			err = f.write(text)
		}
		if err == nil {
			removed.File = f.path
		}
		failures = append(failures, err)
	}
	return removed, errors.Join(failures...)
}

// alonePatience is how long one login waits for another to be done with the file.
const alonePatience = 3 * time.Second

// alone keeps other logins from the config file until the returned function is called, so
// that none undoes what another has stored. The lock is on the folder, which leaves no
// file behind. Where it cannot be had the file is changed all the same: what is there is
// whole at any time.
func (s Sources) alone(ctx context.Context) (done func()) {
	path, _ := s.file()
	folder, err := os.Open(filepath.Dir(path))
	if path == "" || err != nil {
		return func() {}
	}
	patient, cancel := context.WithTimeout(ctx, alonePatience)
	defer cancel()
	for errors.Is(filelock.Try(folder), filelock.ErrHeld) && retry.Sleep(patient, 10*time.Millisecond) == nil {
		continue
	}
	return func() { folder.Close() }
}

// withoutValues are the changes that take every credential out of a profile.
func withoutValues() map[string]string {
	changes := map[string]string{"token_command": ""}
	for _, set := range valueSets {
		for _, v := range set.values {
			changes[v.Key] = ""
		}
	}
	return changes
}

// errNoFolder tells that there is no place for a config file.
var errNoFolder = errors.New("there is no folder for the config file")

// fileToWrite is the config file as it is, or an empty one where there is none yet.
func (s Sources) fileToWrite(ctx context.Context) (file, error) {
	path, named := s.file()
	empty := file{path: path, document: &document{}}
	if path == "" {
		return empty, &Error{Err: fmt.Errorf("%w: HOME is not set", errNoFolder), Advice: "name a file with --config"}
	}
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return empty, nil
	case err != nil && !named:
		return empty, &Error{Err: fmt.Errorf("%w: %w", errNoFolder, err), Advice: "name a file with --config"}
	}
	return s.readFile(ctx)
}

// edit is the file's text with a profile changed, see document.withProfile.
func (f *file) edit(profile string, changes map[string]string) (string, error) {
	text, err := f.document.withProfile(profile, changes)
	if err != nil {
		return "", &Error{
			Err:    fmt.Errorf("config file %s: profile %q: %w", f.path, profile, err),
			Advice: "edit the file by hand",
		}
	}
	return text, nil
}

func (f *file) write(text string) error {
	if err := writeSecret(f.path, text); err != nil {
		return fmt.Errorf("writing the config file: %w", err)
	}
	return nil
}

// writeSecret replaces path at once with a file that only its owner may read. Folders that
// are missing are made for the owner alone; a symlink stays one.
func writeSecret(path, text string) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(folder, ".config-*.toml") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	_, err = temporary.WriteString(text)
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
