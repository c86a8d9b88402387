package download_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sandbox"
	"github.com/bynder-cli/bynder/internal/sink"
)

// The plays are what rows do beside a plain get.

// middle is how many bytes have been written when something happens in the middle. The
// fault stall=64K sees that they are not more.
const middle = 64 << 10

// interrupted ends the run in the middle, as Ctrl-C does.
func interrupted(ctx context.Context, g *rig) (download.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g.hooks.advanced = func(landed int64) {
		if landed >= middle {
			cancel()
		}
	}
	return g.get(ctx)
}

// interruptedBeforeAnswer ends the run while the portal has not answered.
func interruptedBeforeAnswer(ctx context.Context, g *rig) (download.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_ = await(ctx, func() bool { return g.sandbox.Stats().APICalls > 0 })
		cancel()
	}()
	return g.get(ctx)
}

// interruptedAtRetry ends the run while it waits before another try.
func interruptedAtRetry(ctx context.Context, g *rig) (download.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g.hooks.retried = func(error, time.Duration) { cancel() }
	return g.get(ctx)
}

// again gets the file and then plays the row's faults.
func again(faults string) func(context.Context, *rig) (download.Result, error) {
	return func(ctx context.Context, g *rig) (download.Result, error) {
		if r, err := g.get(ctx); err != nil || r.Status != download.Downloaded {
			return r, errors.Join(err, errors.New("the first run did not get the file"))
		}
		if err := g.fetched.file.Truncate(0); err != nil {
			return download.Result{}, err
		}
		strikes, err := parseFaults(faults)
		if err != nil {
			return download.Result{}, err
		}
		if err := g.sandbox.SetFaults(strikes...); err != nil {
			return download.Result{}, err
		}
		return g.get(ctx)
	}
}

// continuing interrupts a first run in the middle, changes the partial that it left, and
// runs again with faults.
func continuing(faults string, change func(partial *os.File) error) func(context.Context, *rig) (download.Result, error) {
	return func(ctx context.Context, g *rig) (download.Result, error) {
		if err := g.sandbox.SetFaults(sandbox.Fault{Name: "stall", Value: middle}); err != nil {
			return download.Result{}, err
		}
		if r, err := interrupted(ctx, g); err != nil || r.Status != download.Failed {
			return r, errors.Join(err, errors.New("the first run was not interrupted"))
		}
		g.hooks = hooks{}
		partials, err := filepath.Glob(filepath.Join(g.folder, "*.part"))
		if err != nil || len(partials) != 1 {
			return download.Result{}, errors.Join(err, fmt.Errorf("partials are %q", partials))
		}
		if change != nil {
			f, err := os.OpenFile(partials[0], os.O_WRONLY, 0)
			if err == nil {
				err = errors.Join(change(f), f.Close())
			}
			if err != nil {
				return download.Result{}, err
			}
		}
		strikes, err := parseFaults(faults)
		if err == nil {
			err = g.sandbox.SetFaults(strikes...)
		}
		if err != nil {
			return download.Result{}, err
		}
		return g.get(ctx)
	}
}

// overwritten puts zeros where a power loss would.
func overwritten(partial *os.File) error {
	_, err := partial.WriteAt(make([]byte, 4096), middle-4096)
	return err
}

func lengthened(partial *os.File) error { return partial.Truncate(1 << 20) }

// interruptedInQueue ends a run that waits for another one which gets the same file.
func interruptedInQueue(ctx context.Context, g *rig) (download.Result, error) {
	var (
		waiter    = *g
		result    download.Result
		waiterErr error
	)
	g.hooks.started = func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		waiter.hooks.answered = func() { time.AfterFunc(100*time.Millisecond, cancel) }
		result, waiterErr = waiter.get(ctx)
	}
	first, err := g.get(ctx)
	if first.Status != download.Downloaded {
		err = errors.Join(err, fmt.Errorf("the run that was first: %+v", first))
	}
	return result, errors.Join(err, waiterErr)
}

