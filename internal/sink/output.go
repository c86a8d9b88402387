package sink

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// Output is the one file that --output names.
type Output struct {
	Sink download.Sink
	// Dir is the Sink that writes to a folder; nil if it streams.
	Dir *Dir
	// Name is what Target.Name must be.
	Name string
	// Show returns the path of a result as the user sees it; nil if that is the path itself.
	Show func(path string) string
	// Close releases the output when the transfer has ended.
	Close func() error
}

// ForOutput returns the Output for file: an existing device, FIFO or descriptor
// (/dev/fd/N) is written to as a stream; anything else is a regular file, created in its
// folder. A relative path is below dir. Opening a FIFO waits for its reader until ctx
// ends.
func ForOutput(ctx context.Context, dir, file string, opts DirOptions) (Output, error) {
	path := naming.Below(dir, file)
	if file == "" || os.IsPathSeparator(file[len(file)-1]) {
		return Output{}, noFile(path)
	}
	if f, shown, ok, err := OpenDescriptor(path); ok {
		return streamTo(f, shown, err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil || info.Mode().IsRegular():
		return inFolder(path, opts)
	case info.IsDir():
		return Output{}, noFile(path)
	case info.Mode()&(fs.ModeDevice|fs.ModeNamedPipe) != 0:
		f, err := openStream(ctx, path)
		return streamTo(f, path, err)
	default:
		return Output{}, &download.Error{
			Code:   download.CodeUsage,
			Err:    fmt.Errorf("%s is not a file, device or FIFO", path),
			Advice: "name another file with --output",
		}
	}
}

// PreviewOutput does what ForOutput does, for a dry run: it opens no device or FIFO and creates no folder.
func PreviewOutput(dir, file string, opts DirOptions) (Output, error) {
	path := naming.Below(dir, file)
	info, err := os.Stat(path)
	switch {
	case IsStdout(file):
		return Output{Sink: NewStream(io.Discard, ""), Close: func() error { return nil }}, nil
	case file == "" || os.IsPathSeparator(file[len(file)-1]) || err == nil && info.IsDir():
		return Output{}, noFile(path)
	case err == nil && !info.Mode().IsRegular():
		return Output{Sink: NewStream(io.Discard, path), Name: filepath.Base(path), Close: func() error { return nil }}, nil
	}
	opts.Folder = "--output"
	folder, name := filepath.Split(path)
	d, err := NewPreview(folder, opts)
	if err != nil {
		return Output{}, err
	}
	return Output{Sink: d, Dir: d, Name: name, Show: d.Show, Close: d.Close}, nil
}

// IsStdout reports whether an output is standard output: "-" or the path of its descriptor.
func IsStdout(file string) bool {
	number, ok := descriptorNumber(file)
	return file == "-" || ok && number == 1
}

func noFile(path string) error {
	return &download.Error{
		Code:   download.CodeUsage,
		Err:    fmt.Errorf("%q is a folder, not a file", path),
		Advice: "name a file with --output, or a folder with --dir",
	}
}

// inFolder returns the Output for a regular file, a Dir of its folder.
func inFolder(path string, opts DirOptions) (Output, error) {
	opts.Folder = "--output"
	folder, name := filepath.Split(path)
	d, err := NewDir(folder, opts)
	if err != nil {
		return Output{}, err
	}
	return Output{Sink: d, Dir: d, Name: name, Show: d.Show, Close: d.Close}, nil
}

// streamTo returns the Output that writes to f, which results show as shown.
func streamTo(f *os.File, shown string, err error) (Output, error) {
	if err != nil {
		return Output{}, streamFailure("open", shown, err)
	}
	closed := func() error {
		if err := f.Close(); err != nil {
			return streamFailure("close", shown, err)
		}
		return nil
	}
	return Output{Sink: NewStream(f, shown), Name: filepath.Base(f.Name()), Close: closed}, nil
}
