//go:build unix

package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// awaitHeld waits until the program has got as far as it gets.
func (s *site) awaitHeld(t *testing.T, byChild bool, file string, ended <-chan struct{}) {
	t.Helper()
	asked := s.asked
	if byChild {
		asked = nil
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for {
		select {
		case <-asked:
			return
		case <-tick.C:
			if _, err := os.Stat(file); byChild && err == nil {
				return
			}
		case <-ended:
			t.Error("it has ended")
			return
		case <-timeout:
			t.Fatalf("nothing has happened in %s", patience)
		}
	}
}

// start starts the program as a process of its own in a folder.
func start(t *testing.T, dir string, env map[string]string, in io.Reader, args ...string) (cmd *exec.Cmd, output *lockedBuffer) {
	t.Helper()
	program, err := exec.LookPath("bynder")
	if err != nil {
		t.Fatal(err)
	}
	output = new(lockedBuffer)
	cmd = exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, in, output, output, patience
	// A group of its own, as in scripts: in that of a terminal Ctrl-C would be known to reach children, too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir, "XDG_STATE_HOME=" + dir, "DBUS_SESSION_BUS_ADDRESS=autolaunch:", "GORACE=atexit_sleep_ms=0"}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, output
}

// processLeaks looks at what others can see of a running process: its arguments and the names of
// its threads; and at the arguments and the environment of its children.
func processLeaks(t *testing.T, pid int) (children int, found []string) {
	t.Helper()
	read := func(where, pattern string, pid int) {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/%s", pid, pattern))
		for _, file := range files {
			text, _ := os.ReadFile(file) // a thread may have ended
			if where == "arguments" && len(text) == 0 {
				t.Errorf("%s is empty", file)
			}
			found = append(found, leaks(where, text)...)
		}
	}
	read("arguments", "cmdline", pid)
	read("names of threads", "task/*/comm", pid)
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, child := range strings.Fields(string(text)) {
			number, err := strconv.Atoi(child)
			if err != nil {
				t.Fatal(err)
			}
			children++
			read("arguments", "cmdline", number)
			read("environment of a child", "environ", number)
		}
	}
	return children, found
}

// TestNoSecretIsSeenFromOutside looks at the program while it runs, which it does until a
// signal ends it: in the middle of a file, of a call, of its token_command, or of the
// sandbox's command. Where a secret is planted, it is found.
func TestNoSecretIsSeenFromOutside(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("this system shows no processes in /proc")
	}
	for _, tt := range []struct {
		name  string
		fault string
		kind  sandbox.Kind
		from  source
		args  string
		in    string
		child bool
		env   string // a value that the program and its children are to inherit
		finds string // the place where it or the command line shows, "" for none
	}{
		{name: "a file, keys in the environment", fault: "stall", kind: sandbox.OAuth1, from: environmentSource, args: commandLines[0].text},
		{name: "a file, client in the config file", fault: "stall", kind: sandbox.ClientCredentials, from: fileSource, args: commandLines[0].text},
		{name: "a call, token in the environment", fault: "api-stall", kind: sandbox.PermanentToken, from: environmentSource, args: "auth status -v"},
		{name: "a call, client in the environment", fault: "api-stall", kind: sandbox.ClientCredentials, from: environmentSource, args: "search -v --json"},
		{
			name: "a login", fault: "api-stall", kind: sandbox.PermanentToken, from: fileSource,
			args: "auth login --with-token --insecure-storage --domain $PORTAL", in: secrets.PermanentToken,
		},
		{name: "a token_command", kind: sandbox.PermanentToken, from: commandSource, args: "download $ASSET", child: true},
		{name: "the sandbox's command", kind: sandbox.OAuth1, from: environmentSource, args: "sandbox -- sh -c echo>started;cat<gate", child: true},
		{
			name: "planted in the arguments", fault: "api-stall", kind: sandbox.OAuth1, from: environmentSource,
			args: "items " + canary, finds: "arguments",
		},
		{
			name: "planted in the environment", kind: sandbox.PermanentToken, from: commandSource, args: "download $ASSET",
			child: true, env: secret("other"), finds: "environment of a child",
		},
		{
			name: "planted in a child's arguments", kind: sandbox.OAuth1, from: environmentSource,
			args: "sandbox -- sh -c echo>started;cat<gate;:" + canary, child: true, finds: "arguments",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := failure{name: healthy}
			if tt.fault != "" {
				f = failure{name: tt.fault, fault: sandbox.Fault{Name: tt.fault}}
			}
			s, dir := newSite(t, f), t.TempDir()
			env := settings(t, s, tt.kind, tt.from, dir)
			maps.DeleteFunc(env, func(name, _ string) bool { return strings.HasPrefix(name, "AWS_") }) // a token_command may need them
			env["ANOTHER"] = tt.env
			var own []string
			if tt.from == fileSource {
				own = append(own, env["BYNDER_CONFIG"])
			}
			if tt.from == commandSource { // one that does not end
				own = append(own, filepath.Join(dir, "vault"))
				write(t, env["BYNDER_CONFIG"], fmt.Sprintf("[profiles.default]\ndomain = '%s'\ntoken_command = ['sh', '-c', 'echo>started;cat<gate']\n", s.PortalURL()))
			}
			if err := syscall.Mkfifo(filepath.Join(dir, "gate"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd, output := start(t, dir, env, strings.NewReader(tt.in), s.words(tt.args, dir, dir)...)
			ended := make(chan struct{})
			go func() { _ = cmd.Wait(); close(ended) }() // the status tells
			s.awaitHeld(t, tt.child, filepath.Join(dir, "started"), ended)
			children, found := processLeaks(t, cmd.Process.Pid)
			if (children > 0) != tt.child {
				t.Errorf("it has %d children", children)
			}
			_ = cmd.Process.Signal(syscall.SIGINT) // it may have ended, which is said above
			<-ended
			if code := cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("exit status %d\n%s", code, output.Bytes())
			}
			if tt.finds != "" {
				if !slices.ContainsFunc(found, func(leak string) bool { return strings.HasPrefix(leak, tt.finds) }) {
					t.Errorf("nothing was found in the %s, but %q", tt.finds, found)
				}
				return
			}
			found = slices.Concat(found, leaks("output", output.Bytes()), s.signatures("output", output.Bytes()), s.search(t, dir, own))
			for _, leak := range found {
				t.Error(leak)
			}
		})
	}
}
