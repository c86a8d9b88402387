package config_test

import (
	"fmt"
	"maps"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/config"
)

// canary stands in every value of the broken files: no error may show it.
const canary = "canary9f3a"

func TestFileIsStrict(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		wants      []string // "" in the first place: no error
	}{
		{"empty", "", nil},
		{"every key", `[profiles.a]
domain = "a.example"
consumer_key = "canary9f3a"
consumer_secret = "x"
token = "x"
token_secret = "x"
permanent_token = "x"
client_id = "x"
client_secret = "x"
scopes = ["asset:read"]
token_command = ["pass", "show", "x"]
`, nil},
		{"a text of scopes", "[profiles.a]\nscopes = 'a b'", nil},
		{"a byte order mark", "\ufeff[profiles.a]\ndomain = 'x'", nil},
		{"defaults", "[defaults]\njobs = 16\napi-rate = 2.5\nlimit-rate = '10M'\nprogress = 'never'\nimage = 'auto'\nretries = 0\nconnections = 1_0", nil},
		{"defaults in one line", "defaults = {jobs = 16}", nil},
		{"dotted keys and inline tables", "profiles.a.domain = 'x'\nprofiles.b = {domain = 'y'}", nil},
		{"a name in quotes", "[profiles.\"a b\"]\ndomain = 'x'", nil},

		{"a key with a typing error", "# c\n\n[profiles.a]\ndomain = 'x'\nconsumer_kee = 'canary9f3a'",
			[]string{"line 5: unknown key \"consumer_kee\": did you mean consumer_key?"}},
		{"a key like none", "[profiles.a]\njobs = 'canary9f3a'", []string{"line 2: unknown key \"jobs\" (known: domain, scopes, token_command, consumer_key"}},
		{"a table with a typing error", "[profile.a]\ndomain = 'canary9f3a'", []string{"line 1: unknown key \"profile\": did you mean profiles?"}},
		{"a key outside", "domain = 'canary9f3a'", []string{"line 1: domain must be in a profile", "[profiles.default]"}},
		{"a secret in place of a key", "[profiles.a]\ncanary9f3a = 'x'", []string{"line 2", "unknown key (not shown) (known: domain"}},
		{"profiles is a value", "profiles = 'canary9f3a'", []string{"line 1: profiles must be a table: [profiles.NAME]"}},
		{"a profile is a value", "[profiles]\na = 'canary9f3a'", []string{"line 2: \"a\" must be a table: [profiles.NAME]"}},
		{"a table below a profile", "[profiles.a.deeper]\nx = 'canary9f3a'", []string{"line 1: unknown key \"deeper\""}},
		{"a number", "[profiles.a]\n\ntoken = 93", []string{"line 3: token must be a string in quotes"}},
		{"a list for a text", "[profiles.a]\ntoken = ['canary9f3a']", []string{"line 2: token must be a string in quotes"}},
		{"a number among scopes", "[profiles.a]\nscopes = ['canary9f3a', 1]", []string{"line 2: scopes must be a list of strings"}},
		{"an empty command", "[profiles.a]\ntoken_command = []", []string{"line 2", "token_command"}},
		{"a command line", "[profiles.a]\ntoken_command = 'op read op://vault/bynder/token'",
			[]string{`line 2: token_command must be a list: write token_command = ["op", "read", "op://vault/bynder/token"]`}},
		{"a command line with quotes", "[profiles.a]\ntoken_command = \"pass show 'canary9f3a x'\"",
			[]string{`line 2: token_command must be a list: write token_command = ["PROGRAM", "ARGUMENT"]`}},
		{"a command line of one word", "[profiles.a]\ntoken_command = 'canary9f3a'", []string{`["PROGRAM", "ARGUMENT"]`}},
		{"a command line with a long word", "[profiles.a]\ntoken_command = 'echo canary9f3acanary9f3acanary9f3acanary9f3a'", []string{`["PROGRAM", "ARGUMENT"]`}},
		{"an empty command line", "[profiles.a]\ntoken_command = ''", []string{`["PROGRAM", "ARGUMENT"]`}},
		{"a key below a key", "[profiles.a.token]\nx = 'canary9f3a'", []string{"line 1: token must be a string in quotes"}},
		{"a key far below a key", "profiles.a.token.x.y.z = 'canary9f3a'", []string{"line 1: token must be a string in quotes"}},
		{"a list of tables", "[[profiles]]\nx = 1", []string{"line 1: profiles must be a table"}},

		{"an unknown default", "[defaults]\nderivative = 'canary9f3a'",
			[]string{`line 2: unknown key "derivative" (known: jobs, connections, api-rate, limit-rate, retries, progress, image)`}},
		{"a default with a typing error", "[defaults]\n\nconections = 8", []string{`line 3: unknown key "conections": did you mean connections?`}},
		{"a default outside", "jobs = 8", []string{"line 1: jobs must be in [defaults]"}},
		{"defaults is a value", "defaults = 'canary9f3a'", []string{"line 1: defaults must be a table: [defaults]"}},
		{"a list for a default", "[defaults]\njobs = ['canary9f3a']", []string{"line 2: jobs must be a string or a number"}},
		{"a default below a default", "[defaults]\njobs.x = 1", []string{"line 2: jobs must be a string or a number"}},
		{"an empty default", "[defaults]\nlimit-rate = ''", []string{"line 2: limit-rate is empty"}},
		{"a default twice", "[defaults]\njobs = 1\njobs = 2", []string{`line 3: "jobs" is set twice`}},
		{"a profile twice", "[profiles.a]\n[profiles.b]\n[profiles.a]", []string{`line 3: "a" is set twice`}},

		{"no quotes", "[profiles.a]\ntoken = canary9f3a", []string{"line 2: expected the value in quotes"}},
		{"no quotes, a number at first", "[profiles.a]\ntoken = 93canary9f3a", []string{"line 2: expected the value in quotes"}},
		{"no value", "[profiles.a]\ntoken =", []string{"line 2: expected a value after ="}},
		{"no brackets", "defaults\n", []string{"line 1: expected key = value"}},
		{"a heading that is not closed", "[profiles.canary9f3a\n", []string{"line 1: not valid TOML"}},
		{"a list that is not closed", "[profiles.a]\nscopes = [\n'canary9f3a'", []string{"line 3: not valid TOML"}},
		{"no quotes, a date at first", "[profiles.a]\ntoken = 2024-01-01canary9f3a", []string{"line 2"}},
		{"no quotes, a float at first", "[profiles.a]\ntoken = 1.canary9f3a", []string{"line 2"}},
		{"no closing quote", "[profiles.a]\ntoken = \"canary9f3a\nx = 1", []string{"line 2: a string without a closing quote"}},
		{"a bad escape", "[profiles.a]\ntoken = \"\\canary9f3a\"", []string{"line 2", "escape"}},
		{"no =", "[profiles.a]\ntoken \"canary9f3a\"", []string{"line 2: expected key = value"}},
		{"only a value", "[profiles.a]\ncanary9f3a", []string{"line 2: expected key = value"}},
		{"twice", "[profiles.a]\ntoken = 'canary9f3a'\ntoken = 'canary9f3a'", []string{`line 3: "token" is set twice`}},
		{"something after", "[profiles.a]\ntoken = 'x' canary9f3a", []string{"line 2", "unexpected text after the value"}},
		{"a control character", "[profiles.a]\ntoken = 'canary9f3a\x01'", []string{"line 2", "control character"}},
		{"no UTF-8", "[profiles.a]\ntoken = 'canary9f3a\xff'", []string{"line 2: a byte that is not UTF-8"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := config.CheckFile(tt.text)
			if (err == nil) != (tt.wants == nil) {
				t.Fatalf("error %v, want %q", err, tt.wants)
			}
			for _, want := range tt.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("error %q shows a value", err)
			}
		})
	}
}

