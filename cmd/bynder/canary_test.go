//go:build unix

package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/cli"
	"github.com/bynder-cli/bynder/internal/sandbox"
)

// commandLine is one use of the program. Of its words, $DIR and the like are replaced.
type commandLine struct {
	text  string
	in    string
	urls  bool // its results hold URLs of storage, and are to
	fails bool // even where nothing is wrong: the keychain is missing
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
	{text: "download -v --json --dry-run" + transferFlags + "--from -", in: sandbox.DocumentedAsset + "\n" + sandbox.EmptyAsset + "\n"},
	{text: "download -v --api-rate 0 --retries 0 -o - $ASSET"},
	{text: "download -v --json --api-rate 0 --retries 0 -d s3://sandbox/x --journal s3://sandbox/journal/ $ASSET $PARTS"},
	{text: "fetch-item -v --json" + transferFlags + "$ASSET $ITEM"},
	{text: "fetch-item -q --derivative webshop" + transferFlags + "$ASSET $ITEM"},
	{text: "items -v --api-rate 0 --retries 0 $ASSET"},
	{text: "items -v --api-rate 0 --retries 0 --json $ASSET"},
	{text: "search -v --api-rate 0 --retries 0 --keyword Twitter"},
	{text: "search -v --api-rate 0 --retries 0 --limit 5 --json"},
	{text: "search -v --api-rate 0 --retries 0 --limit 5 --json --urls", urls: true},
	{text: "search -v --api-rate 0 --retries 0 --limit 5 --csv --fields id,original,thumbnails,videoPreviewURLs"},
	{text: "collections -v --api-rate 0 --retries 0 list --json"},
	{text: "collections -v --api-rate 0 --retries 0 show --limit 5 $COLLECTION"},
	{text: "auth status -v --api-rate 0 --retries 0"},
	{text: "auth login -v --api-rate 0 --retries 0 --with-token --domain $PORTAL --profile k", in: secrets.PermanentToken, fails: true},
	{text: "auth login -v --api-rate 0 --retries 0 --with-token --domain $PORTAL --profile f --insecure-storage", in: secrets.PermanentToken},
	{text: "auth logout"},
	{text: "journal show $BESIDE/journal"},
	{text: "journal show --json $BESIDE/journal"},
	{text: "verify -v --journal $BESIDE/journal $BESIDE", fails: true},
	{text: "verify --json --extra --journal $BESIDE/journal $BESIDE/files"},
	{text: "verify -v --retries 0 --full --journal s3://sandbox/journal/ s3://sandbox/x"},
	{text: "sandbox --fault $FAULT -- env"},
}

// words are those of a command line. dir is the folder of the run, beside that of the first one.
func (s *site) words(text, dir, beside string) []string {
	values := strings.NewReplacer(
		"$DIR", dir, "$BESIDE", beside, "$PORTAL", s.PortalURL(), "$FAULT", cmp.Or(s.fault.Name, "hidden"), "$ASSET", sandbox.DocumentedAsset,
		"$ITEM", sandbox.DocumentedItem, "$EMPTY", sandbox.EmptyAsset, "$PARTS", sandbox.PartsAsset, "$COLLECTION", sandbox.CollectionSocial)
	words := strings.Fields(text)
	for i := range words {
		words[i] = values.Replace(words[i])
	}
	return words
}

// endStall ends a command soon after one has met the fault that nothing else ends.
func (s *site) endStall(ctx context.Context, end func()) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for since := 0; since < 10; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if s.Stats().Faults[s.fault.Name] > 0 {
			since++
		}
	}
	end()
}

