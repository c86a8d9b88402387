package config

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/bynder-cli/bynder/internal/filelock"
)

// Login is a portal and the credentials to store for it.
type Login struct {
	Portal      *url.URL
	Credentials Credentials
}

// values returns the keys and values to store: the credentials and the portal that they are for.
func (l Login) values() map[string]string {
	values := map[string]string{"domain": l.Portal.String()}
	for _, v := range l.Credentials.Kind.Values() {
		values[v.Key] = v.Of(&l.Credentials).Reveal()
	}
	return values
}

// ProfileName returns the profile to log in to or out of. Its name must be valid without
// quotes in TOML and in a shell.
func (s Sources) ProfileName() (string, error) {
	name, by := s.profile()
	if !validName(name) {
		return "", &Error{Err: fmt.Errorf("%s: %q is not a valid profile name", by, name), Advice: "use up to 64 letters, digits, - and _"}
	}
	return name, nil
}

// maxProfileName is the maximum length of a profile's name, in bytes.
const maxProfileName = 64

// validName reports whether a profile's name needs no quotes in TOML and in a shell.
func validName(name string) bool {
	strange := func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	return name != "" && len(name) <= maxProfileName && !strings.ContainsFunc(name, strange)
}

// errNoFolder means that there is no folder for a credentials file.
var errNoFolder = errors.New("no folder for the credentials file")

// Ready returns why a login cannot be stored in the credentials file or, if not inFile, in the
// keychain, as far as that is known beforehand. portal is nil if it is not known yet.
func (s Sources) Ready(ctx context.Context, inFile bool, portal *url.URL) error {
	name, err := s.ProfileName()
	if err != nil {
		return err
	}
	if _, err := s.readCredentials(ctx); err != nil {
		return err
	}
	if inFile {
		_, err := s.fileToWrite()
		return err
	}
	if err := s.checkConfig(ctx, name, portal); err != nil {
		return err
	}
	_, _, err = askKeychain(ctx, s.Keychain, name)
	if corrupt := (*Error)(nil); errors.As(err, &corrupt) {
		return nil // the keychain works, and the entry will be replaced
	}
	return err
}

// checkConfig returns an error if the profile in the config file takes precedence over, or
// contradicts, a login to portal that is stored in the keychain.
func (s Sources) checkConfig(ctx context.Context, name string, portal *url.URL) error {
	f, err := s.readConfig(ctx)
	if err != nil {
		return err
	}
	p := f.profiles[name]
	what := fmt.Sprintf("profile %q in %s", name, f.path)
	switch {
	case p.holdsCredentials():
		return &Error{
			Err:    fmt.Errorf("%s has credentials, which take precedence over those of the keychain", what),
			Advice: fmt.Sprintf("remove %s from that file, or choose another name with --profile", enumerate(p.credentialKeys())),
		}
	case portal != nil && !samePortal(p.domain, portal.String()):
		return &Error{
			Err:    fmt.Errorf("%s is for another portal than %s", what, portal.Host),
			Advice: "change its domain in that file, or choose another name with --profile",
		}
	}
	return nil
}

// fileToWrite returns the path of the credentials file, and an error if it cannot be written.
func (s Sources) fileToWrite() (string, error) {
	path := s.credentialsFile()
	switch {
	case path == "":
		return "", &Error{Err: fmt.Errorf("%w: HOME is not set", errNoFolder), Advice: "specify a config file with --config: credentials are stored beside it"}
	case s.namesCredentials():
		return "", &Error{
			Err:    fmt.Errorf("the config file in use is %s, the file in which bynder stores credentials", path),
			Advice: "rename the config file",
		}
	}
	return path, nil
}

// SaveInKeychain stores a login in the keychain, and removes the profile from the credentials
// file, which takes precedence.
func (s Sources) SaveInKeychain(ctx context.Context, login Login) error {
	name, err := s.ProfileName()
	if err != nil {
		return err
	}
	if err := s.checkConfig(ctx, name, login.Portal); err != nil {
		return err
	}
	if err := storeInKeychain(ctx, s.Keychain, name, login.values()); err != nil {
		return fmt.Errorf("storing the credentials in the keychain: %w", err)
	}
	if _, err = s.store(ctx, name, nil); err != nil && ctx.Err() == nil {
		return &Error{
			Err:    fmt.Errorf("the credentials are in the keychain, but those in %s take precedence and could not be removed: %w", s.credentialsFile(), err),
			Advice: fmt.Sprintf("remove [profiles.%s] from that file", name),
		}
	}
	return err
}

