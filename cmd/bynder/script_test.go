//go:build unix

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// scriptCommands are what the scripts say beside the commands of package testscript.
//
//	exits [-stdout closed|blocked] [-stderr blocked] STATUS cmd args... [&name&]
//
// runs cmd and fails unless it ends with STATUS, which is a number or the name of the
// signal that kills it (SIGINT). closed is a pipe whose reader has gone, blocked is a
// full pipe that nobody reads. With &name& it goes on in the background until
//
//	ends name
//
// which waits for it and checks the STATUS. Both leave its output to stdout and stderr.
//
//	pty [-cols N] [-rows N] STATUS cmd args... [&name&]
//
// is the same on a terminal of that size, which is stdin, stdout and stderr of cmd.
// Afterwards stdout is what can be read on the screen, and stderr the bytes as they came.
//
//	await name regexp      wait until its screen, or its output, shows it; stdout is
//	                       what is there at that moment
//	appears pattern        wait until there is such a file that is not empty
//	signal name INT        send a signal
//	insist name INT        send a signal again and again until it ends
//	press name ^C          press keys on its terminal
//	hangup name            take its terminal away
//	stats file key=N...    check what a sandbox counted; for a table the sum, or
//	                       table.key for one entry
//	holds folder name...   the files that are in a folder, all of them
//	s3 exports ...         the bucket of a sandbox, see cmdS3
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"exits":   cmdExits,
	"pty":     cmdPty,
	"ends":    cmdEnds,
	"await":   cmdAwait,
	"appears": cmdAppears,
	"signal":  cmdSignal,
	"insist":  cmdInsist,
	"press":   cmdPress,
	"hangup":  cmdHangup,
	"stats":   cmdStats,
	"holds":   cmdHolds,
	"s3":      cmdS3,
}

// patience bounds every wait. It is long, because a busy machine with the race detector
// can take minutes for what takes seconds elsewhere; a program that does as it should
// never takes that long.
const patience = 10 * time.Minute

type processesKey struct{}

func setUp(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, ".home")
	env.Setenv("HOME", home)
	env.Setenv("XDG_STATE_HOME", filepath.Join(home, "state"))
	env.Setenv("TERM", "xterm")
	repository, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	env.Setenv("REPOSITORY", repository)
	env.Setenv("GORACE", "atexit_sleep_ms=10") // or each process takes a second to end
	// The assets of the sandbox that scripts ask for.
	env.Setenv("TWITTER", "D4AC0B41-141B-47D2-98B4FECDA8894CB2") // Twitter.jpg, 183204 bytes
	env.Setenv("EMPTY", "E3970000-0005-4F10-8A0B9C8D7E6F5A45")   // empty.txt
	env.Setenv("PARTS", "9A375000-0008-4F10-8A0B9C8D7E6F5A48")   // came-in-parts.mp4, 20 MiB
	env.Values[processesKey{}] = make(map[string]*process)
	return os.MkdirAll(home, 0o777)
}

func processes(ts *testscript.TestScript) map[string]*process {
	return ts.Value(processesKey{}).(map[string]*process)
}

func find(ts *testscript.TestScript, name string) *process {
	p := processes(ts)[name]
	if p == nil {
		ts.Fatalf("there is no process %q", name)
	}
	return p
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("exits", flag.ContinueOnError)
	stdout := flags.String("stdout", "", "")
	stderr := flags.String("stderr", "", "")
	run(ts, neg, flags, args, func() (*process, error) { return newPiped(*stdout, *stderr) })
}

func cmdPty(ts *testscript.TestScript, neg bool, args []string) {
	flags := flag.NewFlagSet("pty", flag.ContinueOnError)
	cols := flags.Uint("cols", 80, "")
	rows := flags.Uint("rows", 24, "")
	run(ts, neg, flags, args, func() (*process, error) { return newOnTerminal(uint16(*cols), uint16(*rows)) })
}

// run starts a process, and waits for it unless it has a name.
func run(ts *testscript.TestScript, neg bool, flags *flag.FlagSet, args []string, made func() (*process, error)) {
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil || neg || flags.NArg() < 2 {
		ts.Fatalf("usage: %s [flags] STATUS cmd args... [&name&]", flags.Name())
	}
	want, args := flags.Arg(0), flags.Args()[1:]
	name := ""
	if last := args[len(args)-1]; len(last) > 2 && last[0] == '&' && last[len(last)-1] == '&' {
		name, args = last[1:len(last)-1], args[:len(args)-1]
		if processes(ts)[name] != nil {
			ts.Fatalf("there is a process %q already", name)
		}
	}
	p, err := made()
	ts.Check(err)
	p.want = want
	ts.Defer(p.release)
	ts.Check(p.start(ts, args))
	if name == "" {
		p.end(ts)
		return
	}
	processes(ts)[name] = p
}

