//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// The variables of TestSyncModel: how many rounds, and the seed of the first world.
const (
	modelRounds = "BYNDER_MODEL"
	modelSeed   = "BYNDER_MODEL_SEED"
	// roundsOfWorld is after how many rounds another world begins, with the next seed.
	roundsOfWorld = 25
)

// TestSyncModel changes a portal and a folder at random, kills sync at random moments, and lets it go to its end. Then
// the folder has to be what a simple idea of sync says, which knows nothing of how sync is made.
func TestSyncModel(t *testing.T) {
	// Without a number of rounds the worlds are the same each time: what is new is found by `make model`.
	rounds, seed := 16, uint64(7001)
	if os.Getenv(modelRounds) != "" {
		seed = uint64(time.Now().UnixNano())
	}
	for name, set := range map[string]func(string) error{
		modelRounds: func(text string) (err error) { rounds, err = strconv.Atoi(text); return err },
		modelSeed:   func(text string) (err error) { seed, err = strconv.ParseUint(text, 10, 64); return err },
	} {
		if text := os.Getenv(name); text != "" {
			if err := set(text); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	each := min(roundsOfWorld, max(rounds/4, 1))
	for ; rounds > 0; rounds, seed = rounds-each, seed+1 {
		n := min(rounds, each)
		passed := t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			m := newModel(t, seed)
			for m.round = range n {
				m.play(t)
				if t.Failed() {
					m.explain(t, seed)
					return
				}
			}
			t.Logf("%s=%d, %d rounds, %d kills, exit statuses %v: %s", modelSeed, seed, n, m.kills, m.statuses, m)
		})
		if !passed {
			return
		}
	}
}

// model is a portal and a folder that sync keeps equal to a search of it.
type model struct {
	modelFolder
	program
	metadata, deletes bool

	round    int
	kills    int
	statuses map[int]int
	log      []string
	first    bool          // no run has been started yet
	killed   bool          // a run was, since the latest one that ended with 0
	took     time.Duration // the latest run that ended by itself
}

func newModel(t *testing.T, seed uint64) *model {
	random := rand.New(rand.NewPCG(seed, 0))
	selector := "original"
	if random.IntN(4) == 0 {
		selector = "derivative/mini"
	}
	portal := newModelPortal(t, random, selector, seed%2 == 1 && selector == "original")
	state := t.TempDir()
	m := &model{
		modelFolder: modelFolder{
			modelPortal: portal, dest: filepath.Join(state, "dest"), mine: map[digestSum]string{}, sneaky: map[digestSum]bool{},
			sidecars: map[digestSum]string{}, stood: map[string]string{},
		},
		program: newProgram(state, portal.Sandbox), statuses: map[int]int{}, first: true, took: 100 * time.Millisecond,
		metadata: random.IntN(2) == 0, deletes: random.IntN(3) > 0,
	}
	if m.deletes && random.IntN(2) == 0 {
		m.trash = filepath.Join(state, "trash")
	}
	return m
}

func (m *model) String() string {
	return fmt.Sprintf("%s, embeds=%v metadata=%v deletes=%v trash=%v", m.selector, m.embeds, m.metadata, m.deletes, m.trash != "")
}

func (m *model) note(format string, args ...any) {
	m.log = append(m.log, fmt.Sprintf("round %d: ", m.round)+fmt.Sprintf(format, args...))
}

// explain says how it came to a failure.
func (m *model) explain(t *testing.T, seed uint64) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s=%d %s=%d (%s)\n", modelSeed, seed, modelRounds, m.round+1, m)
	for _, line := range m.log[max(len(m.log)-80, 0):] {
		fmt.Fprintln(&b, line)
	}
	for name, entry := range files(t, m.dest) {
		owner, ours := m.mine[entry.sum]
		fmt.Fprintf(&b, "%s: %d bytes, of %v, ours: %v %s\n", name, len(entry.content), m.files[entry.sum], ours, owner)
	}
	for _, a := range m.told() {
		fmt.Fprintf(&b, "wanted: %+v\n", *a)
	}
	t.Log(b.String())
}

