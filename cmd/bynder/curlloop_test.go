//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// demoFaults returns the faults of tools/demo, without the one that only takes time.
func demoFaults(t *testing.T) (faults []string) {
	t.Helper()
	script, err := os.ReadFile("../../tools/demo")
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range regexp.MustCompile(`(?m)^--fault (\S+)$`).FindAllStringSubmatch(string(script), -1) {
		if !strings.HasPrefix(flag[1], "slow=") {
			faults = append(faults, flag[1])
		}
	}
	if len(faults) < 4 {
		t.Fatalf("tools/demo has the faults %q", faults)
	}
	return faults
}

// README.md says what a loop around curl makes of the demo's files, and what bynder makes of them.
func TestCurlLoop(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	loop, err := filepath.Abs("testdata/curl-loop")
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	k := &kitchen{portal: startSandbox(t, sandbox.Options{Assets: 480, NoRateLimit: true}), folder: t.TempDir()}
	k.env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_STATE_HOME=" + home,
		"GORACE=atexit_sleep_ms=10",
	}, k.portal.Env(sandbox.PermanentToken)...)
	k.needs(t, "curl", "jq", "xargs")
	ids := strings.Fields(k.run(t, 0, "sh", "-c", "bynder search --tag logo | cut -f 1").stdout)
	k.ids(t, ids...)
	for _, way := range []struct {
		name, folder string
		command      []string
	}{
		{"`curl -f`", "loop", []string{loop, "ids.txt", "loop"}},
		{"`curl -f --retry 2 --retry-all-errors`", "retry", []string{loop, "ids.txt", "retry", "--retry", "2", "--retry-all-errors"}},
		{"bynder", "ours", []string{"bynder", "download", "-q", "--api-rate", "0", "--name", "{id}", "--from", "ids.txt", "-d", "ours"}},
	} {
		if err := os.Mkdir(k.path(way.folder), 0o777); err != nil {
			t.Fatal(err)
		}
		k.faults(t, demoFaults(t)...)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		cmd := k.command(ctx, way.command[0], way.command[1:]...)
		said, err := cmd.CombinedOutput()
		cancel()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		struck := k.portal.Stats().Faults
		k.faults(t)
		whole, broken, missing := k.compare(t, way.folder, ids)
		if way.folder == "loop" && (int64(broken) != struck["cut"]+struck["flip"] || int64(missing) != struck["storage-503"]+struck["expired"]) {
			t.Errorf("%d files are broken and %d are missing, where the faults %v have struck a file each", broken, missing, struck)
		}
		row := fmt.Sprintf("| %s | %d | %d | %d | %d |\n", way.name, whole, broken, missing, cmd.ProcessState.ExitCode())
		if !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks this row:\n%s%s", row, said)
		}
	}
}

// compare counts the originals in a folder, under their ids: those with the right bytes, others, and missing ones.
func (k *kitchen) compare(t *testing.T, folder string, ids []string) (whole, broken, missing int) {
	t.Helper()
	for _, id := range ids {
		object, ok := k.portal.Object(id, "original")
		if !ok {
			t.Fatalf("there is no asset %s", id)
		}
		f, err := os.Open(k.path(filepath.Join(folder, id)))
		switch {
		case err != nil:
			missing++
			continue
		case bytes.Equal(digest(t, f), digest(t, object.Reader())):
			whole++
		default:
			broken++
		}
		f.Close()
	}
	return whole, broken, missing
}