// fromSavedList gets a derivative whose link was listed before.
func fromSavedList(ctx context.Context, g *rig) (download.Result, error) {
	g.saved = true
	return g.get(ctx)
}

// policy gets the file where another one has its name.
func policy(p sink.IfExists) func(context.Context, *rig) (download.Result, error) {
	return func(ctx context.Context, g *rig) (download.Result, error) {
		if err := os.WriteFile(g.final(), []byte("another file"), 0o666); err != nil {
			return download.Result{}, err
		}
		g.sink.IfExists = p
		r, err := g.get(ctx)
		if r.Status == download.Failed || r.Status == download.Skipped {
			got, readErr := os.ReadFile(g.final())
			if readErr != nil || string(got) != "another file" {
				err = errors.Join(err, fmt.Errorf("the file that was there is %q now, %w", got, readErr))
			}
		}
		return r, err
	}
}

// final is where the file goes.
func (g *rig) final() string { return filepath.Join(g.folder, g.object().Name) }

// appears has another program make a file of that name in the middle.
func appears(ctx context.Context, g *rig) (download.Result, error) {
	var failed error
	g.hooks.started = func() { failed = os.WriteFile(g.final(), []byte("another file"), 0o666) }
	r, err := g.get(ctx)
	got, readErr := os.ReadFile(g.final())
	if readErr != nil || string(got) != "another file" {
		err = errors.Join(err, fmt.Errorf("the file that appeared is %q now, %w", got, readErr))
	}
	return r, errors.Join(failed, err)
}

// sweptAway has another program remove the partial in the middle.
func sweptAway(ctx context.Context, g *rig) (download.Result, error) {
	var failed error
	g.hooks.started = func() {
		partials, err := filepath.Glob(filepath.Join(g.folder, "*.part"))
		if len(partials) != 1 {
			err = errors.Join(err, fmt.Errorf("partials are %q", partials))
		}
		for _, path := range partials {
			err = errors.Join(err, os.Remove(path))
		}
		failed = err
	}
	r, err := g.get(ctx)
	return r, errors.Join(failed, err)
}

// folderInTheWay has a folder where the file goes.
func folderInTheWay(ctx context.Context, g *rig) (download.Result, error) {
	if err := os.Mkdir(g.final(), 0o777); err != nil {
		return download.Result{}, err
	}
	return g.get(ctx)
}

func removeInTheWay(g *rig) error { return os.Remove(g.final()) }

// toStdout gets the file to what cannot be taken back.
func toStdout(ctx context.Context, g *rig) (download.Result, error) {
	var out bytes.Buffer
	g.out = &out
	r, err := g.get(ctx)
	if err != nil {
		return r, err
	}
	stored := make([]byte, out.Len())
	_, _ = g.object().ReadAt(stored, 0)
	switch right := bytes.Equal(stored, out.Bytes()); {
	case r.Error == nil && (!right || int64(out.Len()) != g.object().Size):
		return r, fmt.Errorf("the %d bytes that came out are not the file", out.Len())
	case r.Error != nil && r.Error.Code != download.CodeIntegrity && !right:
		return r, fmt.Errorf("the %d bytes that came out are no beginning of the file", out.Len())
	}
	return r, nil
}

// codeKilled is in the result of a run that came to none.
const codeKilled download.Code = "killed"

// killed has the program killed in the middle.
func killed(ctx context.Context, g *rig) (download.Result, error) {
	err := g.another(ctx, otherProcess{KillAt: middle})
	if !errors.As(err, new(*exec.ExitError)) {
		return download.Result{}, fmt.Errorf("the process was not killed: %w", err)
	}
	return download.Result{Status: download.Failed, Error: &download.Failure{Code: codeKilled, Message: "killed"}}, nil
}

