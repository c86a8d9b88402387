package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

const (
	// maxFile is more than any config file has, in bytes, and maxRoots more than any file of the
	// certificates that the world trusts.
	maxFile  = 256 << 10
	maxRoots = 8 << 20
)

// pipePatience is how long a file that is a pipe may take to be written.
const pipePatience = 30 * time.Second

var errPipeSilent = fmt.Errorf("nothing came within %d s", pipePatience/time.Second)

// defaultFile is bynder/config.toml in the user's config folder, "" where there is no
// such folder: in containers and services HOME is often not set.
func defaultFile(getenv func(string) string) string {
	var folder string
	switch runtime.GOOS {
	case "windows":
		folder = getenv("AppData")
	case "darwin":
		if home := getenv("HOME"); home != "" {
			folder = filepath.Join(home, "Library", "Application Support")
		}
	default: // XDG Base Directory Specification, which has relative paths ignored
		folder = getenv("XDG_CONFIG_HOME")
		if home := getenv("HOME"); !filepath.IsAbs(folder) && home != "" {
			folder = filepath.Join(home, ".config")
		}
	}
	if !filepath.IsAbs(folder) {
		return ""
	}
	return filepath.Join(folder, "bynder", "config.toml")
}

// file is a config file that was read. The zero value is no file.
type file struct {
	path     string
	document *document
	profiles map[string]profile
	warnings []string
}

// profile is one [profiles.NAME] of a config file.
type profile struct {
	domain  string
	values  map[string]string // the values of credentials, by key
	scopes  []string
	command []string // token_command
}

// readFile reads and checks the config file: the one that s names, which has to be
// readable, or the default one, where it exists.
func (s Sources) readFile(ctx context.Context) (file, error) {
	path, named := s.file()
	if path == "" {
		return file{}, nil
	}
	fail := func(err error) (file, error) {
		return file{path: path}, &Error{Err: fmt.Errorf("config file %s: %w", path, err), Advice: "correct the file, or name another one with --config"}
	}
	text, mode, err := readWhole(ctx, path, maxFile)
	switch {
	case ctx.Err() != nil:
		return file{}, context.Cause(ctx)
	case err != nil && !named && unreachable(path):
		return file{path: path}, nil
	case err != nil:
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			err = e.Err // the path is named already
		}
		return fail(err)
	}
	f, err := parseFile(text)
	if err != nil {
		return fail(err)
	}
	f.path = path
	f.warnings = f.exposed(mode)
	return f, nil
}

// file is the path of the config file, "" when there can be none, and whether the user
// named it.
func (s Sources) file() (path string, named bool) {
	for _, path := range []string{s.Flags.ConfigFile, s.Getenv("BYNDER_CONFIG")} {
		if path != "" {
			return path, true
		}
	}
	return defaultFile(s.Getenv), false
}

// unreachable tells whether nothing is known to be at path: it does not exist, or its
// folder is not ours to look into.
func unreachable(path string) bool {
	_, err := os.Lstat(path)
	return err != nil
}

// readWhole reads a file of at most so many bytes, or what a pipe such as /dev/fd/3 gives before ctx ends.
func readWhole(ctx context.Context, path string, most int64) (text string, mode fs.FileMode, err error) {
	type content struct {
		text string
		mode fs.FileMode
	}
	read := func() (content, error) {
		f, err := os.Open(path)
		if err != nil {
			return content{}, err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return content{}, err
		}
		text, err := io.ReadAll(io.LimitReader(f, most+1))
		if err == nil && int64(len(text)) > most {
			err = fmt.Errorf("it is larger than %d KiB", most>>10)
		}
		return content{string(text), info.Mode()}, err
	}
	var c content
	if info, statErr := os.Stat(path); statErr == nil && info.Mode().IsRegular() {
		c, err = read()
	} else {
		c, err = within(ctx, pipePatience, errPipeSilent, read)
	}
	return c.text, c.mode, err
}

// exposed says what is wrong with who may read or write the file.
func (f *file) exposed(mode fs.FileMode) []string {
	if runtime.GOOS == "windows" || !mode.IsRegular() {
		return nil // permissions there are not in the mode
	}
	var holdsSecret bool
	for _, p := range f.profiles {
		holdsSecret = holdsSecret || len(p.values) > 0
	}
	switch {
	case mode.Perm()&0o022 != 0:
		return []string{fmt.Sprintf("others can change %s, and so choose where credentials go: chmod 600 it", f.path)}
	case holdsSecret && mode.Perm()&0o044 != 0:
		return []string{fmt.Sprintf("others can read the credentials in %s: chmod 600 it", f.path)}
	}
	return nil
}

