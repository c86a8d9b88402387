//go:build unix

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/bynder-cli/bynder/internal/cli"
	"github.com/bynder-cli/bynder/internal/sandbox"
)

// canary begins and ends each secret of these tests, so that a piece of one is found,
// too.
const canary = "canary7f3a"

// secret is a value for credentials, with characters that encodings differ in.
func secret(name string) string { return canary + "-" + name + `&+= é/"<>%2F-` + canary }

// secrets are what the portal accepts.
var secrets = sandbox.Credentials{
	ConsumerKey: secret("consumer-key"), ConsumerSecret: secret("consumer-secret"),
	Token: secret("token"), TokenSecret: secret("token-secret"),
	PermanentToken: secret("permanent-token"),
	ClientID:       secret("client-id"), ClientSecret: secret("client-secret"),
}

// disguises are how the canary may look where it has leaked: as it is, which percent-encoding and
// JSON leave it, in capitals, with every character escaped, in hex, and in base64 at each
// of the three places where it can begin in a group of bytes.
var disguises = func() map[string][]byte {
	all := map[string][]byte{
		"raw": []byte(canary), "in capitals": []byte(strings.ToUpper(canary)),
		"hex": []byte(hex.EncodeToString([]byte(canary))),
	}
	all["hex in capitals"] = bytes.ToUpper(all["hex"])
	for _, c := range []byte(canary) {
		all["percent-encoded"] = fmt.Appendf(all["percent-encoded"], "%%%02x", c)
		all["escaped for JSON"] = fmt.Appendf(all["escaped for JSON"], `\u%04x`, c)
	}
	all["percent-encoded in capitals"] = []byte(strings.ToUpper(string(all["percent-encoded"])))
	for before := range 3 {
		for name, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 for URLs": base64.RawURLEncoding} {
			text := encoding.EncodeToString(append(make([]byte, before), canary...))
			whole := text[(before*8+5)/6 : (before+len(canary))*8/6] // characters of canary alone
			all[fmt.Sprintf("%s after %d bytes", name, before)] = []byte(whole)
		}
	}
	return all
}()

var (
	// signedQuery matches what only signatures have in them.
	signedQuery = regexp.MustCompile(`(?i)x-amz-|key-pair-id|[?&]signature=|oauth_|%3fsignature`)
	// mac matches signatures of storage's URLs and the end of the sandbox's OAuth 2 tokens.
	mac = regexp.MustCompile(`[0-9a-f]{64}`)
)

// leaks tells what of the secrets is in data, which is where it says.
func leaks(where string, data []byte) (found []string) {
	for name, disguise := range disguises {
		if bytes.Contains(data, disguise) {
			found = append(found, where+": a secret, "+name)
		}
	}
	return found
}

// failure is a way in which the portal and storage fail. Beside the faults of the sandbox
// there is a portal that quotes what it was sent.
type failure struct {
	name   string
	fault  sandbox.Fault
	quotes int // the status with which it does
}

// stalls are the faults that only the end of the run's context ends.
var stalls = []string{"stall", "slow", "api-stall", "api-429"}

