package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/input"
)

// parse runs only the parsing of `bynder download`.
func parseDownload(t *testing.T, args ...string) (*downloadOptions, error) {
	t.Helper()
	var got *downloadOptions
	cmd := newDownload(Streams{Getenv: func(string) string { return "" }}, func(_ context.Context, o *downloadOptions) error {
		got = o
		return nil
	})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	return got, cmd.ExecuteContext(t.Context())
}

func TestDownloadRefuses(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"", "no media id given"},
		{"..", "invalid id"},
		{"a b .", "invalid id"},
		{"-o f a b", "--output is for one file"},
		{"-o f -", "--output is for one file"},
		{"-o f --all-items a", "--output is for one file"},
		{"-o f --name {id} a", "exclude each other"},
		{"-o - --json a", "cannot be combined"},
		{"--json -0 a", "exclude each other"},
		{"--additional --version 2 a", "exclude each other"},
		{"--direct --version 2 a", "--direct is for originals"},
		{"--direct --derivative mini a", "--direct is for originals"},
		{"--direct --additional a", "--direct is for originals"},
		{"--direct --all-items a", "--direct is for originals"},
		{"--direct --transform fill,width:8 a", "--direct is for originals"},
		{"--all-items --derivative mini a", "exclude each other"},
		{"--additional --derivative mini --derivative thul a", "exclude each other"},
		{"--derivative mini, a", "empty name"},
		{"--derivative original,mini a", "last choice"},
		{"-o f --derivative mini --derivative thul a", "--output is for one file"},
		{"--transform fill,width:8 --derivative mini a", "exclude each other"},
		{"--transform fill,width:8&x=1 a", "not an operation"},
		{"--transform fill,width:x a", "number of pixels"},
		{"--transform fill,width:8 --quality 0 a", "from 1 to 100"},
		{"--transform fill,width:8 --quality 101 a", "from 1 to 100"},
		{"--transform fill,width:8 --format ../x a", "not an image format"},
		{"--transform fill,width:8 --format= a", "--format is empty"},
		{"--format jpg a", "belong to --transform"},
		{"--quality 5 --derivative mini a", "belong to --transform"},
		{"-o f --transform fill,width:8 --transform fill,width:9 a", "--output is for one file"},
		{"--version 0 a", "at least 1"},
		{"--version -1 a", "at least 1"},
		{"--connections 0 a", "from 1 to"},
		{"--max-failures -1 a", "negative"},
		{"--checksum md5 a", "must be sha256"},
		{"--if-exists maybe a", "--if-exists"},
		{"--progress bar a", "--progress"},
		{"--limit-rate fast a", "invalid rate"},
		{"--name {fielname} a", "fielname"},
		{"--name ../{id} a", "--name"},
	} {
		_, err := parseDownload(t, strings.Fields(tt.args)...)
		if _, ok := errors.AsType[*usageError](err); !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("download %s: error %v, want a usage error that says %q", tt.args, err, tt.want)
		}
	}
}

func TestDownloadChooses(t *testing.T) {
	for _, tt := range []struct {
		args string
		item string // that the line names
		want string // selector, "" for an error
	}{
		{"a", "", "original"},
		{"--additional a", "", "additional"},
		{"--version 2 a", "", "version/2"},
		{"--derivative webimage a", "", "derivative/webimage"},
		{"--derivative webimage,mini,original a", "", "derivative/webimage,mini,original"},
		{"--transform fill,width:8,height:9 a", "", "transform/fill,width:8,height:9"},
		{"--transform fill,width:8 --quality 85 --format jpg a", "", "transform/fill,width:8&format=jpg&quality=85"},
		{"--transform fill,width:8 -", "I", ""},
		{"-", "I", "item/I"},
		{"--additional -", "I", ""},
		{"--derivative mini -", "I", ""},
		{"--all-items -", "I", ""},
	} {
		o, err := parseDownload(t, strings.Fields(tt.args)...)
		if err != nil {
			t.Fatalf("%s: %v", tt.args, err)
		}
		s, err := o.choose(input.Entry{MediaID: "a", ItemID: tt.item})
		if err != nil && !strings.Contains(err.Error(), "cannot be combined with "+strings.Fields(tt.args)[0]) {
			t.Errorf("%s with item %q: error %v does not name the flag", tt.args, tt.item, err)
		}
		if (err != nil) != (tt.want == "") || err == nil && s.String() != tt.want {
			t.Errorf("%s with item %q chooses %s, %v; want %q", tt.args, tt.item, s, err, tt.want)
		}
	}
}

