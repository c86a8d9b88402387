//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// process is a program under test, on pipes or on a terminal.
type process struct {
	cmd  *exec.Cmd
	want string        // how it has to end, see status
	done chan struct{} // closed when it has ended and all its output is here

	given []*os.File // the process's own, closed here once it has them
	kept  []*os.File // the other ends
	tty   *os.File   // of those, the one that terminals are read and written at

	mu             sync.Mutex
	stdout, stderr bytes.Buffer
	screen         *screen       // where it has a terminal, which stdout then has the bytes of
	changed        chan struct{} // closed, and replaced, when there is more to see
}

func newProcess() *process {
	return &process{cmd: new(exec.Cmd), done: make(chan struct{}), changed: make(chan struct{})}
}

// newPiped is a process whose streams are pipes; it reads nothing. stdout and stderr
// are "closed" or "blocked" where they are to be so.
func newPiped(stdout, stderr string) (*process, error) {
	p := newProcess()
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = patience
	var err error
	if p.cmd.Stdout, err = p.stream(stdout, &p.stdout); err != nil {
		return nil, err
	}
	p.cmd.Stderr, err = p.stream(stderr, &p.stderr)
	return p, err
}

// newOnTerminal is a process whose three streams are a terminal, its controlling one.
func newOnTerminal(cols, rows uint16) (*process, error) {
	master, tty, err := pty.Open()
	if err != nil {
		return nil, err
	}
	p := newProcess()
	p.given, p.kept, p.tty = []*os.File{tty}, []*os.File{master}, master
	p.screen = newScreen(int(cols))
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = tty, tty, tty
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return p, pty.Setsize(master, &pty.Winsize{Cols: cols, Rows: rows})
}

// stream is where a process writes to: buf, or a pipe that nobody reads.
func (p *process) stream(kind string, buf *bytes.Buffer) (io.Writer, error) {
	if kind == "" {
		return output(func(b []byte) { p.add(buf, b) }), nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.given = append(p.given, w)
	switch kind {
	case "closed":
		return w, r.Close()
	case "blocked":
		p.kept = append(p.kept, r)
		return w, fill(int(w.Fd()))
	default:
		return nil, fmt.Errorf("a stream is closed or blocked, not %q", kind)
	}
}

// fill writes to a pipe until it takes no more.
func fill(fd int) error {
	if err := unix.SetNonblock(fd, true); err != nil {
		return err
	}
	for {
		_, err := unix.Write(fd, make([]byte, 4096))
		if errors.Is(err, unix.EAGAIN) {
			return unix.SetNonblock(fd, false)
		}
		if err != nil {
			return err
		}
	}
}

// output is a function that takes what is written.
type output func([]byte)

func (o output) Write(b []byte) (int, error) {
	o(b)
	return len(b), nil
}

// add takes what the process has written.
func (p *process) add(buf *bytes.Buffer, b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	buf.Write(b)
	if p.screen != nil {
		p.screen.write(b)
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// start runs a command line in the script's folder and with its environment.
func (p *process) start(ts *testscript.TestScript, args []string) error {
	path, err := lookUp(ts, args[0])
	if err != nil {
		return err
	}
	p.cmd.Path, p.cmd.Args, p.cmd.Dir, p.cmd.Env = path, args, ts.MkAbs("."), environment(ts)
	err = p.cmd.Start()
	for _, f := range p.given {
		f.Close()
	}
	if err != nil {
		return err
	}
	var reading sync.WaitGroup
	if p.tty != nil {
		reading.Go(p.read)
	}
	go func() {
		_ = p.cmd.Wait() // the status tells
		reading.Wait()
		close(p.done)
	}()
	return nil
}

// read takes what comes to the terminal until the last process has closed its side.
func (p *process) read() {
	piece := make([]byte, 4096)
	for {
		n, err := p.tty.Read(piece)
		p.add(&p.stdout, piece[:n])
		if err != nil { // EIO, or after hangup
			return
		}
	}
}

// release ends whatever is left of a process and its children.
func (p *process) release() {
	if p.cmd.Process != nil {
		select {
		case <-p.done:
		default:
			_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may just have ended
			<-p.done
		}
	}
	for _, f := range p.kept {
		f.Close()
	}
}

// end waits for the process, passes its output on to the script and checks how it ended.
func (p *process) end(ts *testscript.TestScript) {
	select {
	case <-p.done:
	case <-time.After(patience):
		text, _ := p.shown()
		ts.Fatalf("%v has not ended after %s:\n%s", p.cmd.Args, patience, text)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.screen != nil {
		fmt.Fprint(ts.Stdout(), p.screen.text())
		fmt.Fprint(ts.Stderr(), p.stdout.String())
		if unknown := p.screen.unknown; len(unknown) > 0 {
			ts.Fatalf("the terminal was sent %q", unknown)
		}
	} else {
		fmt.Fprint(ts.Stdout(), p.stdout.String())
		fmt.Fprint(ts.Stderr(), p.stderr.String())
	}
	if got := p.status(); got != p.want {
		ts.Fatalf("%v: exit status %s, want %s", p.cmd.Args, got, p.want)
	}
	for line := range strings.Lines(p.stdout.String() + "\n" + p.stderr.String()) {
		if phrase, write := stumblesInMessage(line); phrase != "" {
			ts.Fatalf("%v: the message has %q: write %s\n%s", p.cmd.Args, phrase, write, line)
		}
	}
}

// status is how the process ended: its exit status, or the signal that killed it.
func (p *process) status() string {
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return unix.SignalName(s.Signal())
	}
	return strconv.Itoa(p.cmd.ProcessState.ExitCode())
}

// shown is what can be read of the process now, and a channel that is closed when
// there is more.
func (p *process) shown() (text string, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.screen != nil {
		return p.screen.text(), p.changed
	}
	return p.stdout.String() + p.stderr.String(), p.changed
}

// lookUp finds a program as a shell would, by the script's PATH.
func lookUp(ts *testscript.TestScript, name string) (string, error) {
	if filepath.Base(name) != name {
		return ts.MkAbs(name), nil
	}
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}

// inherited are the variables that programs get from a script, where it has set them.
var inherited = []string{
	"WORK", "PATH", "HOME", "XDG_STATE_HOME", "TMPDIR", "TERM", "NO_COLOR", "GORACE", "GOTRACEBACK",
	"BYNDER_DOMAIN", "BYNDER_CONSUMER_KEY", "BYNDER_CONSUMER_SECRET", "BYNDER_TOKEN", "BYNDER_TOKEN_SECRET",
	"BYNDER_PERMANENT_TOKEN", "BYNDER_CLIENT_ID", "BYNDER_CLIENT_SECRET", "BYNDER_PROFILE", "BYNDER_CONFIG",
	"TWITTER", "EMPTY", "PARTS",
}

func environment(ts *testscript.TestScript) []string {
	// No keychain: that of whoever runs the tests is none of their business.
	env := []string{"DBUS_SESSION_BUS_ADDRESS=autolaunch:"}
	for _, name := range inherited {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
