package sink

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/bynder-cli/bynder/internal/download"
)

// child is another process that works in folder.
func child(mode, folder string) error {
	d, err := NewDir(folder, DirOptions{})
	if err != nil {
		return err
	}
	ctx := context.Background()
	switch mode {
	case "half": // receives half of a file, says so, and the rest when it is told to
		p, err := d.Begin(ctx, original("a.jpg", "A"), object(whole))
		if err != nil {
			return err
		}
		if _, err := io.WriteString(p, whole[:5]); err != nil {
			return err
		}
		fmt.Println("half")
		if _, err := io.ReadAll(os.Stdin); err != nil {
			return err
		}
		if _, err := io.WriteString(p, whole[5:]); err != nil {
			return err
		}
		_, err = p.Publish(ctx)
		return err
	case "loop": // receives files, byte by byte, and says so of each byte
		for i := 0; ; i++ {
			name := fmt.Sprintf("%d.jpg", i)
			p, err := d.Begin(ctx, original(name, name), object(whole))
			if err != nil {
				return err
			}
			for _, b := range []byte(whole) {
				if _, err := p.Write([]byte{b}); err != nil {
					return err
				}
				fmt.Println(name)
			}
			if _, err := p.Publish(ctx); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("no such mode: %s", mode)
}

// start runs a child and returns it with its standard input and output.
func start(t *testing.T, mode, folder string) (*exec.Cmd, io.Closer, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, folder)
	cmd.Env = append(os.Environ(), childMode+"="+mode)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, stdin, bufio.NewScanner(stdout)
}

func TestTwoProcesses(t *testing.T) {
	folder := t.TempDir()
	cmd, stdin, stdout := start(t, "half", folder)
	if !stdout.Scan() {
		t.Fatal("the other process said nothing")
	}
	outcome := make(chan error)
	go func() {
		p, err := newDir(t, folder, DirOptions{}).Begin(t.Context(), original("a.jpg", "A"), object(whole))
		if err == nil {
			err = p.Discard()
		}
		outcome <- err
	}()
	_ = stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	wantPresent(t, <-outcome, download.Unchanged, "a.jpg")
	wantFiles(t, folder, map[string]string{"a.jpg": whole})
}

func TestProcessThatWasKilledIsContinued(t *testing.T) {
	folder := t.TempDir()
	cmd, _, stdout := start(t, "half", folder)
	if !stdout.Scan() {
		t.Fatal("the other process said nothing")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	p := begin(t, newDir(t, folder, DirOptions{}), original("a.jpg", "A"), object(whole))
	if p.Held() != 5 {
		t.Errorf("held is %d, want 5", p.Held())
	}
	write(t, p, whole[p.Held():])
	publish(t, p)
	wantFiles(t, folder, map[string]string{"a.jpg": whole})
}

// Whenever a process is killed, each final name is of a whole file, and one more
// run leaves nothing else behind.
func TestKilledAtAnyMoment(t *testing.T) {
	for range 8 {
		folder := t.TempDir()
		cmd, _, stdout := start(t, "loop", folder)
		last := ""
		for range 1 + rand.IntN(20*len(whole)) {
			if !stdout.Scan() {
				t.Fatal("the other process ended")
			}
			last = stdout.Text()
		}
		_ = cmd.Process.Kill()
		for stdout.Scan() {
			last = stdout.Text()
		}
		_ = cmd.Wait()

		d := newDir(t, folder, DirOptions{})
		var count int
		if _, err := fmt.Sscanf(last, "%d.jpg", &count); err != nil {
			t.Fatal(err)
		}
		for i := range count + 2 { // it may have begun another
			name := fmt.Sprintf("%d.jpg", i)
			if content, err := os.ReadFile(filepath.Join(folder, name)); err == nil && string(content) != whole {
				t.Fatalf("%s is %q", name, content)
			}
			p, err := d.Begin(t.Context(), original(name, name), object(whole))
			if err != nil {
				wantPresent(t, err, download.Unchanged, name)
				continue
			}
			write(t, p, whole[p.Held():])
			publish(t, p)
		}
		for name, content := range files(t, folder) {
			if content != whole || strings.HasSuffix(name, ".part") {
				t.Errorf("left behind: %s with %q", name, content)
			}
		}
	}
}

// Each file is received in a random sequence of attempts, every one by a Dir of
// its own, some killed; the file changes now and then. At no moment is anything
// but a whole version under the final name.
func TestAnySequenceOfAttempts(t *testing.T) {
	versions := []string{strings.Repeat("first", 40), strings.Repeat("second", 50), strings.Repeat("3rd", 60)}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 7))
		folder := t.TempDir()
		policy := IfExists(random.IntN(3)) // Rename would make more names
		if policy == Skip {
			policy = Overwrite
		}
		published := ""
		version := versions[0]
		for range 30 {
			if random.IntN(6) == 0 {
				version = versions[random.IntN(len(versions))]
			}
			d, err := NewDir(folder, DirOptions{IfExists: policy, NoResume: random.IntN(8) == 0})
			if err != nil {
				t.Fatal(err)
			}
			p, err := d.Begin(t.Context(), original("a.jpg", "A"), object(version))
			if err != nil {
				if published == "" {
					t.Fatalf("seed %d: %v", seed, err)
				}
				_ = d.Close()
				continue
			}
			if r, err := p.Prefix(); err != nil {
				t.Fatal(err)
			} else if held, _ := io.ReadAll(r); string(held) != version[:p.Held()] {
				t.Fatalf("seed %d: the partial holds %q of %q", seed, held, version)
			}
			rest := version[p.Held():]
			write(t, p, rest[:random.IntN(len(rest)+1)])
			switch random.IntN(5) {
			case 0:
				_ = p.Keep()
			case 1:
				_ = p.Discard()
			case 2, 3:
				kill(p)
			default:
				if _, err := p.Publish(t.Context()); err == nil {
					published = version
				}
			}
			_ = d.Close()
			if content, err := os.ReadFile(filepath.Join(folder, "a.jpg")); err == nil && string(content) != published {
				t.Fatalf("seed %d: the file is %q", seed, content)
			} else if err != nil && published != "" {
				t.Fatalf("seed %d: the file is gone: %v", seed, err)
			}
			if len(files(t, folder)) > 2 {
				t.Fatalf("seed %d: the folder has %q", seed, files(t, folder))
			}
		}
	}
}

