//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// failure is a way in which the portal and storage fail. Beside the faults of the sandbox
// there is a portal that quotes what it was sent.
type failure struct {
	name   string
	fault  sandbox.Fault
	quotes int // the status with which it does
}

// stalls are the faults that only the end of the run's context ends.
var stalls = []string{"stall", "slow", "api-stall", "api-429", "s3-stall", "s3-slow"}

const healthy = "no failure"

// failures are all of them; the first is none.
func failures() []failure {
	all := []failure{{name: healthy}}
	for _, kind := range sandbox.FaultKinds() {
		f := sandbox.Fault{Name: kind.Name}
		if kind.Name == "api-huge" {
			f.Value = 9 << 20 // more than is read
		}
		for _, text := range slices.Concat(kind.Texts, make([]string, max(0, 1-len(kind.Texts)))) {
			f.Text = text
			all = append(all, failure{name: strings.TrimSuffix(kind.Name+"="+text, "="), fault: f})
		}
	}
	for _, status := range []int{300, 400, 401, 403, 500} {
		all = append(all, failure{name: fmt.Sprintf("quotes with %d", status), quotes: status})
	}
	return all
}

// site is a portal with its storage and a bucket, and what they notice.
type site struct {
	*sandbox.Sandbox
	failure
	asked chan struct{} // has one when storage or, for faults of the API, the portal was asked

	mu    sync.Mutex
	given map[string]bool // digests that portal and client gave each other
	leaks []string
}

func newSite(t *testing.T, f failure) *site {
	s := &site{failure: f, asked: make(chan struct{}, 1), given: map[string]bool{}}
	portal, storage := unusedAddress(http.HandlerFunc(s.portal)), httptest.NewUnstartedServer(http.HandlerFunc(s.storage))
	bucket := httptest.NewUnstartedServer(http.HandlerFunc(s.bucket))
	o := sandbox.Options{
		Assets: 20, Credentials: secrets, NoRateLimit: true,
		PortalURL: "http://" + portal.Listener.Addr().String(), StorageURL: "http://" + storage.Listener.Addr().String(),
		BucketURL: "http://" + bucket.Listener.Addr().String(),
	}
	if f.fault.Name != "" {
		o.Faults = []sandbox.Fault{f.fault}
	}
	var err error
	if s.Sandbox, err = sandbox.New(o); err != nil {
		t.Fatal(err)
	}
	// Some handlers wait for the end of their context, which a client that has gone does not
	// bring about where its body was not read.
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	for _, server := range []*httptest.Server{portal, storage, bucket} {
		server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
		server.Start()
		t.Cleanup(func() { cancel(); server.CloseClientConnections(); server.Close() })
	}
	return s
}

// portals holds the addresses that portals have had.
var portals sync.Map

// unusedAddress returns a server at an address that no other portal of this process has had: commands share one
// state folder, and the pause after one portal's 429 would hold up the next portal at that address.
func unusedAddress(h http.Handler) *httptest.Server {
	for {
		server := httptest.NewUnstartedServer(h)
		if _, had := portals.LoadOrStore(server.Listener.Addr().String(), true); !had {
			return server
		}
		defer server.Listener.Close() // after the next one has an address
	}
}

// portal serves the API. Credentials come in the header that is for them and, to get a
// token, in the body; nowhere else.
func (s *site) portal(w http.ResponseWriter, r *http.Request) {
	authorization := r.Header.Get("Authorization")
	s.notice("what the portal is sent", r, authorization)
	if s.quotes > 0 && authorization != "" {
		text, _ := json.Marshal("cannot read " + authorization)
		text = bytes.ReplaceAll(text, []byte("/"), []byte(`\/`)) // as PHP spells it
		w.WriteHeader(s.quotes)
		fmt.Fprintf(w, `{"message": %s}`, text)
		return
	}
	if strings.HasPrefix(s.fault.Name, "api-") {
		s.tell()
	}
	s.Portal().ServeHTTP(w, r)
}

func (s *site) storage(w http.ResponseWriter, r *http.Request) {
	s.notice("what storage is sent", r, r.URL.RawQuery)
	s.tell()
	s.Storage().ServeHTTP(w, r)
}

