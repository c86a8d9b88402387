//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/creack/pty"
)

var update = flag.Bool("update", false, "write docs/demo.svg anew if the demo shows something else")

// demoCommand returns tools/demo, and the folder in which it makes its own.
func demoCommand(t *testing.T) (cmd *exec.Cmd, folder string) {
	t.Helper()
	script, err := filepath.Abs("../../tools/demo")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	home, folder := t.TempDir(), t.TempDir()
	cmd = exec.CommandContext(ctx, script)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_STATE_HOME=" + home, "TMPDIR=" + folder, "TERM=xterm",
		"GORACE=atexit_sleep_ms=10",
	}
	return cmd, folder
}

// isEmpty fails the test if something is in a folder.
func isEmpty(t *testing.T, folder string) {
	t.Helper()
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("the demo leaves %v behind, %v", left, err)
	}
}

// recordDemo runs the demo on a terminal and returns each screen that it has shown there, the last one at the end.
func recordDemo(t *testing.T, columns uint16) (screens []string) {
	t.Helper()
	cmd, folder := demoCommand(t)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: columns, Rows: 40})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	shown := newScreen(int(columns))
	// Each line and each frame of the bar ends with a carriage return: none is missed, however late it is read.
	for sent := bufio.NewReader(terminal); ; {
		b, err := sent.ReadByte()
		if err != nil { // EIO: the last process has closed its side
			break
		}
		if text := shown.text(); b == '\r' && (len(screens) == 0 || screens[len(screens)-1] != text) {
			screens = append(screens, text)
		}
		shown.write([]byte{b})
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the demo: %v\n%s", err, shown.text())
	}
	if len(shown.unknown) > 0 {
		t.Errorf("the terminal was sent %q", shown.unknown)
	}
	isEmpty(t, folder)
	return append(screens, shown.text())
}

// barLine matches the progress bar of many files, with its percentage.
var barLine = regexp.MustCompile(`^\d+/\d+ +(\d+)% \[`)

// filmOf chooses the screens for the picture: before and after the output of each command, the bar now and then, the end.
func filmOf(screens []string) (film []frame) {
	const step = 10 // percent from one frame of the bar to the next
	next := step
	add := func(text string, seconds float64) {
		film = append(film, frame{strings.Split(strings.TrimSuffix(text, "\n"), "\n"), seconds})
	}
	for i, text := range screens {
		last := text[strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1:]
		switch bar := barLine.FindStringSubmatch(last); {
		case i == len(screens)-1:
			add(text, 8)
		case strings.HasPrefix(last, "$ "):
			if i > 0 {
				add(screens[i-1], 1.2)
			}
			add(text, 1.2)
			next = step
		case bar != nil:
			if percent, _ := strconv.Atoi(bar[1]); percent >= next {
				add(text, 0.4)
				next = percent + step
			}
		}
	}
	return film
}

var timesAndAmounts = []struct {
	pattern *regexp.Regexp
	text    string
}{
	{regexp.MustCompile(`^\d+/\d+ .*\[[=> ]*\].*$`), "bar of files"},
	{regexp.MustCompile(`\d+(\.\d+)? (s|min|h)\b`), "N s"},
	{regexp.MustCompile(` \([\d.]+ ([KMG]i)?B/s\)`), ""},
}

// withoutTimes returns a line as every machine shows it, "" for a line that is blank.
func withoutTimes(line string) string {
	line = strings.TrimSpace(line)
	for _, varies := range timesAndAmounts {
		line = varies.pattern.ReplaceAllString(line, varies.text)
	}
	return line
}

// barParts returns the words of a line that is a bar, such as "flight left", and "" for another line.
func barParts(line string) string {
	if !barLine.MatchString(line) {
		return ""
	}
	return strings.Join(regexp.MustCompile(`[a-z]{4,}`).FindAllString(line, -1), " ")
}

const demoPicture = "../../docs/demo.svg"

// The demo ends well on a terminal, and docs/demo.svg shows what it prints, times aside.
func TestDemoPicture(t *testing.T) {
	t.Parallel()
	screens := recordDemo(t, 80)
	film := filmOf(screens)
	drawn := drawing(film, 80)
	if !hasCommands(film, 5) {
		t.Fatalf("the demo shows\n%s", screens[len(screens)-1])
	}
	want, wantBars := linesOf(t, drawn)
	old, err := os.ReadFile(demoPicture)
	if err != nil && !*update {
		t.Fatal(err)
	}
	lines, bars := linesOf(t, old)
	allBars := map[string]bool{}
	for _, text := range screens {
		allBars[barParts(text[strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1:])] = true
	}
	isOld := len(bars) == 0 || !slices.Equal(lines, want)
	for _, bar := range bars {
		isOld = isOld || !allBars[bar]
	}
	switch {
	case !isOld:
	case !*update:
		t.Errorf("docs/demo.svg shows\n%s\nand bars with %q, the demo\n%s\nand bars with %q: make screenshot",
			strings.Join(lines, "\n"), bars, strings.Join(want, "\n"), wantBars)
	default:
		if err := os.WriteFile(demoPicture, drawn, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// hasCommands reports whether the last frame of a film has a number of commands, and one of the frames a bar.
func hasCommands(film []frame, n int) bool {
	last := strings.Join(film[len(film)-1].rows, "\n")
	return strings.Count("\n"+last, "\n$ bynder ") == n && slices.ContainsFunc(film, func(f frame) bool {
		return barLine.MatchString(f.rows[len(f.rows)-1])
	})
}

// The demo ends well without a terminal, and says the same.
func TestDemoInAPipe(t *testing.T) {
	t.Parallel()
	cmd, folder := demoCommand(t)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("the demo: %v\n%s", err, said.String())
	}
	isEmpty(t, folder)
	if bytes.ContainsAny(said.Bytes(), "\r\x1b") {
		t.Errorf("it has written for a terminal: %q", said.String())
	}
	for _, want := range []string{" downloaded\n", " unchanged\n", "API calls: 0\n", " files are complete and verified.\n"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, said.String())
		}
	}
}