func cmdEnds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ends name")
	}
	find(ts, args[0]).end(ts)
	delete(processes(ts), args[0])
}

func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await name regexp")
	}
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	p := find(ts, args[0])
	timeout := time.After(patience)
	for ended := false; ; {
		text, changed := p.shown()
		if re.MatchString(text) {
			fmt.Fprint(ts.Stdout(), text)
			return
		}
		if ended {
			ts.Fatalf("%s has ended and does not show %q:\n%s", args[0], args[1], text)
		}
		select {
		case <-changed:
		case <-p.done:
			ended = true
		case <-timeout:
			ts.Fatalf("%s does not show %q:\n%s", args[0], args[1], text)
		}
	}
}

func cmdAppears(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: appears pattern")
	}
	poll(ts, "there is no "+args[0], func() bool {
		found, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		return slices.ContainsFunc(found, func(path string) bool {
			info, err := os.Stat(path)
			return err == nil && info.Size() > 0
		})
	})
}

// poll waits until ok, for what cannot be waited for otherwise.
func poll(ts *testscript.TestScript, otherwise string, ok func() bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-timeout:
			ts.Fatalf("after %s: %s", patience, otherwise)
		}
	}
}

func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: signal name SIGNAL")
	}
	ts.Check(find(ts, args[0]).cmd.Process.Signal(signalNamed(ts, args[1])))
}

func cmdInsist(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: insist name SIGNAL")
	}
	p, signal := find(ts, args[0]), signalNamed(ts, args[1])
	poll(ts, args[0]+" has not ended", func() bool {
		for range 20 { // one after the other, for a machine that stands still between two polls
			select {
			case <-p.done:
				return true
			default:
				_ = p.cmd.Process.Signal(signal)   // it may just have ended
				time.Sleep(100 * time.Microsecond) //nolint:forbidigo // two signals at once are one
			}
		}
		return false
	})
}

func signalNamed(ts *testscript.TestScript, name string) unix.Signal {
	signal := unix.SignalNum("SIG" + name)
	if signal == 0 {
		ts.Fatalf("there is no signal %q", name)
	}
	return signal
}

func cmdPress(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: press name keys")
	}
	keys := args[1]
	if rest, ok := strings.CutPrefix(keys, "^"); ok && len(rest) == 1 {
		keys = string(rest[0] & 0x1f)
	}
	p := find(ts, args[0])
	if p.tty == nil {
		ts.Fatalf("%s is not on a terminal", args[0])
	}
	_, err := io.WriteString(p.tty, keys)
	ts.Check(err)
}

func cmdHangup(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hangup name")
	}
	p := find(ts, args[0])
	if p.tty == nil {
		ts.Fatalf("%s is not on a terminal", args[0])
	}
	ts.Check(p.tty.Close())
}

func cmdStats(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: stats file key=N...")
	}
	var counted map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &counted))
	for _, pair := range args[1:] {
		path, text, ok := strings.Cut(pair, "=")
		want, err := strconv.ParseFloat(text, 64)
		if !ok || err != nil {
			ts.Fatalf("%q is no key=N", pair)
		}
		key, entry, one := strings.Cut(path, ".")
		value, ok := counted[key]
		if !ok {
			ts.Fatalf("the sandbox does not count %q", key)
		}
		if got := count(value, entry, one); got != want {
			ts.Fatalf("the sandbox has counted %s: %v, not %v\n%v", path, got, want, counted)
		}
	}
}

// count is a number, or the sum or one entry of a table of numbers.
func count(value any, entry string, one bool) float64 {
	table, ok := value.(map[string]any)
	if !ok {
		n, _ := value.(float64)
		return n
	}
	sum := 0.0
	for key, value := range table {
		if n, ok := value.(float64); ok && (!one || key == entry) {
			sum += n
		}
	}
	return sum
}

func cmdHolds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: holds folder name...")
	}
	var got []string
	folder := ts.MkAbs(args[0])
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		got = append(got, filepath.ToSlash(name))
		return err
	})
	ts.Check(err)
	want := args[1:]
	matches := len(got) == len(want)
	slices.Sort(got)
	slices.Sort(want)
	for i := 0; matches && i < len(want); i++ {
		ok, err := filepath.Match(want[i], got[i])
		ts.Check(err)
		matches = ok
	}
	if !matches {
		ts.Fatalf("%s holds %q, not %q", args[0], got, want)
	}
}
