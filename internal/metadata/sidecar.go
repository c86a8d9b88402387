// Package metadata writes the portal's metadata of assets to files: one file beside each download, or one table for
// the run.
package metadata

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/fsync"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/sink"
)

const (
	suffix = ".metadata.json"
	// maxElement is the longest name of a file on every usual file system, in bytes (NAME_MAX).
	maxElement = 255
)

// Path returns the path of the file with the metadata of the file at path: <path>.metadata.json. A name that would be
// longer than 255 bytes is cut, and gets a hash, so that it is not that of another file.
func Path(path string) string {
	folder, name := filepath.Split(path)
	if len(name)+len(suffix) <= maxElement {
		return path + suffix
	}
	hash := "-" + hash16(name)
	for len(name)+len(hash)+len(suffix) > maxElement {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return folder + name + hash + suffix
}

// hash16 returns 16 hexadecimal digits of the SHA-256 of a text.
func hash16(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// Content returns an asset's metadata as search --json writes them, without its media items and temporary URLs: one
// object on a line. It is the same bytes each time for the same metadata.
func Content(a *bynder.Asset) ([]byte, error) {
	raw, err := a.Metadata()
	if err != nil {
		return nil, err
	}
	return report.JSONLine(raw)
}

// maxSidecar is the size in bytes up to which an existing file is read to find out which asset it is of. The metadata
// of an asset are smaller.
const maxSidecar = 64 << 20

// Write writes content, which Content returned, to the file Path(path) below root, and returns its MD5 in hexadecimal
// digits. A file that has this content is not written. Any other existing file is replaced only if it has the MD5 own; if
// own is "", none is. If it is not replaced, or if it is a folder, a link or a device, the error is a *download.Error
// of code exists. An error leaves an existing file as it was.
func Write(root *os.Root, path string, content []byte, own string) (sum string, err error) {
	return writeOver(root, path, content, func(old []byte) bool { return own != "" && md5Of(old) == own })
}

// WriteOverAsset does what Write does, and replaces any file that is a JSON object with the id of content: metadata of
// the same asset, even if another program wrote it.
func WriteOverAsset(root *os.Root, path string, content []byte) (sum string, err error) {
	return writeOver(root, path, content, func(old []byte) bool { return IsSameAsset(old, content) })
}

// IsSameAsset reports whether two contents of files are JSON objects with the id of one asset.
func IsSameAsset(a, b []byte) bool { return id(a) != "" && strings.EqualFold(id(a), id(b)) }

// writeOver does what Write does, and replaces a file whose content isOwn accepts.
func writeOver(root *os.Root, path string, content []byte, isOwn func(old []byte) bool) (sum string, err error) {
	name, sum := Path(path), md5Of(content)
	RemoveTemporary(root, path)
	for {
		was, err := check(root, name, content, isOwn)
		if errors.Is(err, errSame) {
			return sum, nil
		}
		if err == nil {
			err = put(root, name, content, was, isOwn)
		}
		switch failed, ok := errors.AsType[*download.Error](err); {
		case ok:
			return "", failed
		case errors.Is(err, errLookAgain):
		case err != nil:
			return "", fmt.Errorf("writing metadata: %w", named(name, err))
		default:
			return sum, nil
		}
	}
}

// named returns an error of the file system with the name of the file that was to be written, in place of that of a
// temporary one.
func named(name string, err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: "write", Path: name, Err: failed.Err}
	}
	if failed, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: "write", Path: name, Err: failed.Err}
	}
	return err
}

// Sync stores a file that Write wrote, and its name, against power loss.
func Sync(root *os.Root, path string) error {
	name := Path(path)
	f, err := root.OpenFile(name, fsync.OpenFlags, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return errors.Join(fsync.File(f), fsync.Folder(root, filepath.Dir(name)))
}

var (
	errSame      = errors.New("the file has this content")
	errLookAgain = errors.New("another process has changed something")
)

// check returns the file at name that content replaces, as it was looked at; nil if no file has the name.
func check(root *os.Root, name string, content []byte, isOwn func(old []byte) bool) (was fs.FileInfo, err error) {
	was, err = root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !was.Mode().IsRegular() || was.Size() > maxSidecar:
		return nil, nameTaken(root, name)
	}
	old, err := root.ReadFile(name)
	switch {
	case err != nil:
		return nil, err
	case string(old) == string(content):
		return nil, errSame
	case isOwn(old):
		return was, nil
	default:
		return nil, nameTaken(root, name)
	}
}

// IsOf reports whether the file with the metadata of the file at path has those of the asset with an id.
func IsOf(root *os.Root, path, asset string) bool {
	name := Path(path)
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSidecar {
		return false
	}
	content, err := root.ReadFile(name)
	return err == nil && IsAbout(content, asset)
}

// IsAbout reports whether a content of a file is a JSON object with the id of an asset.
func IsAbout(content []byte, asset string) bool {
	return asset != "" && strings.EqualFold(id(content), asset)
}