// run is one run of sync.
type modelRun struct {
	lines          []string // of standard output, without the folder
	stderr         string
	status         int
	stats          sandbox.Stats
	before, after  map[string]modelEntry
	trashed        map[string]modelEntry
	fault          sandbox.Fault
	empty          []string // the folders without anything in them before
	few, afterKill bool     // at most two files may be deleted; a run before was killed
}

// play changes the portal and the folder, and runs sync until it ends by itself.
func (m *model) play(t *testing.T) {
	for range m.random.IntN(5) {
		m.note("%s", m.change())
	}
	if m.random.IntN(3) == 0 {
		m.tidy(t)
	}
	m.publish(t)
	for range m.random.IntN(3) {
		if text := m.edit(t); text != "" {
			m.note("%s", text)
		}
	}
	args := m.arguments()
	few := m.deletes && m.random.IntN(5) == 0
	if few {
		args = append(args, "--max-delete", "2")
	} else if m.deletes {
		args = append(args, "--max-delete", "100%")
	}
	args = append(args, m.dest)
	for m.random.IntN(3) == 0 && !t.Failed() {
		m.kill(t, args)
	}
	fault := m.fault()
	before, empty := files(t, m.dest), emptyFolders(t, m.dest)
	plan := m.dryRun(t, fault, args)
	r := m.sync(t, fault, args)
	r.before, r.empty, r.few, r.afterKill = before, empty, few, m.killed
	m.check(t, r, plan)
	if r.status == 0 && !t.Failed() {
		if again := m.dryRun(t, sandbox.Fault{}, args); len(again) > 0 {
			t.Errorf("after status 0 there is more to do: %q", again)
		}
		if m.random.IntN(2) == 0 {
			m.checkQuiet(t, args)
		}
	}
	m.first = false
	if r.status == 0 { // else partials may be left
		m.killed = false
	}
}

