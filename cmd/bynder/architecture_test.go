package main

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/bynder-cli/bynder/"

// rooms says which other rooms a room may know. Imports point one way: from the
// command line down to what knows nothing of it. A new room needs a line here.
var rooms = map[string][]string{
	"cmd/bynder": {"cli"},
	"cli":        {"bucket", "budget", "bynder", "config", "download", "input", "journal", "metadata", "mirror", "naming", "report", "sandbox", "sink", "spelling", "terminal", "transfer", "transport"},

	"mirror":    {"bucket", "bynder", "download", "filelock", "fingerprint", "fsync", "journal", "metadata", "naming", "sink", "transfer"}, // a folder or a bucket beside what is recorded of it and what the portal has
	"metadata":  {"bynder", "download", "filelock", "fsync", "naming", "report", "sink"},                                                   // what the portal tells of assets, in files
	"report":    {"download", "location", "terminal", "transfer"},                                                                          // what happened, never the portal
	"sink":      {"download", "filelock", "fsync", "naming", "retry", "transfer"},                                                          // where bytes land
	"journal":   {"download", "filelock", "fingerprint", "fsync", "naming", "retry", "sink", "transfer"},                                   // results on disk
	"input":     {"bynder", "download", "fingerprint", "naming", "retry", "sink", "spelling", "transfer"},                                  // what was asked for, and what of it is not done
	"download":  {"budget", "bynder", "fingerprint", "retry", "transfer"},                                                                  // no terminal, no folder, no credentials
	"transfer":  {"coding", "location", "naming", "retry"},
	"transport": {"config", "location", "retry"},

	"bynder":      {"fingerprint", "location", "spelling"}, // takes an http.Client
	"budget":      {"filelock", "retry"},
	"config":      {"filelock", "retry", "spelling"},
	"coding":      {},
	"naming":      {"spelling"},
	"filelock":    {},
	"fingerprint": {},
	"fsync":       {},
	"location":    {},
	"retry":       {},
	"terminal":    {"filelock", "retry"}, // knows no command
	"spelling":    {},                    // knows words, not what they are for
	"sandbox":     {},                    // judges the client, so it shares no code with it

	"bucket":        {"download", "location", "naming", "retry", "sink", "transfer"}, // where bytes land in S3
	"sink/sinktest": {"download", "transfer"},                                        // the conformance suite of sinks, for tests alone

	"tools/bench": {"retry"}, // not a room of the program: it measures the built program from outside
}

// tools are the libraries that one room alone knows.
var tools = map[string]string{
	"github.com/spf13/cobra":            "cli",
	"github.com/dghubble/oauth1":        "transport",
	"github.com/schollz/progressbar/v3": "report",
	"github.com/pelletier/go-toml/v2":   "config",
	"github.com/minio/minio-go/v7":      "bucket",

	"github.com/pelletier/go-toml/v2/unstable": "config", // no promise of compatibility: one file reads with it
}

// TestImportsPointOneWay holds the rooms to the table above. Tests may wire
// rooms together as cli does.
func TestImportsPointOneWay(t *testing.T) {
	found := map[string]bool{}
	for _, p := range listPackages(t) {
		room := roomOf(p.ImportPath)
		allowed, known := rooms[room]
		if !known {
			t.Errorf("%s is no room of the architecture: say in the table what it may import", room)
			continue
		}
		found[room] = true
		for _, path := range p.Imports {
			if other, ours := strings.CutPrefix(path, module); ours && !slices.Contains(allowed, roomOf(other)) {
				t.Errorf("%s imports %s, which it must not know", room, roomOf(other))
			}
			if owner, ok := tools[path]; ok && owner != room {
				t.Errorf("%s imports %s, which is for %s alone", room, path, owner)
			}
		}
	}
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		if !found[room] {
			t.Errorf("the room %s is not there", room)
		}
	}
}

// roomOf names a room by its path without what all of them share.
func roomOf(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "internal/")
}

type listed struct {
	ImportPath string
	Imports    []string
}

// listPackages asks the go command for every package of the module.
func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Logf("%s", failed.Stderr)
		}
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
