package cli

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/config"
)

const (
	// namesFresh is how long stored names are used without asking the portal.
	namesFresh = time.Hour
	// namesRetry is how long they are used after the portal could not be asked.
	namesRetry = time.Minute
	// maxNames is the most names of one list that are stored.
	maxNames = 10_000
	// maxNameLength is the most bytes of a name that completions offer.
	maxNameLength = 200
	// maxNamesFile is the most bytes of a file of names that are read: those of maxNames, a metaproperty and an option each.
	maxNamesFile = maxNames * 2 * (maxNameLength + 8)
)

// nameStore stores names of a portal's lists in the user's cache folder, for completions. Each file has the names of one
// list, for one choice of profile, portal and config file. A store without a folder stores nothing.
type nameStore struct{ dir, choice string }

// storedNames is the content of a file.
type storedNames struct {
	Until  time.Time `json:"until"`  // the portal is not asked before
	Portal string    `json:"portal"` // an origin
	Names  []string  `json:"names"`
}

// nameStore returns the store for the profile, portal and config file that flags and environment choose. It does not need
// the credentials, so that names can be found without the keychain.
func (o *configFlags) nameStore(getenv func(string) string) nameStore {
	choice := strings.Join([]string{
		cmp.Or(o.Profile, getenv("BYNDER_PROFILE"), config.DefaultProfile),
		cmp.Or(o.Domain, getenv("BYNDER_DOMAIN")),
		cmp.Or(o.ConfigFile, getenv("BYNDER_CONFIG")),
	}, "\x00")
	dir, err := os.UserCacheDir()
	if err != nil || !filepath.IsAbs(dir) {
		return nameStore{}
	}
	return nameStore{dir: filepath.Join(dir, "bynder", "names"), choice: fmt.Sprintf("%x", sha256.Sum256([]byte(choice)))[:24]}
}

func (s nameStore) file(list string) string { return filepath.Join(s.dir, list+"-"+s.choice+".json") }

// read returns the stored names of a list, none if they cannot be read.
func (s nameStore) read(list string) storedNames {
	if s.dir == "" {
		return storedNames{}
	}
	f, err := os.Open(s.file(list))
	if err != nil {
		return storedNames{}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxNamesFile))
	var stored storedNames
	if err != nil || json.Unmarshal(text, &stored) != nil {
		return storedNames{}
	}
	return stored
}

// write replaces the stored names of a list. A failure leaves the existing ones, without a message: completions are silent.
func (s nameStore) write(list, portal string, names []string, fresh time.Duration) {
	if s.dir == "" || os.MkdirAll(s.dir, 0o700) != nil {
		return
	}
	text, err := json.Marshal(storedNames{time.Now().Add(fresh), portal, names})
	if err != nil {
		return
	}
	f, err := os.CreateTemp(s.dir, list+"-*.tmp") // readable by its owner alone
	if err != nil {
		return
	}
	_, err = f.Write(text)
	if err = cmp.Or(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), s.file(list))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
}

// storeNames stores the names of a whole list that a command has read.
func (p *portal) storeNames(list string, names []string) {
	p.names.write(list, p.origin.String(), distinctNames(names), namesFresh)
}

// distinctNames returns the names that completions can offer, each once and at most maxNames.
func distinctNames(names []string) []string {
	seen := map[string]bool{}
	distinct := []string{}
	for _, name := range names {
		if len(distinct) < maxNames && completable(name) && !seen[name] {
			seen[name] = true
			distinct = append(distinct, name)
		}
	}
	return distinct
}

// completable reports whether a name, or a metaproperty with = and an option, can be offered to a shell. Shells insert
// text that others have written into a command line, and evaluate that line to complete the next word: so names have no
// ASCII character that expands in one, even if a shell forgets to quote it, except blanks, quotes, & and parentheses,
// which are frequent in names, and which completionScript has quoted. Nor do they have : and @, at which bash splits
// words. Other characters that can be seen expand in no shell; PowerShell reads typographic quotes as quotes, and
// completionScript has them quoted.
func completable(name string) bool {
	property, option, isOption := strings.Cut(name, "=")
	if isOption && option != "" && !isPlainName(option) {
		return false
	}
	return isPlainName(property)
}

func isPlainName(name string) bool {
	first, _ := utf8.DecodeRuneInString(name)
	return name != "" && len(name) <= maxNameLength && utf8.ValidString(name) && strings.TrimSpace(name) == name &&
		!strings.ContainsFunc(name, func(r rune) bool { return !isPlain(r) }) &&
		!unicode.Is(unicode.Pd, first) && // a flag, in PowerShell also with a longer dash
		!strings.HasPrefix(name, "_activeHelp_") // a message, in the protocol of completions
}

// isPlain reports whether r can be a part of a name that is offered to a shell.
func isPlain(r rune) bool {
	if r < utf8.RuneSelf {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" -_.,/()&+'%", r)
	}
	const brailleBlank = '\u2800'
	return unicode.IsPrint(r) && r != brailleBlank && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}
