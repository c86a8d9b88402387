//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// recipe is a block of code in docs/scripting.md or docs/machines.md.
type recipe struct{ language, text string }

var (
	taggedBlock = regexp.MustCompile("(?ms)^<!-- recipe: (\\S+) -->\n```(\\w+)\n(.*?)^```$")
	anyBlock    = regexp.MustCompile("(?m)^```\\w+$")
)

// recipes are the blocks of docs/scripting.md and docs/machines.md by their names. There is none without.
func recipes(t *testing.T) map[string]recipe {
	t.Helper()
	var page []byte
	for _, name := range []string{"scripting.md", "machines.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		page = append(page, text...)
	}
	all := map[string]recipe{}
	for _, found := range taggedBlock.FindAllStringSubmatch(string(page), -1) {
		all[found[1]] = recipe{language: found[2], text: found[3]}
	}
	if blocks := len(anyBlock.FindAll(page, -1)); blocks != len(all) {
		t.Fatalf("the pages have %d blocks of code, of which %d have names of their own", blocks, len(all))
	}
	return all
}

// kitchen is where a recipe is tried: a folder, a portal, and the variables that lead to it.
type kitchen struct {
	recipes map[string]recipe
	portal  *sandbox.Sandbox
	folder  string
	env     []string
}

func newKitchen(t *testing.T, all map[string]recipe) *kitchen {
	t.Helper()
	portal := startSandbox(t, sandbox.Options{NoRateLimit: true})
	home := t.TempDir()
	return &kitchen{
		recipes: all, portal: portal, folder: t.TempDir(),
		env: newProgram(home, portal).env,
	}
}

// needs skips the test where a program is not installed.
func (k *kitchen) needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
}

// gnu skips the test where the programs of the recipe are not the GNU ones.
func (k *kitchen) gnu(t *testing.T, program string) {
	t.Helper()
	k.needs(t, program)
	if err := exec.CommandContext(t.Context(), program, "--version").Run(); err != nil {
		t.Skipf("%s is not the one of GNU", program)
	}
}

// path is that of a file in the folder.
func (k *kitchen) path(name string) string { return filepath.Join(k.folder, name) }

func (k *kitchen) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(k.path(name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func (k *kitchen) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(k.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ids writes ids.txt.
func (k *kitchen) ids(t *testing.T, ids ...string) {
	t.Helper()
	k.write(t, "ids.txt", strings.Join(ids, "\n")+"\n", 0o666)
}

// images are the ids of n assets.
func (k *kitchen) images(t *testing.T, n int) []string {
	t.Helper()
	out := k.run(t, 0, "bynder", "search", "--api-rate", "0", "--type", "image", "--order", "name asc", "--limit", fmt.Sprint(n)).stdout
	var ids []string
	for line := range strings.Lines(out) {
		id, _, _ := strings.Cut(line, "\t")
		ids = append(ids, id)
	}
	if len(ids) != n {
		t.Fatalf("the sandbox has %d images, want %d", len(ids), n)
	}
	return ids
}

// ran is what a command has written.
type ran struct{ stdout, stderr string }

// command is one that runs in the kitchen, in a process group of its own.
func (k *kitchen) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = k.folder, k.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = patience
	return cmd
}

// run runs a command, which has to end with a status.
func (k *kitchen) run(t *testing.T, status int, name string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := k.command(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != status {
		t.Fatalf("%s %q ended with %d, want %d\n%s%s", name, args, got, status, stdout.Bytes(), stderr.Bytes())
	}
	return ran{stdout.String(), stderr.String()}
}

// cook runs a recipe, which has to end with a status.
func (k *kitchen) cook(t *testing.T, status int, name string, args ...string) ran {
	t.Helper()
	return k.run(t, status, k.recipes[name].language, k.prepare(t, name, args...)...)
}

// prepare writes a recipe to a file and returns what its interpreter is given.
func (k *kitchen) prepare(t *testing.T, name string, args ...string) []string {
	t.Helper()
	k.needs(t, "bash")
	k.write(t, name, k.recipes[name].text, 0o777)
	return append([]string{k.path(name)}, args...)
}

// cookPowerShell runs a recipe with PowerShell.
func (k *kitchen) cookPowerShell(t *testing.T, status int, name string) ran {
	t.Helper()
	k.needs(t, "pwsh")
	k.write(t, name+".ps1", k.recipes[name].text, 0o666)
	return k.run(t, status, "pwsh", "-NoProfile", "-NonInteractive", "-File", k.path(name+".ps1"))
}

// calls are those that the portal has counted since the last time, and storage's requests.
func (k *kitchen) calls(before sandbox.Stats) (calls, requests int64) {
	now := k.portal.Stats()
	return now.APICalls - before.APICalls, now.StorageRequests - before.StorageRequests
}

// free fails the test where f costs anything.
func (k *kitchen) free(t *testing.T, f func()) {
	t.Helper()
	before := k.portal.Stats()
	f()
	if calls, requests := k.calls(before); calls != 0 || requests != 0 {
		t.Errorf("it has cost %d API calls and %d requests to storage, want none", calls, requests)
	}
}

// faults breaks the portal.
func (k *kitchen) faults(t *testing.T, texts ...string) {
	t.Helper()
	var all []sandbox.Fault
	for _, text := range texts {
		f, err := sandbox.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	if err := k.portal.SetFaults(all...); err != nil {
		t.Fatal(err)
	}
}

// original fails the test where a file is not an asset's original.
func (k *kitchen) original(t *testing.T, id, name string) {
	t.Helper()
	object, ok := k.portal.Object(id, "original")
	if !ok {
		t.Fatalf("there is no asset %s", id)
	}
	f, err := os.Open(k.path(name))
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if !bytes.Equal(digest(t, f), digest(t, object.Reader())) {
		t.Errorf("%s is not the original of %s", name, id)
	}
}

// originals fails the test where the originals of the assets are not in a folder, under
// their ids.
func (k *kitchen) originals(t *testing.T, folder string, ids []string) {
	t.Helper()
	entries, err := os.ReadDir(k.path(folder))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, entry := range entries {
		id := strings.TrimSuffix(entry.Name(), filepath.Ext(entry.Name()))
		names[id] = entry.Name()
	}
	if len(entries) != len(ids) {
		t.Errorf("%s holds %d files, want %d", folder, len(entries), len(ids))
	}
	for _, id := range ids {
		if names[id] == "" {
			t.Errorf("%s does not hold %s", folder, id)
			continue
		}
		k.original(t, id, filepath.Join(folder, names[id]))
	}
}