func (s *site) bucket(w http.ResponseWriter, r *http.Request) {
	s.notice("what the bucket is sent", r, "")
	s.tell()
	s.Bucket().ServeHTTP(w, r)
}

func (s *site) tell() {
	select {
	case s.asked <- struct{}{}:
	default:
	}
}

// notice keeps the digests of a secret text, and looks for secrets in the rest of the request.
func (s *site) notice(where string, r *http.Request, text string) {
	shown := r.Clone(r.Context())
	if where == "what the portal is sent" {
		shown.Header.Del("Authorization")
	}
	dump, err := httputil.DumpRequest(shown, false)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range digests([]byte(text)) {
		s.given[d] = true
	}
	s.leaks = append(s.leaks, leaks(where, dump)...)
	if err != nil {
		s.leaks = append(s.leaks, where+": "+err.Error())
	}
}

// machine is the user's, with folders that are all searched.
type machine struct{ root, state string }

// newMachine sets the environment of this process, which children inherit.
func newMachine(t *testing.T) machine {
	m := machine{root: t.TempDir(), state: filepath.Join(t.TempDir(), "state")}
	keyring.MockInitWithError(keyring.ErrUnsupportedPlatform) // this machine's own stays alone
	for name, value := range map[string]string{
		"HOME": m.state, "XDG_STATE_HOME": m.state, "XDG_CONFIG_HOME": m.state, "TMPDIR": m.state,
		"DBUS_SESSION_BUS_ADDRESS": "autolaunch:", "BYNDER_CONFIG": "", "BYNDER_PROFILE": "", "BYNDER_SCOPES": "", "BYNDER_DOMAIN": "",
		"BYNDER_CONSUMER_KEY": secrets.ConsumerKey, "BYNDER_CONSUMER_SECRET": secrets.ConsumerSecret,
		"BYNDER_TOKEN": secrets.Token, "BYNDER_TOKEN_SECRET": secrets.TokenSecret, "BYNDER_PERMANENT_TOKEN": secrets.PermanentToken,
		"BYNDER_CLIENT_ID": secrets.ClientID, "BYNDER_CLIENT_SECRET": secrets.ClientSecret,
	} {
		t.Setenv(name, value)
	}
	if err := os.MkdirAll(m.state, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(m.state)
	return m
}

// source is where the credentials are found.
type source string

const (
	environmentSource source = "environment"
	fileSource        source = "file"
	loginSource       source = "credentials file" // as auth login writes it
	commandSource     source = "token_command"
)

// settings makes the config file in dir and returns the environment that leads to a site.
func settings(t *testing.T, s *site, kind sandbox.Kind, from source, dir string) map[string]string {
	env := map[string]string{"HOME": dir, "XDG_CONFIG_HOME": dir, "BYNDER_CONFIG": filepath.Join(dir, "config.toml")}
	profile := "[profiles.default]\n"
	for _, pair := range s.Env(kind) {
		name, value, _ := strings.Cut(pair, "=")
		if from == environmentSource || strings.HasPrefix(name, "AWS_") {
			env[name] = value
			continue
		}
		if key := strings.ToLower(strings.TrimPrefix(name, "BYNDER_")); from != commandSource || key == "domain" {
			profile += fmt.Sprintf("%s = '%s'\n", key, value)
		}
	}
	switch from {
	case environmentSource:
		profile = ""
	case fileSource:
	case loginSource:
		write(t, filepath.Join(dir, "credentials.toml"), profile)
		profile = "[profiles.default]\nscopes = []\n"
	case commandSource: // it also tells what it can see
		program := fmt.Sprintf("export -p > '%[1]s/child-environment'; read -r it < '%[1]s/vault'; printf %%s \"$it\"", dir)
		profile += fmt.Sprintf("token_command = ['sh', '-c', '''%s''']\n", program)
		write(t, filepath.Join(dir, "vault"), secrets.PermanentToken+"\n")
	}
	write(t, env["BYNDER_CONFIG"], profile)
	return env
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Error(err)
	}
}

// lockedBuffer is a stream that several goroutines may write to.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}