// failures are all of them; the first is none.
func failures() []failure {
	all := []failure{{name: "healthy"}}
	for _, kind := range sandbox.FaultKinds() {
		f := sandbox.Fault{Name: kind.Name}
		if kind.Name == "api-huge" {
			f.Value = 9 << 20 // more than is read
		}
		if kind.Name == "wrong-range" || kind.Name == "no-ranges" || kind.Name == "if-match-412" {
			f.After = 0
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

// site is a portal with its storage, and what they notice.
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
	portal, storage := httptest.NewUnstartedServer(http.HandlerFunc(s.portal)), httptest.NewUnstartedServer(http.HandlerFunc(s.storage))
	o := sandbox.Options{
		Assets: 20, Credentials: secrets, NoRateLimit: true,
		PortalURL: "http://" + portal.Listener.Addr().String(), StorageURL: "http://" + storage.Listener.Addr().String(),
	}
	if f.fault.Name != "" {
		o.Faults = []sandbox.Fault{f.fault}
	}
	var err error
	if s.Sandbox, err = sandbox.New(o); err != nil {
		t.Fatal(err)
	}
	for _, server := range []*httptest.Server{portal, storage} {
		server.Start()
		t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	}
	return s
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
	for _, d := range mac.FindAllString(text, -1) {
		s.given[d] = true
	}
	s.leaks = append(s.leaks, leaks(where, dump)...)
	if err != nil {
		s.leaks = append(s.leaks, where+": "+err.Error())
	}
}

// signatures tells what of the signatures, and of OAuth 2 tokens, is in text.
func (s *site) signatures(where string, text []byte) (found []string) {
	for _, match := range signedQuery.FindAll(text, -1) {
		found = append(found, fmt.Sprintf("%s: a signed query, %q", where, match))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range mac.FindAllString(string(text), -1) {
		if s.given[d] {
			found = append(found, where+": a signature or a token, "+d)
		}
	}
	return found
}

// commandLine is one use of the program. Of its words, $DIR and the like are replaced.
type commandLine struct {
	text string
	in   string
	urls bool // its results hold URLs of storage, and are to
	fail bool // even where nothing is wrong: the keychain is missing
}

const transferFlags = " --api-rate 0 --retries 0 --journal $DIR/journal --undone-out $DIR/undone -d $DIR/files "

// commandLines are all commands, in all of their forms that differ in what is asked or written.
var commandLines = []commandLine{
	{text: "download -v --progress always --fsync" + transferFlags + "$ASSET $EMPTY"},
	{text: "download -v --json --checksum sha256 --connections 2" + transferFlags + "$ASSET"},
	{text: "download -v --additional --no-resume" + transferFlags + "$ASSET"},
	{text: "download -v --version 1 --no-verify --name {id}/{name}-{property_region}" + transferFlags + "$ASSET"},
	{text: "download -v --json --derivative webshop --max-failures 1" + transferFlags + "$ASSET"},
	{text: "download -v --print0 --all-items --if-exists rename" + transferFlags + "$ASSET"},
	{text: "download -v --json --dry-run" + transferFlags + "--from -", in: "$ASSET\n$EMPTY\n"},
	{text: "download -v --api-rate 0 --retries 0 -o - $ASSET"},
	{text: "fetch-item -v --json" + transferFlags + "$ASSET $ITEM"},
	{text: "fetch-item -q --derivative webshop" + transferFlags + "$ASSET $ITEM"},
	{text: "items -v --api-rate 0 --retries 0 $ASSET"},
	{text: "items -v --api-rate 0 --retries 0 --json $ASSET", urls: true},
	{text: "search -v --api-rate 0 --retries 0 --keyword Twitter"},
	{text: "search -v --api-rate 0 --retries 0 --limit 5 --json", urls: true},
	{text: "collections -v --api-rate 0 --retries 0 list --json", urls: true},
	{text: "collections -v --api-rate 0 --retries 0 show --limit 5 $COLLECTION"},
	{text: "auth status -v --api-rate 0 --retries 0"},
	{text: "auth login -v --api-rate 0 --retries 0 --with-token --domain $PORTAL --profile k", in: secrets.PermanentToken, fail: true},
	{text: "auth login -v --api-rate 0 --retries 0 --with-token --domain $PORTAL --profile f --insecure-storage", in: secrets.PermanentToken},
	{text: "auth logout"},
	{text: "journal show $BESIDE/journal"},
	{text: "journal show --json $BESIDE/journal"},
	{text: "journal compact $BESIDE/journal"},
	{text: "sandbox --fault $FAULT -- env"},
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
	commandSource     source = "token_command"
)

// settings makes the config file in dir and returns the environment that leads to a site.
func settings(t *testing.T, s *site, kind sandbox.Kind, from source, dir string) map[string]string {
	env := map[string]string{"HOME": dir, "XDG_CONFIG_HOME": dir, "BYNDER_CONFIG": filepath.Join(dir, "config.toml")}
	profile := "[profiles.default]\n"
	for _, pair := range s.Env(kind) {
		name, value, _ := strings.Cut(pair, "=")
		if from == environmentSource {
			env[name] = value
			continue
		}
		if key := strings.ToLower(strings.TrimPrefix(name, "BYNDER_")); from == fileSource || key == "domain" {
			profile += fmt.Sprintf("%s = '%s'\n", key, value)
		}
	}
	switch from {
	case environmentSource:
		profile = ""
	case commandSource: // it also tells what it can see
		program := fmt.Sprintf("env > '%[1]s/child-environment'; ps -o args= -p $$ > '%[1]s/child-arguments' 2>&1; cat '%[2]s'", dir, filepath.Join(dir, "vault"))
		profile += fmt.Sprintf("token_command = ['sh', '-c', '''%s''']\n", program)
		write(t, filepath.Join(dir, "vault"), s.Env(kind)[1][len("BYNDER_PERMANENT_TOKEN="):])
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

// run runs a command line against the site and returns its status and what leaked.
func (s *site) run(t *testing.T, c commandLine, kind sandbox.Kind, from source, dir, beside string) (status int, found []string) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Error(err)
	}
	env := settings(t, s, kind, from, dir)
	words := strings.NewReplacer(
		"$DIR", dir, "$BESIDE", beside, "$PORTAL", s.PortalURL(), "$FAULT", cmp.Or(s.fault.Name, "hidden"), "$ASSET", sandbox.DocumentedAsset,
		"$ITEM", sandbox.DocumentedItem, "$EMPTY", sandbox.EmptyAsset, "$COLLECTION", sandbox.CollectionSocial)
	var args []string
	for _, word := range strings.Fields(c.text) {
		args = append(args, words.Replace(word))
	}
	limit := patience
	if slices.Contains(stalls, s.fault.Name) {
		limit = 200 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var stdout, stderr lockedBuffer
	status = cli.Main(ctx, args, cli.Streams{
		In: strings.NewReader(words.Replace(c.in)), Out: &stdout, Err: &stderr, Getenv: func(name string) string { return env[name] },
	})
	stdout.mu.Lock()
	defer stdout.mu.Unlock()
	stderr.mu.Lock()
	defer stderr.mu.Unlock()
	found = slices.Concat(leaks("stdout", stdout.Bytes()), leaks("stderr", stderr.Bytes()), s.signatures("stderr", stderr.Bytes()))
	if !c.urls {
		found = append(found, s.signatures("stdout", stdout.Bytes())...)
	}
	// Secrets are in the files that are there for them, while they are to be.
	own := []string{filepath.Join(dir, "vault")}
	loggedIn := strings.Contains(c.text, "insecure") && status == 0
	if loggedIn || from == fileSource && (c.text != "auth logout" || status != 0) {
		own = append(own, env["BYNDER_CONFIG"])
	}
	return status, append(found, s.search(t, dir, own)...)
}

// search looks through a folder: names, links and contents, but of the user's own files.
func (s *site) search(t *testing.T, folder string, own []string) (found []string) {
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || slices.Contains(own, path) {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		found = append(found, leaks("the name "+name, []byte(name))...)
		var content []byte
		switch {
		case entry.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			content = []byte(target)
			if err != nil {
				return err
			}
		case entry.Type().IsRegular():
			if content, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		found = append(found, leaks("the file "+name, content)...)
		if len(content) < 32<<10 || filepath.Base(path) == "journal" { // others are contents of assets
			found = append(found, s.signatures("the file "+name, content)...)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return found
}

// TestNoSecretIsSeen runs every command with every kind of credentials in every failure of
// portal and storage. It looks for the secrets in what the program prints, in all files
// that it writes (their names, journals, lists of what is undone, partials, the state of
// the allowance, temporary files, the config file where it has no business there), in what
// storage is sent, in what the portal is sent beside the credentials, and in environment and arguments
// of children. Signatures of temporary URLs and tokens of OAuth 2 are looked for as well.
func TestNoSecretIsSeen(t *testing.T) {
	m := newMachine(t)
	t.Run("runs", func(t *testing.T) {
		for i, f := range failures() {
			for k, kind := range sandbox.Kinds() {
				if f.fault.Text != "" && f.fault.Text != textsOf(f.fault.Name)[0] && k != i%3 {
					continue // variants of a fault take turns
				}
				sources := []source{environmentSource, fileSource}
				if kind == sandbox.PermanentToken {
					sources = append(sources, commandSource)
				}
				from := sources[i%len(sources)]
				t.Run(fmt.Sprintf("%s, %s in the %s", f.name, kind, from), func(t *testing.T) {
					t.Parallel()
					m.runAll(t, newSite(t, f), kind, from)
				})
			}
		}
	})
	for _, leak := range newSite(t, failure{}).search(t, m.state, nil) {
		t.Errorf("afterwards, in the folders for state, settings and temporary files: %s", leak)
	}
}

func textsOf(fault string) []string {
	for _, kind := range sandbox.FaultKinds() {
		if kind.Name == fault {
			return kind.Texts
		}
	}
	return nil
}

// runAll runs all commands against one site, those that need a journal last.
func (m machine) runAll(t *testing.T, s *site, kind sandbox.Kind, from source) {
	folder, err := os.MkdirTemp(m.root, "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	one := func(i int) {
		c := commandLines[i]
		status, found := s.run(t, c, kind, from, filepath.Join(folder, fmt.Sprint(i)), filepath.Join(folder, "0"))
		for _, leak := range found {
			t.Errorf("%s\n%s", c.text, leak)
		}
		if s.name == "healthy" && (status != 0) != c.fail {
			t.Errorf("%s\nexit status %d", c.text, status)
		}
	}
	var running sync.WaitGroup
	for i, c := range commandLines {
		if strings.HasPrefix(c.text, "journal") {
			running.Wait()
			one(i)
			continue
		}
		running.Go(func() { one(i) })
	}
	running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, leak := range s.leaks {
		t.Error(leak)
	}
	if name := s.fault.Name; name != "" && s.Stats().Faults[name] == 0 && !slices.Contains([]string{"hidden", "hostile-name", "malformed", "overlap"}, name) {
		t.Errorf("no command met the fault")
	}
}

var _ = []any{io.EOF, exec.ErrNotFound, runtime.GOOS, syscall.SIGINT}
