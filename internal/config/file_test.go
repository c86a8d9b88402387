package config_test

import (
	"errors"
	"strings"
	"testing"

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
		{"texts for lists", "[profiles.a]\nscopes = 'a b'\ntoken_command = 'pass show x'", nil},
		{"dotted keys and inline tables", "profiles.a.domain = 'x'\nprofiles.b = {domain = 'y'}", nil},
		{"a name in quotes", "[profiles.\"a b\"]\ndomain = 'x'", nil},

		{"a key with a typing error", "# c\n\n[profiles.a]\ndomain = 'x'\nconsumer_kee = 'canary9f3a'",
			[]string{"line 5", "consumer_kee", "did you mean consumer_key?"}},
		{"a key like none", "[profiles.a]\nproxy = 'canary9f3a'", []string{"line 2", "proxy", "nearest known key is"}},
		{"a table with a typing error", "[profile.a]\ndomain = 'canary9f3a'", []string{"line 1", "profile:", "did you mean profiles?"}},
		{"a key outside", "domain = 'canary9f3a'", []string{"line 1", "domain stands outside of a profile", "[profiles.default]"}},
		{"a secret in place of a key", "[profiles.a]\ncanary9f3a = 'x'", []string{"line 2", "unknown key (not shown)"}},
		{"profiles is a value", "profiles = 'canary9f3a'", []string{"line 1", "profiles is no table"}},
		{"a profile is a value", "[profiles]\na = 'canary9f3a'", []string{"line 2", "a is no table"}},
		{"a table below a profile", "[profiles.a.deeper]\nx = 'canary9f3a'", []string{"line 1", "unknown key deeper"}},
		{"a number", "[profiles.a]\n\ntoken = 93", []string{"line 3", "token is no text", "quotes"}},
		{"a list for a text", "[profiles.a]\ntoken = ['canary9f3a']", []string{"line 2", "token is no text"}},
		{"a number among scopes", "[profiles.a]\nscopes = ['canary9f3a', 1]", []string{"line 2", "scopes is no list of texts"}},
		{"an empty command", "[profiles.a]\ntoken_command = []", []string{"line 2", "token_command"}},
		{"a broken command", "[profiles.a]\ntoken_command = \"canary9f3a 'x\"", []string{"line 2", "token_command", "has no partner"}},

		{"no quotes", "[profiles.a]\ntoken = canary9f3a", []string{"line 2", "without quotes"}},
		{"no quotes, a number at first", "[profiles.a]\ntoken = 93canary9f3a", []string{"line 2"}},
		{"no quotes, a date at first", "[profiles.a]\ntoken = 2024-01-01canary9f3a", []string{"line 2"}},
		{"no quotes, a float at first", "[profiles.a]\ntoken = 1.canary9f3a", []string{"line 2"}},
		{"no closing quote", "[profiles.a]\ntoken = \"canary9f3a\nx = 1", []string{"line 2", "closing quote"}},
		{"a bad escape", "[profiles.a]\ntoken = \"\\canary9f3a\"", []string{"line 2", "escape"}},
		{"no =", "[profiles.a]\ntoken \"canary9f3a\"", []string{"line 2", "without ="}},
		{"only a value", "[profiles.a]\ncanary9f3a", []string{"line 2"}},
		{"twice", "[profiles.a]\ntoken = 'canary9f3a'\ntoken = 'canary9f3a'", []string{"line 3", "twice"}},
		{"something after", "[profiles.a]\ntoken = 'x' canary9f3a", []string{"line 2", "follows the value"}},
		{"a control character", "[profiles.a]\ntoken = 'canary9f3a\x01'", []string{"line 2", "control character"}},
		{"no UTF-8", "[profiles.a]\ntoken = 'canary9f3a\xff'", []string{"UTF-8"}},
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

func TestEditFile(t *testing.T) {
	const own = `# mine
[profiles.default] # the usual one
domain = "a.example"
  token = "old" # from Ada
scopes = [
  "asset:read", # only that
]

# theirs
[profiles.other]
token = "untouched"
`
	for _, tt := range []struct {
		name, text, profile string
		changes             map[string]string
		want                string // "" where it is refused
	}{
		{"a new file", "", "default", map[string]string{"domain": "a.example", "token": `q"\é`, "client_id": ""},
			"[profiles.default]\ndomain = \"a.example\"\ntoken = \"q\\\"\\\\é\"\n"},
		{"a new profile", "[profiles.a]\ndomain = 'x'", "b-2", map[string]string{"domain": "y"},
			"[profiles.a]\ndomain = 'x'\n\n[profiles.b-2]\ndomain = \"y\"\n"},
		{"change, add and remove", own, "default",
			map[string]string{"token": "new", "domain": "", "client_id": "id"},
			strings.NewReplacer("domain = \"a.example\"\n", "", `token = "old" # from Ada`, `token = "new"`,
				"only that\n]\n", "only that\n]\nclient_id = \"id\"\n").Replace(own)},
		{"remove what spans lines", own, "default", map[string]string{"scopes": ""},
			strings.Replace(own, "scopes = [\n  \"asset:read\", # only that\n]\n", "", 1)},
		{"nothing to change", own, "absent", map[string]string{"token": ""}, own},
		{"no line end at the end", "[profiles.a]\ntoken = 'x'", "a", map[string]string{"domain": "y"},
			"[profiles.a]\ntoken = 'x'\ndomain = \"y\"\n"},
		{"dotted keys", "profiles.a.token = 'x'\nprofiles.b.token = 'y'\n", "a", map[string]string{"token": "z"},
			"profiles.a.token = \"z\"\nprofiles.b.token = 'y'\n"},
		{"in one table", "[profiles]\na.token = 'x'\n", "a", map[string]string{"token": ""}, ""},
		{"an inline table", "profiles = {a = {token = 'x'}}\n", "a", map[string]string{"token": ""}, ""},
		{"a text that looks like a heading", "[profiles.a]\ndomain = '''\n[profiles.b]\n'''\n[profiles.b]\ntoken = 'x'\n", "b", map[string]string{"token": ""},
			"[profiles.a]\ndomain = '''\n[profiles.b]\n'''\n[profiles.b]\n"},
		{"Windows' line ends", "[profiles.a]\r\ntoken = 'x'\r\n", "a", map[string]string{"token": "y"}, "[profiles.a]\r\ntoken = \"y\"\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := config.EditFile(tt.text, tt.profile, tt.changes)
			if tt.want == "" && tt.text != "" {
				if !errors.Is(err, config.ErrNotEditable) {
					t.Errorf("%q, %v; want ErrNotEditable", got, err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("error %v, and\n%s\nwant\n%s", err, got, tt.want)
			}
		})
	}
}

func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"", "[profiles.default]\ndomain = 'x'\ntoken = \"canary9f3a\" # c\n", "profiles = {a = {token = 'canary9f3a'}}",
		"[profiles.a]\nscopes = [\n'a',\n]\n[profiles.default]\n", "[[profiles]]\n[profiles.a]\n", "token = canary9f3a",
		"profiles.default.token = '''\ncanary9f3a\n'''\n", "[ profiles . 'default' ]\r\n\"token\"='x'", "\ufeff[profiles.default]\n",
		"[profiles.default]\ntoken='x'\n[other]\n[profiles.default.deeper]\na=1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return // taking apart grows with the square of the lines
		}
		if err := config.CheckFile(text); err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%q: error %q shows a value", text, err)
		}
		parts, err := config.TakeApart(text)
		if err != nil {
			return
		}
		if joined := strings.Join(parts, ""); joined != text {
			t.Errorf("%q taken apart is %q", text, parts)
		}
		// EditFile itself holds that nothing else changed its meaning.
		edited, err := config.EditFile(text, "default", map[string]string{"token": canary, "domain": ""})
		if err != nil {
			if !errors.Is(err, config.ErrNotEditable) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, err := config.EditFile(edited, "default", map[string]string{"token": canary, "domain": ""})
		if err != nil || again != edited {
			t.Errorf("%q edited is %q, and edited again %q, %v", text, edited, again, err)
		}
	})
}
