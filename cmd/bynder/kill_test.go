//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sandbox"
)

// TestKillsForgetNothing gets many originals with a journal, and kills the program (SIGKILL)
// again and again. What it has published stays as it is, and the next run knows it, also
// where the portal embeds metadata, so that no file can be recognized by its bytes.
func TestKillsForgetNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults []sandbox.Fault
	}{
		{"each file is as it was", nil},
		{"metadata is embedded", []sandbox.Fault{{Name: "xmp"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKills(t, c.faults)
			const kills = 10
			killed := 0
			for rounds := 0; killed < kills && rounds < 5*kills && len(k.published) < len(k.ids); rounds++ {
				if k.killedAfter(t, time.Duration(50+k.random.IntN(400))*time.Millisecond, k.download()...) {
					killed++
				}
				k.look(t)
			}
			t.Logf("%d kills, then %d of %d files were published", killed, len(k.published), len(k.ids))
			if killed == 0 {
				t.Fatal("the program was never killed")
			}
			known := k.published
			k.finish(t, known)
			if k.look(t); len(k.published) != len(k.ids) {
				t.Errorf("%d files are there, want %d", len(k.published), len(k.ids))
			}
			if runtime.GOOS == "linux" { // elsewhere a file may be published in two steps
				if left, _ := filepath.Glob(filepath.Join(k.folder, "*.part")); len(left) > 0 {
					t.Errorf("left behind: %q", left)
				}
			}
		})
	}
}

// kills is the world of TestKillsForgetNothing.
type kills struct {
	program
	folder    string
	journal   string
	list      string
	ids       []string
	published map[string]fs.FileInfo
	random    *rand.Rand
}

func newKills(t *testing.T, faults []sandbox.Fault) *kills {
	portal := startSandbox(t, sandbox.Options{Assets: 400, NoRateLimit: true, Faults: faults})
	state := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	k := &kills{
		folder: filepath.Join(state, "files"), journal: filepath.Join(state, "done.ndjson"), list: filepath.Join(state, "ids"),
		random: rand.New(rand.NewPCG(seed, 0)), program: newProgram(state, portal),
	}
	out, err := k.command(t.Context(), t, "search", "--type", "image", "--limit", "250").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		id, _, _ := strings.Cut(line, "\t")
		k.ids = append(k.ids, id)
	}
	if err := os.WriteFile(k.list, []byte(strings.Join(k.ids, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return k
}

// download are the arguments of each run.
func (k *kills) download() []string {
	return []string{"download", "-q", "--json", "--api-rate", "0", "--name", "{id}.{ext}", "-d", k.folder, "--journal", k.journal, "--from", k.list}
}

// look notes the files that are published, and sees that those before are the same.
func (k *kills) look(t *testing.T) {
	t.Helper()
	now := map[string]fs.FileInfo{}
	entries, err := os.ReadDir(k.folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".part") {
			continue
		}
		if now[entry.Name()], err = entry.Info(); err != nil {
			t.Fatal(err)
		}
	}
	for name, was := range k.published {
		if is := now[name]; is == nil || !os.SameFile(was, is) || is.Size() != was.Size() {
			t.Errorf("%s was published, and is another file now", name)
		}
	}
	k.published = now
}

// finish runs the program to its end: what was published is known, and the rest comes.
func (k *kills) finish(t *testing.T, known map[string]fs.FileInfo) {
	t.Helper()
	cmd := k.command(t.Context(), t, k.download()...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("the last run: %v\n%s", err, stderr.Bytes())
	}
	for line := range bytes.Lines(out) {
		var r download.Result
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		want := download.Downloaded
		if known[filepath.Base(r.Path)] != nil {
			want = download.Unchanged
		}
		if r.Status != want || r.MD5 == "" {
			t.Errorf("the last run says %s, want %s with an MD5", line, want)
		}
		if want == download.Unchanged && r.Attempts != 0 {
			t.Errorf("%s is asked for again", r.Path)
		}
	}
}
