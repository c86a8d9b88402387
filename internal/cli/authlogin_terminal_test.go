//go:build unix

package cli

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/creack/pty"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// screen is what a person sees on a terminal.
type screen struct {
	t       *testing.T
	keys    *os.File
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // one token for each piece of output, dropped when full
	read    int           // how much of text was expected already
}

// openTerminal returns what a person has of a terminal and what a program has of it.
func openTerminal(t *testing.T) (s *screen, tty *os.File) {
	t.Helper()
	keys, tty, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	s = &screen{t: t, keys: keys, changed: make(chan struct{}, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 1024)
		for {
			n, err := keys.Read(buffer)
			s.mu.Lock()
			s.text.Write(buffer[:n])
			s.mu.Unlock()
			select {
			case s.changed <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		tty.Close() // which ends the read
		<-done
		keys.Close()
	})
	return s, tty
}

func (s *screen) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// expect waits until text appears after what was expected before.
func (s *screen) expect(text string) {
	s.t.Helper()
	limit := time.NewTimer(20 * time.Second) // far more than it takes
	defer limit.Stop()
	for {
		all := s.all()
		if i := strings.Index(all[s.read:], text); i >= 0 {
			s.read += i + len(text)
			return
		}
		select {
		case <-s.changed:
		case <-limit.C:
			s.t.Fatalf("%q does not appear on the screen:\n%s", text, all)
		}
	}
}

func (s *screen) press(text string) {
	s.t.Helper()
	if _, err := s.keys.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// answer waits for a question and types the answer to it.
func (s *screen) answer(question, answer string) {
	s.t.Helper()
	s.expect(question)
	s.press(answer + "\r")
}

// echoes reports whether a terminal shows what is typed, as stty (POSIX) tells it.
func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	stty := exec.CommandContext(t.Context(), "stty", "-a")
	stty.Stdin = terminal
	out, err := stty.Output()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.FieldsFunc(string(out), func(r rune) bool { return unicode.IsSpace(r) || r == ';' })
	shown, hidden := slices.Contains(words, "echo"), slices.Contains(words, "-echo")
	if shown == hidden {
		t.Fatalf("stty does not say whether the terminal echoes: %s", out)
	}
	return shown
}

// login starts `bynder auth login` on a terminal; status tells how it ended.
func (b *bench) login(t *testing.T, args ...string) (s *screen, status func() int) {
	t.Helper()
	s, tty := openTerminal(t)
	done := make(chan int, 1)
	go func() {
		done <- runAuth(t.Context(), Streams{In: tty, Out: tty, Err: tty, Getenv: func(name string) string { return b.env[name] }},
			b.keychain, append([]string{"login"}, args...))
	}()
	return s, func() int { return <-done }
}

func TestAuthLoginOnATerminal(t *testing.T) {
	for _, tt := range []struct {
		name    string
		choice  string
		values  [][2]string // question and variable
		storage string
	}{
		{"permanent token", "", [][2]string{{"Permanent token", "BYNDER_PERMANENT_TOKEN"}}, "keychain"},
		{"permanent token", "1", [][2]string{{"Permanent token", "BYNDER_PERMANENT_TOKEN"}}, "file"},
		{"OAuth 2 client credentials", "2", [][2]string{{"Client ID", "BYNDER_CLIENT_ID"}, {"Client secret", "BYNDER_CLIENT_SECRET"}}, "keychain"},
		{"OAuth 1.0a", "3", [][2]string{
			{"Consumer key", "BYNDER_CONSUMER_KEY"}, {"Consumer secret", "BYNDER_CONSUMER_SECRET"},
			{"Token", "BYNDER_TOKEN"}, {"Token secret", "BYNDER_TOKEN_SECRET"},
		}, "file"},
	} {
		t.Run(tt.name+" "+tt.storage, func(t *testing.T) {
			b := newBench(t, sandbox.Options{})
			var args []string
			if tt.storage == "file" {
				args = []string{"--insecure-storage"}
			}
			s, status := b.login(t, args...)
			s.answer("Portal (such as brand.getbynder.com): ", "http://brand.getbynder.com")
			s.expect("https://brand.getbynder.com") // not over plain http: asked again
			s.answer("Portal (such as brand.getbynder.com): ", b.portal.PortalURL())
			s.expect("2  OAuth 2 client credentials")
			s.answer("1, 2 or 3 [1]: ", "4")
			s.answer("1, 2 or 3 [1]: ", tt.choice)
			for i, v := range tt.values {
				if i == 0 {
					s.answer(v[0]+" (not shown): ", "") // asked again
				}
				s.answer(v[0]+" (not shown): ", b.credentials[v[1]])
			}
			s.expect("logged in to ")
			s.expect("as Sandbox User <sandbox@example.com>")
			s.expect(map[string]string{"keychain": "the system's keychain", "file": "credentials.toml"}[tt.storage])
			if code := status(); code != exitOK {
				t.Errorf("status %d", code)
			}
			if seen := b.secretsIn(s.all()); seen != nil {
				t.Errorf("the screen shows %v:\n%s", seen, s.all())
			}
			code, stdout, stderr := b.auth(t.Context(), nil, "status")
			if code != exitOK {
				t.Fatalf("status afterwards: %d, %q", code, stderr)
			}
			want(t, "status", stdout, tt.name, map[string]string{"keychain": "the keychain", "file": "credentials.toml"}[tt.storage])
		})
	}
}

func TestAuthLoginAsksOnlyWhatIsNotKnown(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	s, status := b.login(t, "--domain", b.portal.PortalURL(), "--profile", "press")
	s.expect("Portal: 127.0.0.1")
	s.answer("1, 2 or 3 [1]: ", "")
	s.answer("(not shown): ", b.credentials["BYNDER_PERMANENT_TOKEN"])
	s.expect(`of profile "press"`)
	if code := status(); code != exitOK || b.keychain.items["press"] == "" {
		t.Errorf("status %d, keychain %v", code, len(b.keychain.items))
	}
}

// A token may also be typed, or pasted, where --with-token expects a pipe.
func TestAuthLoginWithTokenOnATerminal(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	s, status := b.login(t, "--domain", b.portal.PortalURL(), "--with-token")
	s.answer("Permanent token (not shown): ", b.credentials["BYNDER_PERMANENT_TOKEN"])
	s.expect("logged in")
	if code := status(); code != exitOK {
		t.Errorf("status %d", code)
	}
	if seen := b.secretsIn(s.all()); seen != nil {
		t.Errorf("the screen shows %v", seen)
	}
}

func TestAuthLoginWithoutAKeychainAsksNothing(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.keychain.err = os.ErrDeadlineExceeded
	s, status := b.login(t)
	s.expect("Nothing was saved.")
	s.expect("--insecure-storage")
	if code := status(); code != exitFailed || strings.Contains(s.all(), "Portal (") {
		t.Errorf("status %d, and the screen is\n%s", code, s.all())
	}
}

func TestAuthLoginAtTheEndOfInput(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	s, status := b.login(t)
	s.answer("Portal (such as brand.getbynder.com): ", b.portal.PortalURL())
	s.answer("1, 2 or 3 [1]: ", "1")
	s.expect("(not shown): ")
	if echoes(t, s.keys) {
		t.Error("the terminal shows what is typed")
	}
	s.press("\x04") // Ctrl-D
	s.expect("the input ended")
	if code := status(); code != exitFailed || len(b.keychain.items) != 0 {
		t.Errorf("status %d", code)
	}
	if !echoes(t, s.keys) {
		t.Error("the terminal is left without echo")
	}
}

// TestAuthProcess is no test: it plays the program for TestAuthLoginStopped, because a
// signal needs a process.
func TestAuthProcess(t *testing.T) {
	if os.Getenv("CLI_TEST_AUTH") == "" {
		t.Skip("only for TestAuthLoginStopped")
	}
	ctx, stop := SignalContext()
	code := runAuth(ctx, System(), &memoryKeychain{items: map[string]string{}}, []string{"login", "--domain", "brand.example"})
	stop()
	os.Exit(code)
}

func TestAuthLoginStopped(t *testing.T) {
	for _, tt := range []struct {
		name   string
		stop   func(*screen, *exec.Cmd)
		secret bool
		status int
	}{
		{"Ctrl-C at a secret", func(s *screen, _ *exec.Cmd) { s.press("half\x03") }, true, 130},
		{"Ctrl-C at a line", func(s *screen, _ *exec.Cmd) { s.press("\x03") }, false, 130},
		{"TERM at a secret", func(_ *screen, c *exec.Cmd) { _ = c.Process.Signal(syscall.SIGTERM) }, true, 143},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAuthProcess$")
			cmd.Env = append(os.Environ(), "CLI_TEST_AUTH=1", "HOME="+t.TempDir(), "GORACE=atexit_sleep_ms=0")
			s, tty := openTerminal(t) // it outlives the program, as a shell's does
			cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if tt.secret {
				s.answer("1, 2 or 3 [1]: ", "")
				s.expect("(not shown): ")
			} else {
				s.expect("1, 2 or 3 [1]: ")
			}
			tt.stop(s, cmd)
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != tt.status {
				t.Errorf("status %d, want %d; the screen is\n%s", code, tt.status, s.all())
			}
			if !echoes(t, tty) {
				t.Error("the terminal is left without echo")
			}
			if strings.Contains(s.all(), "half") {
				t.Errorf("the screen shows what was typed:\n%s", s.all())
			}
		})
	}
}
