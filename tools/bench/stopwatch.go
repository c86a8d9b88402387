package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// stopwatchCommand makes this program run another one and print what it took.
//
// It is a process of its own because Linux counts the memory of the process that starts a program as that program's,
// until it has more itself: that of the servers here would hide what is measured. A stopwatch takes about 7 MiB, less
// than any row's limit.
const stopwatchCommand = "stopwatch"

// usage is what one run took.
type usage struct {
	Wall         time.Duration
	User, System time.Duration // CPU, of all processes that the run waited for
	Peak         int64         // bytes of memory, of the largest of these processes; 0 if the system does not report it
	Count        int64         `json:"-"` // of what the row counts; the stopwatch does not know it
}

// CPU is the time that the run kept processors busy.
func (u usage) CPU() time.Duration { return u.User + u.System }

// stopwatch runs args[2:], its output in the files args[0] and args[1], and writes its
// usage as JSON. It returns the exit status: the program's own.
func stopwatch(args []string) int {
	code, err := func() (int, error) {
		if len(args) < 3 {
			return 0, errors.New("two files and a command are needed")
		}
		stdout, err := os.Create(args[0])
		if err != nil {
			return 0, err
		}
		defer stdout.Close()
		stderr, err := os.Create(args[1])
		if err != nil {
			return 0, err
		}
		defer stderr.Close()
		cmd := exec.Command(args[2], args[3:]...) //nolint:noctx // the process that started the stopwatch ends both
		cmd.Stdout, cmd.Stderr = stdout, stderr
		began := time.Now()
		err = cmd.Run()
		u := usage{Wall: time.Since(began)}
		if cmd.ProcessState == nil {
			return 0, err
		}
		u.User, u.System = cmd.ProcessState.UserTime(), cmd.ProcessState.SystemTime()
		u.Peak = peakMemory(cmd.ProcessState)
		return cmd.ProcessState.ExitCode(), json.NewEncoder(os.Stdout).Encode(u)
	}()
	if err != nil {
		fmt.Fprintf(os.Stderr, "stopwatch: %v\n", err)
		return 126
	}
	return code
}

// timed is a run of a command under a stopwatch.
type timed struct {
	args, env []string
	dir       string // where it runs
	// stdout and stderr are files.
	stdout, stderr string
}

// run runs the command and returns what it took. A run that fails, or takes longer than
// any should, is an error with the end of what it said.
func (t timed) run(ctx context.Context) (usage, error) {
	const longest = 10 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return usage{}, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{stopwatchCommand, t.stdout, t.stderr}, t.args...)...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = t.env, t.dir, 5*time.Second
	endTogether(cmd)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("%s: %w: %s%s", t.args[0], err, complaint.String(), tail(t.stderr))
	}
	var u usage
	if err := json.Unmarshal(out.Bytes(), &u); err != nil {
		return usage{}, fmt.Errorf("reading the stopwatch: %w", err)
	}
	return u, nil
}

// tail is the end of a file, for an error.
func tail(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	const enough = 2000
	if info, err := f.Stat(); err == nil && info.Size() > enough {
		_, _ = f.Seek(-enough, io.SeekEnd)
	}
	b, _ := io.ReadAll(io.LimitReader(f, enough))
	return strings.TrimSpace(string(b))
}