// Many receive one file at once, from several processes as far as the system can
// tell. Only one transfers it.
func TestManyAtOnce(t *testing.T) {
	for _, policy := range []IfExists{Fail, Skip, Overwrite, Rename} {
		folder := t.TempDir()
		var transferred atomic.Int32
		var running sync.WaitGroup
		for range 4 {
			d := newDir(t, folder, DirOptions{IfExists: policy})
			for range 4 {
				running.Go(func() {
					p, err := d.Begin(t.Context(), original("a.jpg", "A"), object(whole))
					var present *download.Present
					if errors.As(err, &present) && present.Status == download.Unchanged {
						return
					}
					if err != nil {
						t.Errorf("%s: %v", policy, err)
						return
					}
					transferred.Add(1)
					if _, err := io.WriteString(p, whole[p.Held():]); err != nil {
						t.Error(err)
					}
					if _, err := p.Publish(t.Context()); err != nil {
						t.Errorf("%s: %v", policy, err)
					}
				})
			}
		}
		running.Wait()
		if n := transferred.Load(); n != 1 {
			t.Errorf("%s: %d transferred it", policy, n)
		}
		wantFiles(t, folder, map[string]string{"a.jpg": whole})
	}
}

// Another holder of a lock is played by a second Dir in this process: its file is
// another one for the system.
func TestWaitForTheLock(t *testing.T) {
	for what, end := range map[string]func(download.Partial) error{
		"published": func(p download.Partial) error { _, err := p.Publish(context.Background()); return err },
		"kept":      download.Partial.Keep,
		"discarded": download.Partial.Discard,
		"killed":    func(p download.Partial) error { kill(p); return nil },
	} {
		for _, policy := range []IfExists{Fail, Overwrite} {
			for _, shared := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, one process %v", what, policy, shared), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { waitForTheLock(t, what, end, policy, shared) })
				})
			}
		}
	}
}

func waitForTheLock(t *testing.T, what string, end func(download.Partial) error, policy IfExists, shared bool) {
	folder := t.TempDir()
	ours := newDir(t, folder, DirOptions{IfExists: policy})
	theirs := ours
	if !shared {
		theirs = newDir(t, folder, DirOptions{IfExists: policy})
	}
	first := begin(t, theirs, original("a.jpg", "A"), object(whole))
	write(t, first, whole)
	var (
		second  download.Partial
		err     error
		arrived = make(chan struct{})
	)
	go func() {
		defer close(arrived)
		second, err = ours.Begin(t.Context(), original("a.jpg", "A"), object(whole))
	}()
	synctest.Wait()
	select {
	case <-arrived:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	if err := end(first); err != nil {
		t.Fatal(err)
	}
	<-arrived
	if what == "published" {
		wantPresent(t, err, download.Unchanged, "a.jpg")
		wantFiles(t, folder, map[string]string{"a.jpg": whole})
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, second, whole[second.Held():])
	publish(t, second)
	wantFiles(t, folder, map[string]string{"a.jpg": whole})
}

func TestWaitForTheLockEndsWithTheRun(t *testing.T) {
	for _, shared := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			folder := t.TempDir()
			ours := newDir(t, folder, DirOptions{})
			theirs := ours
			if !shared {
				theirs = newDir(t, folder, DirOptions{})
			}
			first := begin(t, theirs, original("a.jpg", "A"), object(whole))
			ctx, cancel := context.WithCancel(t.Context())
			outcome := make(chan error)
			go func() {
				_, err := ours.Begin(ctx, original("a.jpg", "A"), object(whole))
				outcome <- err
			}()
			synctest.Wait()
			cancel()
			wantCode(t, <-outcome, download.CodeInterrupted)
			write(t, first, whole)
			publish(t, first)
			wantFiles(t, folder, map[string]string{"a.jpg": whole})
		})
	}
}
