package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

const (
	// maxFile is the maximum size of a config or credentials file, in bytes: some hundred
	// profiles.
	maxFile = 64 << 10
	// maxRoots is the maximum size of a file of certificates, in bytes: ten times those of
	// all public authorities.
	maxRoots = 4 << 20
)

// pipePatience is the time limit for reading a file that is a pipe.
const pipePatience = 30 * time.Second

var errPipeSilent = fmt.Errorf("the pipe did not end within %d s", pipePatience/time.Second)

// credentialsName is the name of the file in which logins are stored, beside the config file.
const credentialsName = "credentials.toml"

// defaultFile returns bynder/config.toml in the user's config folder, "" if there is no
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
	default: // XDG Base Directory Specification, by which relative paths are ignored
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

// file is the content of a config or credentials file. The zero file has no profiles.
type file struct {
	path     string
	mode     fs.FileMode
	profiles map[string]profile
	defaults []Default
}

// Files holds the config file of a command after it was read, because the file may be a
// pipe, which can be read once only. It is for one goroutine.
type Files struct{ config *file }

// configFile returns the path of the config file, "" if there is no folder for one. named
// reports whether the user specified it.
func (s Sources) configFile() (path string, named bool) {
	for _, path := range []string{s.Flags.ConfigFile, s.Getenv("BYNDER_CONFIG")} {
		if path != "" {
			return path, true
		}
	}
	return defaultFile(s.Getenv), false
}

// credentialsFile returns the path of the file in which logins are stored: beside the config
// file in use, "" if there is no folder for one.
func (s Sources) credentialsFile() string {
	path, _ := s.configFile()
	if path == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(path), credentialsName)
}

// OwnFiles returns the paths of the files that settings and credentials are read from, whether or not they exist.
func (s Sources) OwnFiles() []string {
	config, _ := s.configFile()
	var all []string
	for _, path := range []string{config, s.credentialsFile(), s.Flags.CACert} {
		if path != "" {
			all = append(all, path)
		}
	}
	return all
}

// readConfig reads and checks the config file, if it exists.
func (s Sources) readConfig(ctx context.Context) (file, error) {
	if s.Files != nil && s.Files.config != nil {
		return *s.Files.config, nil
	}
	path, _ := s.configFile()
	if path == "" || unreachable(path) {
		return file{path: path}, nil
	}
	f, err := readFile(ctx, path, handWritten)
	if s.Files != nil && err == nil {
		s.Files.config = &f
	}
	return f, explained(ctx, err, "config file "+path, configAdvice(err))
}

// configAdvice returns what to do about an error of the config file.
func configAdvice(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "check the path in --config or BYNDER_CONFIG"
	case errors.Is(err, fs.ErrPermission):
		return "make sure that you may read the file"
	}
	return "correct the file, or specify another one with --config"
}

// checkNamed returns an error if the user specified a config file that does not exist, and no
// login has stored credentials beside it either. (A login does not need one.)
func (s Sources) checkNamed(ctx context.Context) error {
	path, named := s.configFile()
	if !named || !unreachable(s.credentialsFile()) {
		return nil
	}
	_, err := os.Lstat(path)
	return explained(ctx, err, "config file "+path, configAdvice(err))
}

// readCredentials reads the file in which logins are stored, if it exists.
func (s Sources) readCredentials(ctx context.Context) (file, error) {
	path := s.credentialsFile()
	if path == "" || s.namesCredentials() || unreachable(path) {
		return file{path: path}, nil
	}
	f, err := readFile(ctx, path, programWritten)
	return f, explained(ctx, err, "credentials file "+path, "correct the file, or remove it and log in again")
}

// namesCredentials reports whether the config file in use is the credentials file itself,
// which is then read as the config file only.
func (s Sources) namesCredentials() bool {
	path, _ := s.configFile()
	if strings.EqualFold(filepath.Base(path), credentialsName) {
		return true
	}
	one, err := os.Stat(path)
	if err != nil {
		return false
	}
	other, err := os.Stat(s.credentialsFile())
	return err == nil && os.SameFile(one, other)
}

// explained returns err as an *Error about a file, unless it is nil or ctx has ended.
func explained(ctx context.Context, err error, what, advice string) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &Error{Err: fmt.Errorf("%s: %w", what, reasonOf(err)), Advice: advice}
}

// reasonOf returns why a file or a program could not be opened, without its name.
func reasonOf(err error) error {
	if e := (*exec.Error)(nil); errors.As(err, &e) {
		return e.Err
	}
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// readFile reads and checks a file.
func readFile(ctx context.Context, path string, k knownKeys) (file, error) {
	f := file{path: path}
	text, mode, err := readWhole(ctx, path, maxFile)
	if err != nil {
		return f, err
	}
	f.mode = mode
	return f, f.parse(text, k)
}

// unreachable reports whether no file is found at path: it does not exist, or its folder
// cannot be read.
func unreachable(path string) bool {
	_, err := os.Lstat(path)
	return err != nil
}

// readWhole reads a file of at most most bytes. A pipe such as /dev/fd/3 is read to its end, until ctx ends.
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
		if err == nil && info.IsDir() {
			err = errors.New("is a directory") // Windows would say: incorrect function
		}
		if err != nil {
			return content{}, err
		}
		text, err := io.ReadAll(io.LimitReader(f, most+1))
		if err == nil && int64(len(text)) > most {
			err = fmt.Errorf("larger than %d KiB", most>>10)
		}
		return content{string(text), info.Mode()}, err
	}
	var c content
	if info, statErr := os.Stat(path); statErr == nil && info.Mode().IsRegular() {
		c, err = read()
	} else {
		patient, cancel := context.WithTimeoutCause(ctx, pipePatience, errPipeSilent)
		defer cancel()
		c, err = retry.Await(patient, read)
	}
	return c.text, c.mode, err
}

// exposed returns warnings about the permissions of the file.
func (f *file) exposed() []string {
	if runtime.GOOS == "windows" || !f.mode.IsRegular() {
		return nil // permissions there are not in the mode
	}
	var holdsSecret bool
	for _, p := range f.profiles {
		holdsSecret = holdsSecret || len(p.values) > 0
	}
	switch {
	case f.mode.Perm()&0o022 != 0:
		return []string{fmt.Sprintf("%s is writable by others, who can change where credentials are sent: run chmod 600 on it", f.path)}
	case holdsSecret && f.mode.Perm()&0o044 != 0:
		return []string{fmt.Sprintf("%s has credentials and is readable by others: run chmod 600 on it", f.path)}
	}
	return nil
}

// names returns the names of the profiles in files, at most ten, sorted, without invalid ones.
func names(files ...file) []string {
	const most = 10
	all := map[string]bool{}
	for _, f := range files {
		for name := range f.profiles {
			if validName(name) {
				all[name] = true
			}
		}
	}
	sorted := slices.Sorted(maps.Keys(all))
	return sorted[:min(len(sorted), most)]
}
