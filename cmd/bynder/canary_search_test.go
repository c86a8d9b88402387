//go:build unix

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// canary begins and ends each secret of these tests, so that a piece of one is found,
// too.
const canary = "canary7f3a"

// secret is a value for credentials, with characters that encodings differ in.
func secret(name string) string { return canary + "-" + name + `&+= é/"<>%2F-` + canary }

// secrets are what the portal and the bucket accept.
var secrets = sandbox.Credentials{
	ConsumerKey: secret("consumer-key"), ConsumerSecret: secret("consumer-secret"),
	Token: secret("token"), TokenSecret: secret("token-secret"),
	PermanentToken: secret("permanent-token"),
	ClientID:       secret("client-id"), ClientSecret: secret("client-secret"),
	BucketKey: "AKIDEXAMPLE", BucketSecret: secret("bucket-secret"),
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

// ofSignatures are texts that only signed queries have in them, in small letters.
var ofSignatures = []string{"x-amz-", "key-pair-id", "?signature=", "&signature=", "%3fsignature%3d", "%26signature%3d"}

// digests are the words of 64 hexadecimal digits in a text: signatures of storage's URLs
// and the end of the sandbox's OAuth 2 tokens are such.
func digests(text []byte) (found []string) {
	other := func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') }
	for _, word := range bytes.FieldsFunc(text, other) {
		if len(word) == 64 {
			found = append(found, string(word))
		}
	}
	return found
}

// leaks tells what of the secrets is in data, which is where it says.
func leaks(where string, data []byte) (found []string) {
	for name, disguise := range disguises {
		if bytes.Contains(data, disguise) {
			found = append(found, where+": a secret, "+name)
		}
	}
	return found
}

// signatures tells what of the signatures, and of OAuth 2 tokens, is in text.
func (s *site) signatures(where string, text []byte) (found []string) {
	small := bytes.ToLower(text)
	for _, part := range ofSignatures {
		if bytes.Contains(small, []byte(part)) {
			found = append(found, fmt.Sprintf("%s: a signature, as %q tells", where, part))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range digests(text) {
		if s.given[d] {
			found = append(found, where+": a signature or a token, "+d)
		}
	}
	return found
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

// The search finds what it is for, in every place: else the tests that find nothing would tell
// nothing.
func TestPlantedSecretIsFound(t *testing.T) {
	quoted, err := json.Marshal(secret("x"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"as it is": "Bearer " + secret("x"), "its end": secret("x")[20:], "in a query": "?q=" + url.QueryEscape(secret("x")),
		"in a path": url.PathEscape(secret("x")), "escaped twice": url.QueryEscape(url.QueryEscape(secret("x"))), "in JSON": string(quoted),
		"as a host": strings.ToUpper(secret("x")), "in hex": hex.EncodeToString([]byte(secret("x"))), "in HEX": fmt.Sprintf("%X", secret("x")),
		"Basic": base64.StdEncoding.EncodeToString([]byte("ab:" + secret("x"))), "Basic, one on": base64.StdEncoding.EncodeToString([]byte("abc:" + secret("x"))),
		"Basic, two on": base64.URLEncoding.EncodeToString([]byte("abcd:" + secret("x"))), "in Go's words": fmt.Sprintf("%#v %q", secrets, secret("x")),
	} {
		if leaks("here", []byte(text)) == nil {
			t.Errorf("%s: not found in %q", name, text)
		}
	}
	if found := leaks("here", []byte("canary 7f3a, [redacted]")); found != nil {
		t.Errorf("found what is not there: %q", found)
	}

	newMachine(t)
	t.Setenv("ANOTHER", secret("environment"))
	s := newSite(t, failure{name: healthy})
	for _, tt := range []struct {
		text  string
		from  source
		where []string // of leaks
	}{
		{"download --json --journal $DIR/journal --undone-out $DIR/undone -d $DIR/files --name " + canary + " $ASSET", environmentSource, []string{"stdout", "the name files/" + canary, "the file journal"}},
		{"download -v --undone-out $DIR/undone -d $DIR/files " + canary, environmentSource, []string{"stderr", "the file undone"}},
		{"auth status", commandSource, []string{"the file child-environment"}},
		{"sandbox -- env", environmentSource, []string{"stdout"}},
		{"items --json --urls $ASSET", environmentSource, []string{"stdout: a signature"}}, // it is to hold URLs, but is not marked so
	} {
		_, found := s.run(t, commandLine{text: tt.text}, sandbox.PermanentToken, tt.from, filepath.Join(t.TempDir(), "run"), "")
		for _, where := range tt.where {
			if !slices.ContainsFunc(found, func(leak string) bool { return strings.HasPrefix(leak, where) }) {
				t.Errorf("%s: nothing was found in %s, but %q", tt.text, where, found)
			}
		}
	}
	if status, found := s.run(t, commandLine{text: "search --keyword " + canary}, sandbox.OAuth1, environmentSource, filepath.Join(t.TempDir(), "run"), ""); status != 0 || found != nil {
		t.Errorf("status %d, %q", status, found)
	}
	r := httptest.NewRequest(http.MethodGet, "/a?X-Amz-Signature="+strings.Repeat("ab", 32), nil)
	r.Header.Set("Cookie", secret("cookie"))
	s.storage(httptest.NewRecorder(), r)
	for _, where := range []string{"what the portal is sent", "what storage is sent"} {
		if !slices.ContainsFunc(s.leaks, func(leak string) bool { return strings.HasPrefix(leak, where) }) {
			t.Errorf("nothing was found in %s, but %q", where, s.leaks)
		}
	}
	if s.signatures("here", []byte("it is "+strings.Repeat("ab", 32)+".")) == nil {
		t.Error("a signature was not found")
	}
}
