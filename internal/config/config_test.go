package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/config"
)

func TestParsePortal(t *testing.T) {
	for _, tt := range []struct {
		domain string
		want   string // "" when it is refused
	}{
		{"brand.getbynder.com", "https://brand.getbynder.com"},
		{"  Brand.GetBynder.com ", "https://brand.getbynder.com"},
		{"\ufeffbrand.getbynder.com\u200b\r\n", "https://brand.getbynder.com"},
		{"brand\u200b.getbynder.com", ""},
		{"https://brand.getbynder.com", "https://brand.getbynder.com"},
		{"https://brand.getbynder.com/", "https://brand.getbynder.com"},
		{"HTTPS://media.example.org", "https://media.example.org"},
		{"media.example.org:8443", "https://media.example.org:8443"},
		{"https://media.example.org:443", "https://media.example.org"},
		{"http://127.0.0.1:80", "http://127.0.0.1"},
		{"http://127.9.9.9:4000", "http://127.9.9.9:4000"},
		{"http://localhost:4000/", "http://localhost:4000"},
		{"http://[::1]:4000", "http://[::1]:4000"},
		{"http://[::1]", "http://[::1]"},

		{"", ""},
		{"http://brand.getbynder.com", ""},
		{"http://10.0.0.1", ""},
		{"http://localhost.example.org", ""},
		{"ftp://brand.getbynder.com", ""},
		{"https://user@brand.getbynder.com", ""},
		{"https://user:pass@brand.getbynder.com", ""},
		{"https://brand.getbynder.com/api", ""},
		{"https://brand.getbynder.com?x=1", ""},
		{"https://brand.getbynder.com?", ""},
		{"https://brand.getbynder.com#", ""},
		{"https://", ""},
		{"brand getbynder.com", ""},
		{"brand.getbynder.com:", ""},
		{"brand.getbynder.com:port", ""},
		{"brand<getbynder>.com", ""},
		{"bra\nnd.getbynder.com", ""},
	} {
		t.Run(tt.domain, func(t *testing.T) {
			u, err := config.ParsePortal(tt.domain)
			got := ""
			if err == nil {
				got = u.String()
			}
			if got != tt.want {
				t.Errorf("ParsePortal(%q) = %q, %v; want %q", tt.domain, got, err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), ":pass") {
				t.Errorf("the error repeats the password: %v", err)
			}
		})
	}
}

func FuzzParsePortal(f *testing.F) {
	for _, seed := range []string{"brand.getbynder.com", "http://[::1]:80/", "https://a:b@c/d?e#f", "%zz", "//x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, domain string) {
		u, err := config.ParsePortal(domain)
		if err != nil {
			return
		}
		if u.Scheme != "https" && !config.IsLoopback(u.Hostname()) {
			t.Errorf("%q: plain http to %q", domain, u.Host)
		}
		if u.Path != "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" || u.Host == "" {
			t.Errorf("%q: %#v is more than an origin", domain, u)
		}
		again, err := config.ParsePortal(u.String())
		if err != nil || again.String() != u.String() {
			t.Errorf("%q: reading %q again gives %v, %v", domain, u, again, err)
		}
	})
}

var oauth1 = map[string]string{
	"BYNDER_DOMAIN":          "brand.getbynder.com",
	"BYNDER_CONSUMER_KEY":    "ck",
	"BYNDER_CONSUMER_SECRET": "cs",
	"BYNDER_TOKEN":           "t",
	"BYNDER_TOKEN_SECRET":    "ts",
}

func TestLoadFromEnvironment(t *testing.T) {
	with := func(base map[string]string, changes ...string) map[string]string {
		m := maps.Clone(base)
		for i := 0; i < len(changes); i += 2 {
			m[changes[i]] = changes[i+1]
		}
		return m
	}
	for _, tt := range []struct {
		name  string
		env   map[string]string
		kind  config.Kind
		wants []string // what the error has to say
		none  bool     // the error is ErrNoCredentials
	}{
		{name: "oauth1", env: oauth1, kind: config.OAuth1},
		{name: "permanent token", kind: config.PermanentToken,
			env: map[string]string{"BYNDER_DOMAIN": "x.example", "BYNDER_PERMANENT_TOKEN": "p"}},
		{name: "one missing", env: with(oauth1, "BYNDER_TOKEN", ""), wants: []string{"BYNDER_TOKEN is not set"}},
		{name: "two missing", env: with(oauth1, "BYNDER_TOKEN", "", "BYNDER_CONSUMER_SECRET", ""),
			wants: []string{"BYNDER_CONSUMER_SECRET and BYNDER_TOKEN are not set"}},
		{name: "two kinds", env: with(oauth1, "BYNDER_PERMANENT_TOKEN", "p"), wants: []string{"OAuth 1.0a and permanent token"}},
		{name: "nothing", env: map[string]string{}, wants: []string{"no credentials"}, none: true},
		{name: "nothing but the domain", env: map[string]string{"BYNDER_DOMAIN": "x.example"}, none: true},
		{name: "no domain", env: with(oauth1, "BYNDER_DOMAIN", ""), wants: []string{"BYNDER_DOMAIN is not set"}},
		{name: "bad domain", env: with(oauth1, "BYNDER_DOMAIN", "http://x.example"), wants: []string{"BYNDER_DOMAIN", "https://x.example"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := config.Load(t.Context(), config.Sources{Getenv: getenv(tt.env)})
			if tt.kind != "" {
				if err != nil || c.Credentials.Kind != tt.kind {
					t.Fatalf("kind %q, error %v; want %q", c.Credentials.Kind, err, tt.kind)
				}
				return
			}
			var ce *config.Error
			if !errors.As(err, &ce) || ce.Hint() == "" {
				t.Fatalf("error %v; want an *Error with a hint", err)
			}
			if errors.Is(err, config.ErrNoCredentials) != tt.none {
				t.Errorf("errors.Is(%v, ErrNoCredentials) = %t", err, !tt.none)
			}
			for _, want := range tt.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestLoadKeepsEveryCharacterOfASecret(t *testing.T) {
	const awkward = "&+= é!*'()%2F "
	env := maps.Clone(oauth1)
	env["BYNDER_TOKEN_SECRET"] = awkward
	c, err := config.Load(t.Context(), config.Sources{Getenv: getenv(env)})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Credentials.TokenSecret.Reveal(); got != awkward {
		t.Errorf("the token secret is %q, want %q", got, awkward)
	}
}

func TestSecretIsNeverSeen(t *testing.T) {
	const canary = "canary-9f3a"
	s := config.NewSecret(canary)
	holder := struct {
		S config.Secret
		P *config.Secret
		s config.Secret
	}{s, &s, s}
	var shown strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&shown, verb+verb+"\n", s, holder)
	}
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(encoded)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "secret", s, "holder", holder)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "secret", s, "holder", holder)
	shown.WriteString(log.String())
	hex := fmt.Sprintf("%x", canary)
	if text := shown.String(); strings.Contains(text, canary) || strings.Contains(text, hex) || strings.Contains(text, strings.ToUpper(hex)) {
		t.Errorf("the secret is seen in:\n%s", text)
	}
	if s.Reveal() != canary {
		t.Error("Reveal does not return the value")
	}
}
