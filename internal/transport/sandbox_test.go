package transport_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/sandbox"
	"github.com/bynder-cli/bynder/internal/transport"
)

// startSandbox serves a portal, and returns it with the configuration that leads there.
func startSandbox(t *testing.T, kind sandbox.Kind, o sandbox.Options) (*sandbox.Sandbox, config.Config) {
	t.Helper()
	portal, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	stop, err := portal.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	env := map[string]string{}
	for _, pair := range portal.Env(kind) {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	c, err := config.Load(t.Context(), config.Sources{Getenv: func(name string) string { return env[name] }})
	if err != nil {
		t.Fatal(err)
	}
	return portal, c
}

const currentUser = "/api/v4/currentUser/"

func TestPortalAcceptsEachKind(t *testing.T) {
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			portal, c := startSandbox(t, kind, sandbox.Options{})
			client := transport.Portal(c, transport.Options{UserAgent: "agent/1"})
			var workers sync.WaitGroup
			for range 8 {
				workers.Go(func() {
					if resp, err := get(t, client, portal.PortalURL()+currentUser); err != nil || resp.StatusCode != http.StatusOK {
						t.Errorf("%v, %v", resp, err)
					}
				})
			}
			workers.Wait()
			stats := portal.Stats()
			want := map[bool]int64{true: 1, false: 0}[kind == sandbox.ClientCredentials]
			if stats.Endpoints["token"] != want || len(stats.Refusals) != 0 {
				t.Errorf("%d token calls and refusals %v, want %d and none", stats.Endpoints["token"], stats.Refusals, want)
			}
		})
	}
}

func TestPortalRefusesEachKind(t *testing.T) {
	wrong := config.NewSecret("wrong")
	for _, kind := range sandbox.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			portal, c := startSandbox(t, kind, sandbox.Options{})
			for _, v := range c.Credentials.Kind.Values() {
				bad := c
				v.Set(&bad.Credentials, wrong)
				resp, err := get(t, transport.Portal(bad, transport.Options{Retries: 3}), portal.PortalURL()+currentUser)
				if err != nil || resp.StatusCode != http.StatusUnauthorized {
					t.Errorf("a wrong %s: %v, %v", v.Key, resp, err)
				}
			}
		})
	}
}

// A token that ends sooner than the portal said is renewed, and no call fails.
func TestPortalRenewsATokenThatEndedEarly(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	portal, c := startSandbox(t, sandbox.ClientCredentials, sandbox.Options{Clock: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}})
	client := transport.Portal(c, transport.Options{})
	for range 2 {
		if resp, err := get(t, client, portal.PortalURL()+currentUser); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", resp, err)
		}
		mu.Lock()
		now = now.Add(2 * time.Hour)
		mu.Unlock()
	}
	if stats := portal.Stats(); stats.Endpoints["token"] != 2 || stats.Refusals["expired bearer token"] != 1 {
		t.Errorf("%d token calls and refusals %v", stats.Endpoints["token"], stats.Refusals)
	}
}

// The token endpoint is asked again after what may pass, like any other.
func TestPortalAsksForATokenAgain(t *testing.T) {
	portal, c := startSandbox(t, sandbox.ClientCredentials, sandbox.Options{Faults: []sandbox.Fault{{Name: "api-reset", On: "token", Times: 1}}})
	var tries []int
	o := transport.Options{Retries: 2, Trace: func(e transport.Exchange) { tries = append(tries, e.Try) }}
	if resp, err := get(t, transport.Portal(c, o), portal.PortalURL()+currentUser); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	if len(tries) != 3 || tries[0] != 1 || tries[1] != 2 || tries[2] != 2 {
		t.Errorf("exchanges of the tries %v, want 1 2 2", tries)
	}
}