// SaveInFile stores a login, secrets included, in the credentials file and returns its path.
func (s Sources) SaveInFile(ctx context.Context, login Login) (path string, err error) {
	name, err := s.ProfileName()
	if err != nil {
		return "", err
	}
	path, err = s.fileToWrite()
	if err != nil {
		return "", err
	}
	_, err = s.store(ctx, name, login.values())
	return path, err
}

// Removed is what Remove has removed, and what remains.
type Removed struct {
	Keychain bool
	File     string // "" if the credentials file had no credentials of the profile

	// ByHand are the keys with credentials of the profile in the config file HandFile, which
	// is not edited.
	ByHand   []string
	HandFile string
}

// Remove removes the profile's credentials from the keychain and the credentials file. The
// error names what may remain; a session without a keychain is not an error.
func (s Sources) Remove(ctx context.Context) (Removed, error) {
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
	missing := s.checkNamed(ctx)
	existed, err := s.store(ctx, name, nil)
	if existed && err == nil {
		removed.File = s.credentialsFile()
	}
	f, failed := s.readConfig(ctx)
	if removed.ByHand = f.profiles[name].credentialKeys(); len(removed.ByHand) > 0 {
		removed.HandFile = f.path
	}
	return removed, errors.Join(append(failures, missing, err, failed)...)
}

// store sets the values of the profile in the credentials file or, if values is nil, removes
// the profile. existed reports whether the file had it. A file that does not change is not
// written.
func (s Sources) store(ctx context.Context, name string, values map[string]string) (existed bool, err error) {
	path := s.credentialsFile()
	if path == "" || s.namesCredentials() || values == nil && unreachable(path) {
		return false, nil
	}
	fail := func(err error) (bool, error) { return existed, fmt.Errorf("writing the credentials file: %w", err) }
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // so that a symlink is not replaced
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fail(err)
	}
	unlock, err := lockFolder(ctx, filepath.Dir(path))
	if err != nil {
		return fail(err)
	}
	defer unlock()
	f, err := s.readCredentials(ctx)
	if err != nil {
		return false, err
	}
	_, existed = f.profiles[name]
	if values == nil && !existed {
		return false, nil
	}
	text, err := encode(f, name, values)
	if err == nil {
		err = replace(path, text)
	}
	if err != nil {
		return fail(err)
	}
	return existed, nil
}

// temporaryPrefix begins the name of a temporary file that will be renamed to the credentials file. 26 letters
// and digits follow.
const temporaryPrefix = ".credentials-"

var temporaryName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^` + regexp.QuoteMeta(temporaryPrefix) + `[A-Z2-7]{26}$`)
})

// written is the first line of each credentials file.
const written = "# Written by bynder auth login and logout. Edit config.toml instead.\n"

// removeTemporary removes the temporary files of killed logins in a folder, which is locked: files with such a name
// whose text is a prefix of a credentials file's first line, or begins with it. A failure leaves them to the next login.
func removeTemporary(folder string) {
	all, _ := os.ReadDir(folder)
	for _, entry := range all {
		if !entry.Type().IsRegular() || !temporaryName().MatchString(entry.Name()) {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		text, err := os.ReadFile(path)
		if n := min(len(text), len(written)); err == nil && string(text[:n]) == written[:n] {
			_ = os.Remove(path)
		}
	}
}

// encode returns the text of the credentials file f with a profile changed.
func encode(f file, name string, values map[string]string) (string, error) {
	profiles := map[string]map[string]string{}
	for other, p := range f.profiles {
		profiles[other] = maps.Clone(p.values)
		profiles[other]["domain"] = p.domain
	}
	if profiles[name] = values; values == nil {
		delete(profiles, name)
	}
	text, err := toml.Marshal(map[string]map[string]map[string]string{"profiles": profiles})
	if len(text) > maxFile {
		err = fmt.Errorf("it would be larger than %d KiB", maxFile>>10)
	}
	return written + string(text), err
}

// lockPatience is how long a login waits for another one that writes the file.
const lockPatience = 30 * time.Second

// lockFolder locks a folder against other logins until unlock is called, so that none
// overwrites what another one stores. On a file system without locks nothing is locked; the
// file is still replaced in one step.
func lockFolder(ctx context.Context, path string) (unlock func(), err error) {
	folder, err := filelock.OpenFolder(path)
	if err != nil {
		return nil, err
	}
	patient, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	err = filelock.Lock(patient, folder)
	if err != nil && patient.Err() != nil {
		folder.Close()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, errors.New("another process holds the lock")
	}
	return func() { folder.Close() }, nil
}

// replace replaces path in one step by a file that only its owner may read. It removes the
// temporary files of killed processes, which hold secrets that no logout finds.
func replace(path, text string) (err error) {
	removeTemporary(filepath.Dir(path))
	temporary := filepath.Join(filepath.Dir(path), temporaryPrefix+rand.Text())
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary)
		}
	}()
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