// parseFile reads profiles. Errors name the line and the key, never a value.
func parseFile(text string) (file, error) {
	d, err := parseDocument(text)
	if syntax := (*syntaxError)(nil); errors.As(err, &syntax) {
		return file{}, fmt.Errorf("%s%w", at(syntax.line), syntax)
	}
	f := file{document: d, profiles: map[string]profile{}}
	for _, key := range slices.Sorted(maps.Keys(d.tree)) {
		if key == "profiles" {
			continue
		}
		if slices.Contains(profileKeys(), key) {
			return file{}, fmt.Errorf("%s%s stands outside of a profile: put it under [profiles.default]", at(d.lineOf(key)), key)
		}
		return file{}, unknownKey(d, []string{"profiles"}, key)
	}
	tables, ok := d.tree["profiles"].(map[string]any)
	if !ok && d.tree["profiles"] != nil {
		return file{}, fmt.Errorf("%sprofiles is no table: write [profiles.NAME]", at(d.lineOf("profiles")))
	}
	for name, value := range tables {
		table, ok := value.(map[string]any)
		if !ok {
			return file{}, fmt.Errorf("%s%s is no table: write [profiles.NAME]", at(d.lineOf("profiles", name)), shownKey(name))
		}
		if f.profiles[name], err = parseProfile(d, name, table); err != nil {
			return file{}, err
		}
	}
	return f, nil
}

// profileKeys are the keys of a profile.
func profileKeys() []string {
	keys := []string{"domain", "scopes", "token_command"}
	for _, set := range valueSets {
		for _, v := range set.values {
			keys = append(keys, v.Key)
		}
	}
	return keys
}

func parseProfile(d *document, name string, table map[string]any) (profile, error) {
	p := profile{values: map[string]string{}}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(profileKeys(), key) {
			return p, unknownKey(d, profileKeys(), "profiles", name, key)
		}
		fail := func(reason string) error {
			return fmt.Errorf("%s%s %s", at(d.lineOf("profiles", name, key)), key, reason)
		}
		one, isText := table[key].(string)
		many, isList := texts(table[key])
		switch {
		case key == "scopes" && isText:
			p.scopes = strings.Fields(one)
		case key == "scopes" && isList:
			p.scopes = many
		case key == "scopes":
			return p, fail("is no list of texts")
		case key == "token_command" && isText && one != "":
			words, err := splitWords(one)
			if err != nil {
				return p, fail("is no command line: " + err.Error())
			}
			p.command = words
		case key == "token_command" && isList && len(many) > 0 && many[0] != "":
			p.command = many
		case key == "token_command" && !isText:
			return p, fail("is no list of texts that begins with a program")
		case !isText:
			return p, fail("is no text: put it in quotes")
		case key == "domain":
			p.domain = one
		case one != "":
			p.values[key] = one
		}
	}
	return p, nil
}

// texts reads a list of strings.
func texts(value any) ([]string, bool) {
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	var all []string
	for _, element := range list {
		text, ok := element.(string)
		if !ok {
			return nil, false
		}
		all = append(all, text)
	}
	return all, true
}

// unknownKey is the error for the key at path, with its line and the known key that is
// spelled most like it.
func unknownKey(d *document, known []string, path ...string) error {
	key := path[len(path)-1]
	near := slices.MinFunc(known, func(a, b string) int { return distance(key, a) - distance(key, b) })
	text := fmt.Sprintf("%sunknown key %s", at(d.lineOf(path...)), shownKey(key))
	if distance(key, near) <= max(2, len(near)/3) {
		return fmt.Errorf("%s: did you mean %s?", text, near)
	}
	return fmt.Errorf("%s: the nearest known key is %s", text, near)
}

// shownKey is a key as it may be shown. Where quotes are missing a secret can stand
// where a key should: what does not look like one is not repeated.
func shownKey(key string) string {
	const longest = 32
	strange := func(r rune) bool { return r != '_' && r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }
	if key == "" || len(key) > longest || strings.ContainsFunc(key, strange) {
		return "(not shown)"
	}
	return key
}

// distance is how many bytes have to be put in, taken out or changed to make b of a.
func distance(a, b string) int {
	const longest = 64 // keys are shorter, and the work grows with the product
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = min(diagonal, row[j], row[j+1]) + 1
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
