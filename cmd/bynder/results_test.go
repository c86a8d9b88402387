package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bynder-cli/bynder/internal/cli"
	"github.com/bynder-cli/bynder/internal/sandbox"
)

// Every line that --json writes is what docs/result.schema.json says, whatever happens.
func TestResultsAreWhatTheSchemaSays(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("../../docs/result.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	statuses, codes, besides := map[string]bool{}, map[string]bool{}, false
	run := func(t *testing.T, faults []string, args ...string) {
		t.Helper()
		for line := range bytes.Lines(runJSON(t, faults, args...)) {
			instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
			if err != nil {
				t.Fatalf("%s is no JSON: %v", line, err)
			}
			if err := schema.Validate(instance); err != nil {
				t.Errorf("%s\n%v", line, err)
			}
			var r struct {
				Status               string
				Error, MetadataError struct{ Code string }
			}
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			statuses[r.Status] = true
			besides = besides || r.MetadataError.Code != ""
			if r.Error.Code != "" {
				codes[r.Error.Code] = true
			}
		}
	}
	dir := t.TempDir()
	doc := sandbox.DocumentedAsset
	list := filepath.Join(dir, "ids")
	if err := os.WriteFile(list, []byte(doc+"\n..\n"+sandbox.EmptyAsset+"\nnope\n{\"id\":7}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	run(t, nil, "-d", dir, "--from", list, "--checksum", "sha256")
	run(t, nil, "-d", dir, doc)
	run(t, nil, "-d", dir, "--if-exists", "skip", "--version", "1", doc)
	run(t, nil, "-d", dir, "--version", "1", doc)
	run(t, nil, "-d", filepath.Join(dir, "all"), "--all-items", "--name", "{itemId}-{filename}", doc)
	run(t, nil, "-d", dir, "--derivative", "mini", doc)
	run(t, nil, "-d", dir, "--derivative", "nope", doc)
	run(t, nil, "-d", filepath.Join(dir, "choices"), "--derivative", "nope,mini", "--derivative", "nope,original", doc)
	run(t, nil, "-d", dir, "--transform", "fill,width:8", "--transform", "blur,width:8", doc)
	run(t, nil, "-d", filepath.Join(dir, "dry"), "--dry-run", doc)
	if err := os.MkdirAll(filepath.Join(dir, "beside", "Twitter.jpg.metadata.json"), 0o777); err != nil {
		t.Fatal(err)
	}
	run(t, nil, "-d", filepath.Join(dir, "beside"), "--metadata", "json", doc)
	run(t, []string{"hostile-name"}, "-d", filepath.Join(dir, "hostile"), doc)
	for _, fault := range []string{"api-401", "api-403", "api-500", "api-garbage", "cut=1000", "storage-403", "storage-503", "flip", "no-length", "kms"} {
		run(t, []string{fault}, "-d", filepath.Join(dir, fault), "--retries", "0", doc)
	}
	if want := []string{"downloaded", "failed", "skipped", "unchanged"}; !slices.Equal(slices.Sorted(maps.Keys(statuses)), want) {
		t.Errorf("statuses %v, want all of %v", statuses, want)
	}
	if !besides {
		t.Error("no result has a metadataError")
	}
	for _, code := range []string{"usage", "auth", "forbidden", "not_found", "network", "storage", "integrity", "exists", "protocol"} {
		if !codes[code] {
			t.Errorf("no result has the code %s", code)
		}
	}
}

// What sync prints, and what its state has, is what the schema says, too.
func TestResultsOfSyncAreWhatTheSchemaSays(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("../../docs/result.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	catalogue, dest := filepath.Join(dir, "assets.json"), filepath.Join(dir, "dest")
	write := func(file, content string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(catalogue, `[]`)
	portal := startSandbox(t, sandbox.Options{Catalogue: catalogue})
	seen := map[string]bool{}
	run := func(args ...string) {
		t.Helper()
		for line := range bytes.Lines(runAt(t, portal, append([]string{"sync", "--json", "--metadata", "json"}, append(args, dest)...)...)) {
			instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
			if err != nil {
				t.Fatalf("%s is not JSON: %v", line, err)
			}
			if err := schema.Validate(instance); err != nil {
				t.Errorf("%s\n%v", line, err)
			}
			var r struct{ Status, Action, Why string }
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			seen[strings.TrimSpace(r.Action+" "+r.Status+" "+r.Why)] = true
		}
	}
	write(catalogue, `[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"},{"id":"e"},{"id":"v","rights":"view"}]`)
	run()
	write(filepath.Join(dest, "e.jpg"), "edited")
	write(filepath.Join(dest, "f.jpg"), "mine")
	write(catalogue, `[{"id":"a","name":"A2"},{"id":"b","version":2},{"id":"c","tags":["x"],"dateModified":"2026-01-01"},{"id":"e","version":2},{"id":"f"}]`)
	run("--delete", "--dry-run")
	run("--delete")
	run("--adopt")
	want := []string{
		"adopt unchanged", "delete deleted deleted", "delete skipped deleted", "fetch downloaded", "fetch failed", "fetch skipped", "keep kept",
		"metadata skipped", "metadata unchanged", "move moved", "move skipped",
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("there was %q, want %q", got, want)
	}
}

// runJSON runs `bynder download --json` against a sandbox with faults and returns what
// it writes to standard output.
func runJSON(t *testing.T, faults []string, args ...string) []byte {
	t.Helper()
	var o sandbox.Options
	for _, text := range faults {
		f, err := sandbox.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Faults = append(o.Faults, f)
	}
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	out := runAt(t, startSandbox(t, o), append([]string{"download", "--json"}, args...)...)
	if len(out) == 0 {
		t.Errorf("download %q wrote nothing", args)
	}
	return out
}

// runAt runs the program against a sandbox and returns what it writes to standard output.
func runAt(t *testing.T, portal *sandbox.Sandbox, args ...string) []byte {
	t.Helper()
	env := map[string]string{}
	for _, pair := range portal.Env(sandbox.OAuth1) {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	cli.Main(t.Context(), args, cli.Streams{
		In: strings.NewReader(""), Out: w, Err: io.Discard, Getenv: func(name string) string { return env[name] },
	})
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// startSandbox serves a portal and its storage until the test ends.
func startSandbox(t *testing.T, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	portal, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	stop, err := portal.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return portal
}
