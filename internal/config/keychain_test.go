package config_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/bynder-cli/bynder/internal/config"
)

// hanging is a keychain that does not answer before it is released.
type hanging struct{ release chan struct{} }

func (h hanging) Get(string, string) (string, error) { <-h.release; return "", keyring.ErrNotFound }
func (h hanging) Set(string, string, string) error   { <-h.release; return nil }
func (h hanging) Delete(string, string) error        { <-h.release; return nil }

func TestKeychainThatHangs(t *testing.T) {
	portal, err := config.ParsePortal("k.example")
	if err != nil {
		t.Fatal(err)
	}
	login := config.Login{Portal: portal, Credentials: config.Credentials{Kind: config.PermanentToken, PermanentToken: config.NewSecret("x")}}
	for name, ask := range map[string]func(context.Context, config.Sources) error{
		"load":   func(ctx context.Context, s config.Sources) error { _, err := config.Load(ctx, s); return err },
		"ready":  func(ctx context.Context, s config.Sources) error { return s.Ready(ctx, false, nil) },
		"save":   func(ctx context.Context, s config.Sources) error { return s.SaveInKeychain(ctx, login) },
		"remove": func(ctx context.Context, s config.Sources) error { _, err := s.Remove(ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := hanging{make(chan struct{})}
				s := config.Sources{Getenv: getenv(nil), Keychain: h}
				start := time.Now()
				err := ask(t.Context(), s)
				if took := time.Since(start); took != 3*time.Second {
					t.Errorf("it took %s, want 3s", took)
				}
				if err == nil || !containsAll(err.Error(), "keychain", "did not answer within 3 s") {
					t.Errorf("error %v", err)
				}
				if name == "load" && !errors.Is(err, config.ErrNoCredentials) {
					t.Errorf("error %v, want ErrNoCredentials", err)
				}

				stopped := errors.New("stopped")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(stopped) })
				if err := ask(ctx, s); !errors.Is(err, stopped) {
					t.Errorf("after Ctrl-C: %v", err)
				}
				close(h.release)
			})
		})
	}
}

func TestKeychainThatIsNotNeededIsNotAsked(t *testing.T) {
	env := map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_PERMANENT_TOKEN": "x"}
	if _, err := config.Load(t.Context(), config.Sources{Getenv: getenv(env), Keychain: hanging{}}); err != nil {
		t.Error(err)
	}
}

func TestKeychainThatFails(t *testing.T) {
	locked := &fakeKeychain{err: errors.New("it is locked")}
	_, err := config.Load(t.Context(), config.Sources{Getenv: getenv(nil), Keychain: locked})
	wantError(t, err, "it is locked", true)

	// Whether the profile exists is not known, so it is not called unknown.
	_, err = config.Load(t.Context(), config.Sources{Flags: config.Flags{Profile: "press"}, Getenv: getenv(nil), Keychain: locked})
	wantError(t, err, "it is locked", true)

	absent := &fakeKeychain{err: config.ErrNoKeychain}
	_, err = config.Load(t.Context(), config.Sources{Getenv: getenv(nil), Keychain: absent})
	wantError(t, err, "no credentials in", true)
}

// The system's keychain, where go-keyring's own stand-in answers.
func TestSystemKeychain(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	keyring.MockInit()
	s := config.Sources{Getenv: getenv(nil), Keychain: config.SystemKeychain()}
	portal, err := config.ParsePortal("k.example")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Credentials{
		Kind:        config.OAuth1,
		ConsumerKey: config.NewSecret("ck"), ConsumerSecret: config.NewSecret(`"cs&+é`),
		Token: config.NewSecret("t"), TokenSecret: config.NewSecret("ts"),
	}
	if err := s.SaveInKeychain(t.Context(), config.Login{Portal: portal, Credentials: want}); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(t.Context(), s)
	if err != nil || c.Portal.Host != "k.example" || c.Credentials.Kind != want.Kind {
		t.Fatalf("%v, %v", c, err)
	}
	for _, pair := range [][2]config.Secret{
		{c.Credentials.ConsumerKey, want.ConsumerKey}, {c.Credentials.ConsumerSecret, want.ConsumerSecret},
		{c.Credentials.Token, want.Token}, {c.Credentials.TokenSecret, want.TokenSecret},
	} {
		if pair[0].Reveal() != pair[1].Reveal() {
			t.Errorf("%q came back as %q", pair[1].Reveal(), pair[0].Reveal())
		}
	}
	if removed, err := s.Remove(t.Context()); err != nil || !removed.Keychain || removed.File != "" {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if removed, err := s.Remove(t.Context()); err != nil || removed.Keychain || removed.File != "" {
		t.Errorf("removed again %+v, %v", removed, err)
	}
}