// A portal behind TLS: its certificate has to be trusted, and nothing leads out of it
// to plain http.
func TestPortalTLS(t *testing.T) {
	plain := record(t, false, ok)
	secure := record(t, true, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/down" {
			http.Redirect(w, req, plain.URL, http.StatusFound)
			return
		}
		ok(w, req)
	})
	for _, kind := range config.Kinds() {
		c := portalConfig(t, secure.URL, kind)
		if kind == config.ClientCredentials {
			continue // the recorder issues no tokens
		}
		if _, err := get(t, transport.Portal(c, transport.Options{}), secure.URL); err == nil {
			t.Error("an unknown certificate is trusted")
		}
		trusted, err := config.LoadRoots(t.Context(), certificateFile(t, secure))
		if err != nil {
			t.Fatal(err)
		}
		o := transport.Options{Roots: trusted}
		if _, err := get(t, transport.Portal(c, o), secure.URL); err != nil {
			t.Errorf("a certificate of --ca-cert: %v", err)
		}
		if _, err := get(t, transport.Portal(c, o), secure.URL+"/down"); err == nil || len(plain.headers()) != 0 {
			t.Errorf("https to http: error %v and %d requests, want an error and none", err, len(plain.headers()))
		}
	}
	if len(secure.headers()) != 4 {
		t.Errorf("%d requests, want 4: none without trust", len(secure.headers()))
	}
}

func TestNetrcIsNotRead(t *testing.T) {
	home := t.TempDir()
	netrc := filepath.Join(home, ".netrc")
	if err := os.WriteFile(netrc, []byte("machine 127.0.0.1 login ada password canary\ndefault login ada password canary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	t.Setenv("NETRC", netrc)
	server := record(t, false, ok)
	if _, err := get(t, transport.Storage(transport.Options{PlainHTTP: true}), server.URL); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, transport.Portal(portalConfig(t, server.URL, config.PermanentToken), transport.Options{}), server.URL); err != nil {
		t.Fatal(err)
	}
	if a := server.headers()[0].Get("Authorization"); a != "" {
		t.Errorf("storage was sent Authorization: %s", a)
	}
	if a := server.headers()[1].Get("Authorization"); a != "Bearer pt" {
		t.Errorf("the portal was sent Authorization: %s", a)
	}
}

// The token call stays with the portal's origin, whatever a redirect says.
func TestTokenCallIsPinned(t *testing.T) {
	other := record(t, false, ok)
	portal, c := startSandbox(t, sandbox.ClientCredentials, sandbox.Options{Faults: []sandbox.Fault{{Name: "api-redirect", On: "token", Text: other.URL}}})
	_, err := get(t, transport.Portal(c, transport.Options{}), portal.PortalURL()+currentUser)
	var refused *transport.RedirectError
	if !errors.As(err, &refused) || len(other.headers()) != 0 {
		t.Errorf("error %v and %d requests elsewhere, want a *RedirectError and none", err, len(other.headers()))
	}
}

// certificateFile is the certificate of server as a file.
func certificateFile(t *testing.T, server *recorder) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// SSL_CERT_FILE is read once in a process, so another one looks.
func TestSSLCertFile(t *testing.T) {
	if target := os.Getenv("TRANSPORT_TEST_GET"); target != "" {
		if _, err := get(t, transport.Portal(portalConfig(t, target, config.PermanentToken), transport.Options{}), target); err != nil {
			t.Fatal(err)
		}
		fmt.Println("it is trusted") // the exit status also tells of connections that are left open
		return
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skip("Go asks the system about certificates there")
	}
	secure := record(t, true, ok)
	for file, trusted := range map[string]bool{certificateFile(t, secure): true, os.DevNull: false} {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSSLCertFile$")
		child.Env = append(os.Environ(), "TRANSPORT_TEST_GET="+secure.URL, "SSL_CERT_FILE="+file, "SSL_CERT_DIR="+t.TempDir())
		out, err := child.CombinedOutput()
		if strings.Contains(string(out), "it is trusted") != trusted {
			t.Errorf("with SSL_CERT_FILE=%s: %v\n%s", file, err, out)
		}
	}
}

// A proxy that the environment names is used, and its password is not shown. Go
// reads that environment once in a process, too.
func TestProxyErrorShowsNoPassword(t *testing.T) {
	if os.Getenv("TRANSPORT_TEST_PROXY") != "" {
		_, err := get(t, transport.Portal(portalConfig(t, "https://brand.example", config.PermanentToken), transport.Options{}), "https://brand.example")
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyErrorShowsNoPassword$")
	child.Env = append(os.Environ(), "TRANSPORT_TEST_PROXY=1", "HTTPS_PROXY=http://ada:canary@127.0.0.1:1", "https_proxy=", "NO_PROXY=", "no_proxy=")
	out, err := child.CombinedOutput()
	if err == nil || strings.Contains(string(out), "canary") || !strings.Contains(string(out), "proxyconnect") {
		t.Errorf("error %v, and\n%s", err, out)
	}
}