func TestParseRate(t *testing.T) {
	for text, want := range map[string]int64{
		"": 0, "1": 1, "64K": 64 << 10, "10M": 10 << 20, "1.5m": 3 << 19, "2G": 2 << 30, "1T": 1 << 40, "10MB": 10 << 20, "10MiB": 10 << 20,
		"0": -1, "-1": -1, "fast": -1, "K": -1, "1Q": -1, "NaN": -1, "Inf": -1, "1e300": -1, "1M2": -1,
	} {
		got, err := parseRate(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("parseRate(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	zone := time.FixedZone("here", 2*60*60)
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, zone)
	for text, want := range map[string]string{
		"2026-01-31":           "2026-01-30T22:00:00Z",
		"2026-01-31T12:00":     "2026-01-31T10:00:00Z",
		"2026-01-31T12:00:00Z": "2026-01-31T12:00:00Z",
		"7d":                   "2026-03-24T10:00:00Z",
		"2w":                   "2026-03-17T10:00:00Z",
		"12h":                  "2026-03-30T22:00:00Z",
		"0d":                   "2026-03-31T10:00:00Z",
		"":                     "", "d": "", "-1d": "", "7": "", "7y": "", "2026-13-01": "", "31.01.2026": "", "999999999d": "",
	} {
		got, err := parseDate(text, now, false)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("parseDate(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestUntilADayIsUntilItsEnd(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"2026-01-31": "2026-01-31T23:59:59Z", "2026-01-31T12:00": "2026-01-31T12:00:00Z", "7d": "2026-03-24T12:00:00Z"} {
		if got, err := parseDate(text, now, true); got != want || err != nil {
			t.Errorf("until %s is until %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestSearchBuildsAQuery(t *testing.T) {
	var got *searchOptions
	cmd := newSearch(Streams{}, func(_ context.Context, o *searchOptions) error {
		got = o
		return nil
	})
	cmd.SetArgs([]string{"--type", "image,video", "--tag", "a", "--tag", "b", "--property", "Season=Spring", "--property", "property_Season=Fall", "--archived=false", "--public"})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	q := got.query
	if fmt.Sprint(q.Types, q.Tags, q.Properties) != "[image video] [a b] map[Season:[Spring Fall]]" {
		t.Errorf("query %+v", q)
	}
	if q.Archived == nil || *q.Archived || q.Public == nil || !*q.Public || q.Limited != nil {
		t.Errorf("flags %v %v %v", q.Archived, q.Public, q.Limited)
	}
}

func TestSearchWords(t *testing.T) {
	for _, tt := range []struct {
		args, keyword, wrong string
	}{
		{"logo", "logo", ""},
		{"red|car", "red car", ""},
		{"red|--type|image|car's", "red car's", ""},
		{"--|-red", "-red", ""},
		{"--keyword|red car", "red car", ""},
		{"red|--keyword|car", "", "exclude each other"},
		{"red|", "", "is empty"},
		{"\u00a0", "", "is empty"},
	} {
		var got *searchOptions
		cmd := newSearch(Streams{}, func(_ context.Context, o *searchOptions) error {
			got = o
			return nil
		})
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetArgs(strings.Split(tt.args, "|"))
		err := cmd.ExecuteContext(t.Context())
		switch {
		case tt.wrong != "":
			if !isUsage(err) || !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("%q: %v, want %q", tt.args, err, tt.wrong)
			}
		case err != nil || got.query.Keyword != tt.keyword:
			t.Errorf("%q: %+v, %v", tt.args, got, err)
		}
	}
}

// The one table of what scripts see.
func TestExitStatus(t *testing.T) {
	child := func(script string) error { return exec.CommandContext(t.Context(), "sh", "-c", script).Run() }
	for _, tt := range []struct {
		name string
		err  error
		want int
	}{
		{"all is there", nil, 0},
		{"one of one failed", &runError{wanted: 1, failed: 1}, 1},
		{"all of several failed", &runError{wanted: 3, failed: 3}, 1},
		{"some of several failed", &runError{wanted: 3, failed: 1}, 3},
		{"the portal refused the credentials", &runError{wanted: 3, failed: 3, unauthorized: true}, 4},
		{"a listing was refused", fmt.Errorf("x: %w", &bynder.APIError{Status: 401}), 4},
		{"a listing was forbidden", &bynder.APIError{Status: 403}, 1},
		{"usage", usagef("x"), 2},
		{"configuration", &config.Error{Err: errors.New("x")}, 2},
		{"no credentials", &config.Error{Err: fmt.Errorf("%w: x", config.ErrNoCredentials)}, 4},
		{"anything else", errors.New("x"), 1},
		{"a child's own", child("exit 7"), 7},
		{"a child that was killed", child("kill -TERM $$"), 143},
	} {
		if got := exitStatus(t.Context(), tt.err); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	for signal, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&interrupted{signal})
		if got := exitStatus(ctx, context.Cause(ctx)); got != want {
			t.Errorf("%s: %d, want %d", signal, got, want)
		}
	}
}

func TestExplainCleansForeignText(t *testing.T) {
	var stderr bytes.Buffer
	explain(t.Context(), Streams{Err: &stderr}.screen(), &usageError{err: errors.New("bad\x1b[31m\nthing"), hint: "do\u202e this"})
	if got, want := stderr.String(), "bynder: bad[31m; thing\nhint: do this\n"; got != want {
		t.Errorf("stderr %q, want %q", got, want)
	}
}