// No text that is as long as a file may be takes long, or much memory: the time and the
// memory for it grow with its length alone.
func TestFileIsBounded(t *testing.T) {
	const most = config.MaxFile
	fill := func(each string, spare int) string { return strings.Repeat(each, (most-spare)/len(each)) }
	numbered := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < most-100; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, tt := range []struct {
		name, text string
		wants      string // "" for no error
	}{
		{"a heading of many parts", "[" + fill("a.", 8) + "a]", "unknown key"},
		{"a heading of many parts in a profile", "[profiles.a.token." + fill("a.", 30) + "a]", "token must be a string"},
		{"a key of many parts", fill("a.", 8) + "a = 1", "unknown key"},
		{"many deep keys", "[profiles.a]\n" + numbered("token.x.y.z%d = 1\n"), "token must be a string"},
		{"nested tables", fill("a={", 0), "line 1"},
		{"nested tables in a profile", "profiles." + fill("a={", 20), "line 1"},
		{"nested lists", "x = " + fill("[", 8), "line 1"},
		{"nested lists that are closed", "x = " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "unknown key"},
		{"many lists", numbered("x%d = [[[[]]]]\n"), "unknown key"},
		{"a long list and an unknown key", "[profiles.a]\nscopes = [\n" + fill("'',\n", 60) + "]\nx = 1", `unknown key "x"`},
		{"a long list", "[profiles.a]\nscopes = [" + fill("'',", 60) + "]", ""},
		{"many profiles", numbered("[profiles.p%d]\n"), ""},
		{"many headings of one profile", fill("[profiles.a]\n", 0), "line 2"},
		{"many unknown keys", "[profiles.a]\n" + numbered("x%d = 1\n"), "line 2: unknown key"},
		{"a long unknown key", fill("k", 8) + " = 1", "unknown key (not shown)"},
		{"a long text", "[profiles.a]\ntoken = '" + fill("x", 100) + "'", ""},
		{"a long name", "[profiles." + fill("x", 100) + "]", ""},
		{"many lines", fill("\n", 0), ""},
		{"many blanks", fill(" ", 0), ""},
		{"many comments", fill("#\n", 0), ""},
		{"many quotes", fill("'", 0), "line 1"},
		{"many escapes", "[profiles.a]\ntoken = \"" + fill(`\u00e9`, 100), "line 2"},
		{"an error at the end of many lines", "[profiles.a]\n" + fill("#\n", 40) + "token", "expected key = value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := config.CheckFile(tt.text)
			runtime.ReadMemStats(&after)
			if (err == nil) != (tt.wants == "") || err != nil && !strings.Contains(err.Error(), tt.wants) {
				t.Errorf("error %v, want %q", err, tt.wants)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 24<<20 {
				t.Errorf("it took %d MiB", used>>20)
			}
		})
	}
}