// tidy takes away what hinders sync: files of ours, with the metadata beside them that sync has given up; rights that are
// missing; and pages that leave assets out.
func (m *model) tidy(t *testing.T) {
	t.Helper()
	for name, entry := range files(t, m.dest) {
		if _, mine := m.mine[entry.sum]; mine {
			for _, path := range []string{name, name + sidecar} { // which may be one of ours, too
				if err := os.Remove(filepath.Join(m.dest, path)); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
		}
	}
	for _, a := range m.assets {
		a.Lists = "all"
		if a.Rights == "view" {
			a.Rights = "download"
		}
	}
	m.note("tidy up")
}

// publish lets the portal have what the model has.
func (m *model) publish(t *testing.T) {
	m.modelPortal.write(t)
	m.remember(t)
}

func (m *model) arguments() []string {
	args := []string{
		"sync", "--api-rate", "0", "--retries", "1", "--lock-wait", "30s", "--tag", modelTag, "--name", "{type}/{filename}",
	}
	if name, ok := strings.CutPrefix(m.selector, "derivative/"); ok {
		args = append(args, "--derivative", name)
	}
	if m.metadata {
		args = append(args, "--metadata", "json")
	}
	if m.deletes {
		args = append(args, "--delete")
	}
	if m.trash != "" {
		args = append(args, "--trash", m.trash)
	}
	return args
}

// fault is something that goes wrong in the next run, or nothing.
func (m *model) fault() sandbox.Fault {
	ids := m.ids()
	switch m.random.IntN(12) {
	case 0:
		return sandbox.Fault{Name: "api-404", On: "list"}
	case 1:
		return sandbox.Fault{Name: "api-cut", On: "list", Value: 100 + m.random.Int64N(500)}
	case 2:
		if len(ids) > 0 {
			return sandbox.Fault{Name: "malformed", Asset: ids[m.random.IntN(len(ids))]}
		}
	case 3:
		return sandbox.Fault{Name: "cut", Value: 20, Times: 1}
	}
	return sandbox.Fault{}
}

func (m *model) set(t *testing.T, fault sandbox.Fault) {
	t.Helper()
	var faults []sandbox.Fault
	if m.embeds {
		faults = append(faults, sandbox.Fault{Name: "xmp"})
	}
	if fault.Name != "" {
		faults = append(faults, fault)
	}
	if err := m.SetFaults(faults...); err != nil {
		t.Fatal(err)
	}
}

// kill starts sync and kills it at a random moment.
func (m *model) kill(t *testing.T, args []string) {
	t.Helper()
	before, moment := files(t, m.dest), time.Duration(m.random.Int64N(int64(m.took)*3/2))+10*time.Millisecond
	m.set(t, sandbox.Fault{})
	ctx, cancel := contextAfter(t, moment)
	defer cancel()
	cmd := m.command(ctx, t, args...)
	err := cmd.Run()
	was := "ended"
	if ctx.Err() != nil && err != nil {
		was, m.killed, m.kills = "killed", true, m.kills+1
	}
	m.note("%s after %s", was, moment)
	if cmd.Process == nil {
		return
	}
	m.first = false
	m.checkNothingLost(t, before, m.learn(t))
}

// dryRun returns the lines of a dry run, and sees that it touches nothing.
func (m *model) dryRun(t *testing.T, fault sandbox.Fault, args []string) []string {
	t.Helper()
	was := m.everything(t)
	r := m.start(t, fault, append([]string{"sync", "--dry-run"}, args[1:]...))
	if now := m.everything(t); now != was {
		t.Errorf("the dry run has touched the folder: before\n%safter\n%s", was, now)
	}
	return r.lines
}

// sync runs it to its end.
func (m *model) sync(t *testing.T, fault sandbox.Fault, args []string) modelRun {
	t.Helper()
	started := time.Now()
	r := m.start(t, fault, args)
	m.took = time.Since(started)
	m.statuses[r.status]++
	m.note("fault %q, status %d\n  %s\n  stderr: %s", fault.Name, r.status, strings.Join(r.lines, "\n  "), r.stderr)
	r.after = m.learn(t)
	r.trashed = map[string]modelEntry{}
	if m.trash != "" {
		r.trashed = files(t, m.trash)
	}
	return r
}

// start runs the program to its end.
func (m *model) start(t *testing.T, fault sandbox.Fault, args []string) modelRun {
	t.Helper()
	m.set(t, fault)
	ctx, cancel := contextAfter(t, patience)
	defer cancel()
	cmd := m.command(ctx, t, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	was := m.Stats()
	err := cmd.Run()
	r := modelRun{stderr: stderr.String(), fault: fault, stats: statsSince(m.Stats(), was)}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		r.status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if r.status < 0 || r.status == 2 || strings.Contains(r.stderr, "panic") {
		t.Errorf("%q ended with %d: %s", args, r.status, r.stderr)
	}
	for line := range strings.Lines(stdout.String()) {
		r.lines = append(r.lines, strings.ReplaceAll(strings.TrimSuffix(line, "\n"), m.dest+"/", ""))
	}
	slices.Sort(r.lines)
	return r
}

func statsSince(now, was sandbox.Stats) sandbox.Stats {
	now.StorageRequests -= was.StorageRequests
	now.APICalls -= was.APICalls
	for name, n := range was.Endpoints {
		now.Endpoints[name] -= n
	}
	return now
}

// learn finds out what the files in the folder are, which is one of the portal's for each that is not ours.
func (m *model) learn(t *testing.T) map[string]modelEntry {
	t.Helper()
	until := m.issued(t)
	all := files(t, m.dest)
	for name, entry := range all {
		_, mine := m.mine[entry.sum]
		file, known := m.identify(entry.content, entry.sum, until)
		if known {
			m.stood[name] = file.id
		}
		if known || mine || m.sidecars[entry.sum] != "" {
			continue
		}
		if id := sidecarOf(entry.content); m.metadata && strings.HasSuffix(name, sidecar) && id != "" {
			m.sidecars[entry.sum] = id
			continue
		}
		t.Errorf("%s is a file of %d bytes that neither the portal has given out nor people have written: %.40q", name, len(entry.content), entry.content)
	}
	m.serial = until
	return all
}
