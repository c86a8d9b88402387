package budget

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bynder-cli/bynder/internal/filelock"
)

// The environment that makes this test binary one of the processes of a test.
const (
	roleVariable   = "BUDGET_TEST_ROLE"
	dirVariable    = "BUDGET_TEST_DIR"
	serverVariable = "BUDGET_TEST_SERVER"
)

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		goleak.VerifyTestMain(m)
	case "caller":
		exitOn(callServer(os.Getenv(dirVariable), os.Getenv(serverVariable)))
	case "holder":
		exitOn(holdLock(os.Getenv(dirVariable)))
	default:
		exitOn(fmt.Errorf("no such role: %s", role))
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// callServer calls the server from several goroutines, each call paid for, until the
// server has had enough.
func callServer(dir, server string) error {
	b, err := Open(testPortal, MaxRate, Options{Dir: dir})
	if err != nil {
		return err
	}
	errEnough := errors.New("enough")
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				if err := b.Wait(ctx); err != nil {
					stop(err)
					return
				}
				answer, err := http.Get(server) //nolint:forbidigo // a server of the test's own
				if err != nil {
					stop(err)
					return
				}
				answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					stop(errEnough)
				}
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, errEnough) {
		return err
	}
	return b.Unshared()
}

// holdLock takes the lock, says so, and keeps it until it is killed or its standard input
// ends.
func holdLock(dir string) error {
	b, err := Open(testPortal, MaxRate, Options{Dir: dir})
	if err != nil {
		return err
	}
	return b.store.update(context.Background(), func(*state) {
		fmt.Println("locked")
		_, _ = io.Copy(io.Discard, os.Stdin)
	})
}

// child is this test binary in a role.
func child(t *testing.T, role, dir, server string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, dirVariable+"="+dir, serverVariable+"="+server)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestEightProcessesShareOneAllowance(t *testing.T) {
	const (
		processes = 8
		enough    = 205 // the burst at 14/s is 200
	)
	var (
		mu     sync.Mutex
		served int
		latest time.Time
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		served++
		latest = time.Now()
		if served > enough {
			http.Error(w, "enough", http.StatusGone)
		}
	}))
	defer server.Close()
	dir, start := t.TempDir(), time.Now()
	var all []*exec.Cmd
	for range processes {
		cmd := child(t, "caller", dir, server.URL)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if served < enough+processes {
		t.Fatalf("%d calls were made, want %d and one refused to each process", served, enough)
	}
	// However slow this machine is, more time only allows more calls.
	took := latest.Sub(start).Seconds()
	if allowed := burst(MaxRate) + MaxRate*took; float64(served) > allowed {
		t.Errorf("%d calls in %.3f s, %.1f are allowed", served, took, allowed)
	}
}

func TestLockOfAKilledProcessIsFree(t *testing.T) {
	dir := t.TempDir()
	holder := child(t, "holder", dir, "")
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "locked\n" {
		t.Fatalf("%q, %v", line, err)
	}

	b := open(t, MaxRate, Options{Dir: dir})
	f, err := b.store.open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := filelock.Try(f); !errors.Is(err, filelock.ErrHeld) {
		t.Fatalf("while it lives: %v", err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- b.Wait(t.Context()) }()

	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var killed *exec.ExitError
	if err := holder.Wait(); !errors.As(err, &killed) {
		t.Errorf("the holder ended with %v", err)
	}
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	if err := b.Unshared(); err != nil {
		t.Errorf("the waiting process gave the lock up: %v", err)
	}
	if err := filelock.Try(f); err != nil {
		t.Errorf("after its death: %v", err)
	}
}