// A text eight times as long takes about eight times the memory, not 64 times.
func TestFileGrowsWithItsLength(t *testing.T) {
	for name, text := range map[string]func(n int) string{
		"parts": func(n int) string { return "[profiles.a.token." + strings.Repeat("a.", n) + "a]" },
		"tables": func(n int) string {
			return "profiles.a.token = " + strings.Repeat("{a=", n) + "1" + strings.Repeat("}", n)
		},
		"keys": func(n int) string { return strings.Repeat("profiles.a.token.x.y = 1\n", n) },
	} {
		used := func(n int) uint64 {
			var before, after runtime.MemStats
			source := text(n)
			runtime.ReadMemStats(&before)
			if err := config.CheckFile(source); err == nil {
				t.Errorf("%s: no error", name)
			}
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		if small, large := used(1000), used(8000); large > 3*8*small+1<<20 {
			t.Errorf("%s: 1,000 take %d KiB, and 8,000 take %d KiB", name, small>>10, large>>10)
		}
	}
}

// What is written to the credentials file is read back.
func TestEncodeCredentials(t *testing.T) {
	values := map[string]string{"domain": "https://a.example", "client_id": `q"\'é` + "\t#", "client_secret": `'''"""`}
	text, err := config.EncodeCredentials("[profiles.b]\ndomain = 'https://b.example'\npermanent_token = 'x'\n", "a", values)
	if err != nil {
		t.Fatal(err)
	}
	all, err := config.ReadCredentials(text)
	if err != nil || len(all) != 2 || !maps.Equal(all["a"], values) || all["b"]["permanent_token"] != "x" || all["b"]["domain"] != "https://b.example" {
		t.Errorf("read back %v, %v from\n%s", all, err, text)
	}
}

func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"", "[profiles.default]\ndomain = 'x'\ntoken = \"canary9f3a\" # c\n", "profiles = {a = {token = 'canary9f3a'}}",
		"[profiles.a]\nscopes = [\n'a',\n]\n[profiles.default]\n", "[[profiles]]\n[profiles.a]\n", "token = canary9f3a",
		"profiles.default.token = '''\ncanary9f3a\n'''\n", "[ profiles . 'default' ]\r\n\"token\"='x'", "\ufeff[profiles.default]\n",
		"[profiles.default]\ntoken='x'\n[other]\n[profiles.default.deeper]\na=1", "[defaults]\njobs = 16\napi-rate = 1.5", "[defaults]\njobs = canary9f3a",
		"[profiles.a]\ntoken_command = 'echo \"canary9f3a\"'", "a = \"\\", "[", "a.b.c.d.e = [{", "=", "\xff", "[a]]canary9f3a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := config.CheckFile(text)
		if err == nil {
			return
		}
		if !strings.HasPrefix(err.Error(), "line ") || len(err.Error()) > 300 {
			t.Errorf("%q: error %q", text, err)
		}
		if strings.Contains(err.Error(), canary) && !strings.Contains(err.Error(), "write token_command") {
			t.Errorf("%q: error %q shows a value", text, err)
		}
	})
}

func FuzzEncodeCredentials(f *testing.F) {
	f.Add("[profiles.b]\npermanent_token = 'x'\n", "secret\"'\\é")
	f.Fuzz(func(t *testing.T, text, secret string) {
		before, err := config.ReadCredentials(text)
		if err != nil || !utf8.ValidString(secret) || secret == "" {
			return
		}
		values := map[string]string{"domain": "https://a.example", "permanent_token": secret}
		encoded, err := config.EncodeCredentials(text, "default", values)
		if err != nil {
			return // too large
		}
		after, err := config.ReadCredentials(encoded)
		if err != nil || !maps.Equal(after["default"], values) {
			t.Fatalf("%q became %q, read as %v, %v", text, encoded, after, err)
		}
		delete(before, "default")
		delete(after, "default")
		if !maps.EqualFunc(before, after, maps.Equal) {
			t.Errorf("%v became %v", before, after)
		}
	})
}