// twoProcesses has another process get the same file at the same time.
func twoProcesses(ctx context.Context, g *rig) (download.Result, error) {
	second := make(chan error, 1)
	result := filepath.Join(filepath.Dir(g.state), "result")
	var waited error
	g.hooks.started = func() {
		go func() { second <- g.another(ctx, otherProcess{Result: result}) }()
		waited = await(ctx, func() bool { return g.sandbox.Stats().StorageRequests == 2 })
	}
	first, err := g.get(ctx)
	if err := errors.Join(err, waited, <-second); err != nil {
		return first, err
	}
	var other download.Result
	text, err := os.ReadFile(result)
	if err == nil {
		err = json.Unmarshal(text, &other)
	}
	if err == nil && other.Status != download.Unchanged {
		err = fmt.Errorf("the other process says %s", text)
	}
	return first, err
}

// waiterTakesOver has the process that got the file first killed while this one waits
// for it.
func waiterTakesOver(ctx context.Context, g *rig) (download.Result, error) {
	flag := filepath.Join(filepath.Dir(g.state), "somebody-waits")
	first := make(chan error, 1)
	go func() { first <- g.another(ctx, otherProcess{KillAt: middle, KillAfter: flag}) }()
	err := await(ctx, func() bool {
		found, _ := filepath.Glob(filepath.Join(g.folder, "*.part"))
		if len(found) != 1 {
			return false
		}
		info, err := os.Stat(found[0])
		return err == nil && info.Size() >= middle
	})
	if err != nil {
		return download.Result{}, err
	}
	var waiting atomic.Bool
	g.hooks.answered = func() {
		if !waiting.Swap(true) {
			err = os.WriteFile(flag, nil, 0o666)
		}
	}
	r, getErr := g.get(ctx)
	if r.ResumedFrom < middle {
		getErr = errors.Join(getErr, fmt.Errorf("continued from %d", r.ResumedFrom))
	}
	if end := <-first; !errors.As(end, new(*exec.ExitError)) {
		getErr = errors.Join(getErr, fmt.Errorf("the first process was not killed: %w", end))
	}
	return r, errors.Join(err, getErr)
}

// otherProcess is what another process is to do beside getting the file.
type otherProcess struct {
	Portal, Asset, Folder, State, Fetched string // as rig has them

	Result    string // the file to write the result to
	KillAt    int64  // kills itself when so many bytes have been written
	KillAfter string // and this file has appeared
}

const otherProcessVariable = "BYNDER_TEST_OTHER_PROCESS"

// another runs another process against the same portal and folder, and returns when it
// has ended.
func (g *rig) another(ctx context.Context, p otherProcess) error {
	p.Portal, p.Asset, p.Folder, p.State, p.Fetched = g.portal.String(), g.asset, g.folder, g.state, g.fetched.file.Name()
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "-test.run=^TestOtherProcess$")
	cmd.Env = append(os.Environ(), otherProcessVariable+"="+string(text))
	output, err := cmd.CombinedOutput()
	if err != nil && len(output) > 0 {
		err = fmt.Errorf("%w: %s", err, output)
	}
	return err
}

// TestOtherProcess is the other process, not a test.
func TestOtherProcess(t *testing.T) {
	text := os.Getenv(otherProcessVariable)
	if text == "" {
		t.Skip("only rows of TestFaults run it, as another process")
	}
	var p otherProcess
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	portal, err := url.Parse(p.Portal)
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := openCounter(p.Fetched)
	if err != nil {
		t.Fatal(err)
	}
	defer fetched.file.Close()
	g := &rig{portal: portal, asset: p.Asset, folder: p.Folder, state: p.State, fetched: fetched, requests: &requests{}}
	g.hooks.advanced = func(landed int64) {
		if p.KillAt == 0 || landed < p.KillAt {
			return
		}
		if p.KillAfter != "" {
			if err := await(t.Context(), func() bool { _, err := os.Stat(p.KillAfter); return err == nil }); err != nil {
				panic(err)
			}
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		panic(fmt.Sprint("still alive: ", err))
	}
	r, err := g.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(p.Result, result, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// await waits until ok, for what another process does and nothing else tells.
func await(ctx context.Context, ok func() bool) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
