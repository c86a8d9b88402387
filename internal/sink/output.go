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
	// Show returns the path of a result as the user sees it; nil where that is as it is.
	Show func(path string) string
	// Close releases it when the transfer has ended.
	Close func() error
}

// ForOutput finds out what file means: a device, a FIFO or a descriptor
// (/dev/fd/N) that is there already is streamed to; anything else is a file, made
// in the folder that it is in. A relative file is below dir, an absolute one
// stands alone. Opening a FIFO waits, until ctx ends, for somebody to read it.
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
			Err:    fmt.Errorf("%s is no file, device or FIFO", path),
			Advice: "name another file with --output",
		}
	}
}

// PreviewOutput is ForOutput for a dry run: it opens no device or FIFO and makes no folder.
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
	folder, name := filepath.Split(path)
	d, err := NewPreview(folder, opts)
	if err != nil {
		return Output{}, err
	}
	return Output{Sink: d, Dir: d, Name: name, Show: d.Show, Close: d.Close}, nil
}

// IsStdout tells whether an output is standard output, "-" or the descriptor by its path.
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

// inFolder writes the file at path by way of the folder that it is in.
func inFolder(path string, opts DirOptions) (Output, error) {
	folder, name := filepath.Split(path)
	d, err := NewDir(folder, opts)
	if err != nil {
		return Output{}, err
	}
	return Output{Sink: d, Dir: d, Name: name, Show: d.Show, Close: d.Close}, nil
}

// streamTo writes to f, which results show as shown.
func streamTo(f *os.File, shown string, err error) (Output, error) {
	if err != nil {
		return Output{}, failure("open", shown, err)
	}
	closed := func() error {
		if err := f.Close(); err != nil {
			return failure("close", shown, err)
		}
		return nil
	}
	return Output{Sink: NewStream(f, shown), Name: filepath.Base(f.Name()), Close: closed}, nil
}
