package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version, commit and date are set by the linker: -X .../internal/cli.version=1.2.3. The date is that of the commit, in
// RFC 3339. What is not set is taken from what the go command recorded.
var version, commit, date string

// build is what the program was built from, and with. Its JSON is a promise.
type build struct {
	Version  string `json:"version"`            // 1.2.3 or what the go command calls it, "dev" if unknown
	Commit   string `json:"commit,omitempty"`   // the full hash
	Date     string `json:"date,omitempty"`     // of the commit, in RFC 3339
	Modified bool   `json:"modified,omitempty"` // the sources differ from those of the commit
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// newVersion returns the command version.
func newVersion(s Streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Print the version, the commit that the program was built from, its date, and the
version of Go, the system and the architecture that it was built for.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return written(json.NewEncoder(s.Out).Encode(currentBuild()))
			}
			return writeVersion(s.Out)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// writeVersion writes what the program was built from and with as one line.
func writeVersion(w io.Writer) error {
	_, err := fmt.Fprintln(w, currentBuild())
	return written(err)
}

// String returns the line that `bynder version` prints. What is not known is left out.
func (b build) String() string {
	var details []string
	if b.Commit != "" {
		details = append(details, "commit "+b.Commit[:min(len(b.Commit), 12)])
	}
	if day, _, _ := strings.Cut(b.Date, "T"); day != "" {
		details = append(details, day)
	}
	details = append(details, b.Go, b.OS+"/"+b.Arch)
	return fmt.Sprintf("bynder %s (%s)", b.Version, strings.Join(details, ", "))
}

// currentBuild returns what this program was built from.
func currentBuild() build {
	b := build{Version: "dev", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			b.Version = strings.TrimPrefix(info.Main.Version, "v")
		}
		for _, setting := range info.Settings {
			switch setting.Key {
			case "vcs.revision":
				b.Commit = setting.Value
			case "vcs.time":
				b.Date = setting.Value
			case "vcs.modified":
				b.Modified = setting.Value == "true"
			}
		}
	}
	b.Version, b.Commit, b.Date = cmp.Or(version, b.Version), cmp.Or(commit, b.Commit), cmp.Or(date, b.Date)
	return b
}

// userAgent returns the User-Agent of requests to portal and storage.
func userAgent() string { return "bynder-cli/" + currentBuild().Version }