// run runs a command line against the site and returns its status and what leaked.
func (s *site) run(t *testing.T, c commandLine, kind sandbox.Kind, from source, dir, beside string) (status int, found []string) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Error(err)
	}
	env := settings(t, s, kind, from, dir)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	var ending sync.WaitGroup
	defer ending.Wait()
	defer cancel()
	if slices.Contains(stalls, s.fault.Name) {
		ending.Go(func() { s.endStall(ctx, cancel) })
	}
	var stdout, stderr lockedBuffer
	status = cli.Main(ctx, s.words(c.text, dir, beside), cli.Streams{
		In: strings.NewReader(c.in), Out: &stdout, Err: &stderr, Getenv: func(name string) string { return env[name] },
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
	if from == fileSource { // which is never written
		own = append(own, env["BYNDER_CONFIG"])
	}
	loggedIn := strings.Contains(c.text, "insecure") && status == 0
	if loggedIn || from == loginSource && (c.text != "auth logout" || status != 0) {
		own = append(own, filepath.Join(dir, "credentials.toml"))
	}
	return status, append(found, s.search(t, dir, own)...)
}

// TestNoSecretIsSeen runs every command with every kind of credentials in every failure of
// portal and storage that it can meet. It looks for the secrets in what the program prints,
// in all files that it writes (their names, journals, lists of what is undone, partials,
// the state of the allowance, temporary files, the config and the credentials file where they
// have no business there), in what storage is sent, in what the portal is sent beside the header and the form
// for credentials, and in the environment of children. Signatures of temporary URLs and tokens of
// OAuth 2 are looked for as well.
func TestNoSecretIsSeen(t *testing.T) {
	m := newMachine(t)
	t.Run("in", func(t *testing.T) {
		for i, f := range failures() {
			if underRace() && f.isVariant() {
				continue
			}
			for k, kind := range sandbox.Kinds() {
				if f.inTurn() && k != i%3 {
					continue
				}
				sources := []source{environmentSource, fileSource, loginSource}
				if kind == sandbox.PermanentToken {
					sources = append(sources, commandSource)
				}
				from := sources[i%len(sources)]
				t.Run(fmt.Sprintf("%s, %s from %s", f.name, kind, from), func(t *testing.T) {
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

// inTurn reports whether one kind of credentials suffices for a failure: for variants of a fault, for what takes long, and for
// the faults of storage and of buckets, which see no credentials of the portal. Under the race detector, which is slow and
// looks for something else, it does for all.
func (f failure) inTurn() bool {
	side := kindOf(f.fault.Name).Side
	return underRace() || f.isVariant() || f.fault.Name == "api-huge" ||
		side == sandbox.OnStorage || side == sandbox.OnLocation || side == sandbox.OnBucket
}

// isVariant reports whether a failure is another form of a fault that comes before it.
func (f failure) isVariant() bool {
	return f.fault.Text != "" && f.fault.Text != kindOf(f.fault.Name).Texts[0]
}

func kindOf(fault string) sandbox.FaultKind {
	kinds := sandbox.FaultKinds()
	if i := slices.IndexFunc(kinds, func(k sandbox.FaultKind) bool { return k.Name == fault }); i >= 0 {
		return kinds[i]
	}
	return sandbox.FaultKind{}
}

// canMeet tells whether a command can meet the failure: some ask for no file, and one
// asks nothing.
func (c commandLine) canMeet(f failure, kind sandbox.Kind) bool {
	switch side := kindOf(f.fault.Name).Side; {
	case strings.Contains(c.text, "s3://"):
		return side == sandbox.OnBucket || f.name == healthy
	case side == sandbox.OnBucket:
		return false
	case strings.HasPrefix(c.text, "sandbox"):
		return kind == sandbox.OAuth1 // it takes no credentials
	case side == sandbox.OnStorage || side == sandbox.OnLocation:
		return strings.Contains(c.text, "$DIR/files") || strings.Contains(c.text, "-o -")
	}
	return true
}

// runAll runs all commands against one site, those that read a journal last.
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
		byHand := c.text == "auth logout" && (from == fileSource || from == commandSource) // which says what to remove
		if s.name == healthy && (status != 0) != (c.fails || byHand) {
			t.Errorf("%s\nexit status %d", c.text, status)
		}
	}
	var running sync.WaitGroup
	for i, c := range commandLines {
		switch {
		case !c.canMeet(s.failure, kind):
		case strings.HasPrefix(c.text, "journal"), strings.HasPrefix(c.text, "verify"):
			running.Wait()
			one(i)
		default:
			running.Go(func() { one(i) })
		}
	}
	running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, leak := range s.leaks {
		t.Error(leak)
	}
	// Some faults are in what lists and locations say, and not counted; no command removes an object, or continues an upload.
	uncounted := []string{"hidden", "hostile-name", "malformed", "overlap", "s3-denied=delete", "s3-no-part"}
	silent := slices.Contains(uncounted, s.fault.Name) || slices.Contains(uncounted, s.name)
	if name := s.fault.Name; name != "" && s.Stats().Faults[name] == 0 && !silent {
		t.Error("no command met the fault")
	}
}
