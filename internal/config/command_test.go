package config_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/config"
)

func command(args ...string) []string {
	return append([]string{os.Args[0], "as-token-command"}, args...)
}

func TestTokenCommand(t *testing.T) {
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	for _, tt := range []struct {
		name string
		args []string
		want string
		err  string
	}{
		{"one line", []string{"print", "tok en\n"}, "tok en", ""},
		{"no line end", []string{"print", "token"}, "token", ""},
		{"Windows' line end", []string{"print", "token\r\n"}, "token", ""},
		{"blanks are kept, line ends and marks are not", []string{"print", "\ufeff token \u200b\r\n"}, " token ", ""},
		{"no input", []string{"input"}, "0 bytes", ""},
		{"nothing", []string{"print", ""}, "", "printed nothing"},
		{"only a line end", []string{"print", "\n"}, "", "printed nothing"},
		{"two lines", []string{"print", "canary\nuser: x\n"}, "", "not one line of text"},
		{"a character that cannot be seen", []string{"print", "canary\u200b9f3a\n"}, "", "printed contains U+200B ZERO WIDTH SPACE"},
		{"failure", []string{"fail"}, "", "exit status 3: the store is locked"},
		{"a flood", []string{"flood"}, "", "more than 64 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := config.RunTokenCommand(t.Context(), command(tt.args...), time.Minute)
			if tt.err == "" && (err != nil || s.Reveal() != tt.want) {
				t.Fatalf("%q, %v; want %q", s.Reveal(), err, tt.want)
			}
			if tt.err == "" {
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "canary") {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				t.Error("the error holds an exit status, which would become this program's")
			}
		})
	}
}

func TestTokenCommandSeesNoCredentials(t *testing.T) {
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	for _, kind := range config.Kinds() {
		for _, v := range kind.Values() {
			t.Setenv(v.Variable, "canary")
		}
	}
	t.Setenv("BYNDER_PROFILE", "press")
	s, err := config.RunTokenCommand(t.Context(), command("environment"), time.Minute)
	if err != nil || s.Reveal() != "BYNDER_PROFILE=press;" {
		t.Errorf("it saw %q, %v", s.Reveal(), err)
	}
}

func TestTokenCommandEnds(t *testing.T) {
	if _, err := config.RunTokenCommand(t.Context(), command("hang"), 10*time.Millisecond); err == nil || !strings.Contains(err.Error(), "within 10ms") {
		t.Errorf("after its time: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	if _, err := config.RunTokenCommand(ctx, command("hang"), time.Hour); !errors.Is(err, stopped) {
		t.Errorf("after Ctrl-C: %v", err)
	}
}

func TestTokenCommandThatIsNotThere(t *testing.T) {
	folder := t.TempDir()
	for _, program := range []string{"canary9f3a", filepath.Join(folder, "canary9f3a"), folder, "./canary9f3a", "canary9f3a\x00"} {
		_, err := config.RunTokenCommand(t.Context(), []string{program}, time.Minute)
		// What is not a program may be the token itself.
		if err == nil || !strings.Contains(err.Error(), "cannot start the program") || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), folder) {
			t.Errorf("%q: error %v", program, err)
		}
	}
}
