package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker in releases: -X .../internal/cli.version=1.2.3.
var version = ""

// newVersion returns the command version.
func newVersion(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return writeVersion(s.Out) },
	}
}

// writeVersion writes the version of the program and of what it was built with.
func writeVersion(w io.Writer) error {
	_, err := fmt.Fprintf(w, "bynder %s (%s, %s/%s)\n", programVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// programVersion returns the version of the release, else that of the module, else "dev".
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

// userAgent returns the User-Agent of requests to portal and storage.
func userAgent() string { return "bynder-cli/" + programVersion() }