// nameTaken returns the error of a name that another file has.
func nameTaken(root *os.Root, name string) error {
	return &download.Error{
		Code: download.CodeExists, Err: fmt.Errorf("%s exists and is not a file with metadata of this asset", naming.Below(root.Name(), name)),
		Advice: "move it away",
	}
}

// id returns the id in a JSON object, "" for anything else.
func id(content []byte) string {
	var asset struct{ ID string }
	if json.Unmarshal(content, &asset) != nil {
		return ""
	}
	return asset.ID
}

// put gives the file at name this content. An existing file is replaced only if it is was, unchanged; else the error is
// errLookAgain.
func put(root *os.Root, name string, content []byte, was fs.FileInfo, isOwn func(old []byte) bool) error {
	f, temporary, err := write(root, name, content)
	if err != nil {
		return err
	}
	defer f.Close() // releases its lock: until then no other process removes the temporary file as one left behind
	if err = publish(root, temporary, name, was); err == nil {
		return nil
	}
	// If several processes write at once, the file at temporary may be that of another one, which the name has lost: it can go
	// if it could have been replaced. Any other content stays.
	own, failed := f.Stat()
	switch now, missing := root.Lstat(temporary); {
	case failed != nil || missing != nil:
	case os.SameFile(own, now):
		_ = root.Remove(temporary)
	case now.Mode().IsRegular() && now.Size() <= maxSidecar:
		if lost, unread := root.ReadFile(temporary); unread == nil && (isOwn(lost) || string(lost) == string(content)) {
			_ = root.Remove(temporary)
		}
	}
	return err
}

// publish renames the temporary file to name, as put does. The temporary file is gone if there is no error.
func publish(root *os.Root, temporary, name string, was fs.FileInfo) error {
	var err error
	if was == nil {
		err = sink.Move(root, temporary, root, name)
	} else {
		err = sink.Replace(root, temporary, name, asidePath(temporary), was)
	}
	if errors.Is(err, fs.ErrExist) || errors.Is(err, sink.ErrAltered) || errors.Is(err, fs.ErrNotExist) {
		return errLookAgain // or another process has removed the temporary file
	}
	return err
}

// TemporaryPaths returns the paths at which the metadata of the file at path are written first, and at which those are that
// they replace: in the same folder, and the same each time, so that processes that are killed leave two files at most.
func TemporaryPaths(path string) []string {
	temporary := temporaryPath(Path(path))
	return []string{temporary, asidePath(temporary)}
}

// temporaryPath returns the path at which the file at name is written first.
func temporaryPath(name string) string {
	folder, base := filepath.Split(name)
	return folder + ".metadata-" + hash16(base) + temporaryEnd
}

const temporaryEnd = ".part"

// asidePath returns where a file is for a moment that a temporary file replaces; see sink.Replace.
func asidePath(temporary string) string {
	return strings.TrimSuffix(temporary, temporaryEnd) + "-replaced" + temporaryEnd
}

// RemoveTemporary removes what killed processes have left of the file with the metadata of the file at path. While another
// process replaces that file, its own has the name and is locked, and the replaced one, at the temporary path, is not.
func RemoveTemporary(root *os.Root, path string) {
	for _, left := range TemporaryPaths(path) {
		filelock.RemoveUnusedIf(root, left, 0, func() bool { return !isHeld(root, Path(path)) })
	}
}

// isHeld reports whether another process has the lock of the file at name.
func isHeld(root *os.Root, name string) bool {
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := root.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(filelock.Try(f), filelock.ErrHeld)
}

// write writes the temporary file of name, and returns it locked and with its path.
func write(root *os.Root, name string, content []byte) (f *os.File, temporary string, err error) {
	temporary = temporaryPath(name)
	f, err = create(root, temporary)
	if errors.Is(err, fs.ErrExist) { // another process is writing it
		temporary = filepath.Join(filepath.Dir(name), ".metadata-"+rand.Text()+temporaryEnd)
		f, err = create(root, temporary)
	}
	if err != nil {
		return nil, "", err
	}
	if _, err = lock(root, f, temporary); err == nil {
		_, err = f.Write(content)
	}
	if err != nil {
		f.Close()
		if !errors.Is(err, errLookAgain) {
			_ = root.Remove(temporary)
		}
		return nil, "", err
	}
	return f, temporary, nil
}

// lock locks a temporary file; locked is false if the file system has no locks. If another process has the lock, or the
// file is not at name any more, the error is errLookAgain.
func lock(root *os.Root, f *os.File, name string) (locked bool, err error) {
	err = filelock.Try(f)
	switch locked = err == nil; {
	case errors.Is(err, filelock.ErrHeld):
		return false, errLookAgain
	case err != nil && !errors.Is(err, filelock.ErrUnsupported):
		return false, err
	}
	ours, err := f.Stat()
	if err != nil {
		return locked, err
	}
	if current, err := root.Lstat(name); err != nil || !os.SameFile(ours, current) {
		return locked, errLookAgain
	}
	return locked, nil
}

func create(root *os.Root, name string) (*os.File, error) {
	return root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

func md5Of(content []byte) string {
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}
