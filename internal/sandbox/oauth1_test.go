package sandbox

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// received is the request that a server reads from the wire.
func received(t testing.TB, method, target, host, authorization, form string) *http.Request {
	t.Helper()
	raw := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n", method, target, host, authorization)
	if form != "" {
		raw += fmt.Sprintf("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(form))
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw + "\r\n" + form)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func at(seconds int64) func() time.Time {
	return func() time.Time { return time.Unix(seconds, 0) }
}

// The example of RFC 5849 section 3.4.1.1, whose base string is printed there.
func TestSignatureBaseOfRFC5849(t *testing.T) {
	r := received(t, "POST", "/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", "example.com",
		`OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7",`+
			` oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a",`+
			` oauth_signature="bYT5CMsGcbgUdFHObYMEfE6bx8w%3D"`, "c2&a3=2+q")
	header, err := parseOAuth1Header(r.Header.Get("Authorization"))
	if err != nil {
		t.Fatal(err)
	}
	params, err := requestParams(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D" +
		"%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a" +
		"%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
	if got := signatureBase(r, append(header, params...)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The last request of RFC 5849 section 1.2, signed there with published secrets.
var (
	photosCreds = oauth1Credentials{"dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"}
	photosTime  = int64(137131202)
)

const photosHeader = `OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk",` +
	` oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH",` +
	` oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"`

func photos(t testing.TB, header string) *http.Request {
	return received(t, "GET", "/photos?file=vacation.jpg&size=original", "photos.example.net", header, "")
}

func TestVerifyExampleOfRFC5849(t *testing.T) {
	v := newOAuth1Verifier(photosCreds, at(photosTime))
	if err := v.Verify(photos(t, photosHeader)); err != nil {
		t.Fatal(err)
	}
}

// Requests signed by Python's oauthlib; see testdata/oauth1_vectors.py.
func TestVerifyVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/oauth1_vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Timestamp int64
		Vectors   []struct {
			Name, ConsumerKey, ConsumerSecret, Token, TokenSecret string
			Method, URL, Body, Authorization, BaseString          string
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) < 12 {
		t.Fatalf("only %d vectors", len(file.Vectors))
	}
	for _, vec := range file.Vectors {
		t.Run(vec.Name, func(t *testing.T) {
			scheme, rest, _ := strings.Cut(vec.URL, "://")
			host, target, _ := strings.Cut(rest, "/")
			request := func() *http.Request {
				r := received(t, vec.Method, "/"+target, host, vec.Authorization, vec.Body)
				if scheme == "https" {
					r.TLS = &tls.ConnectionState{}
				}
				return r
			}
			creds := oauth1Credentials{vec.ConsumerKey, vec.ConsumerSecret, vec.Token, vec.TokenSecret}
			r := request()
			if err := newOAuth1Verifier(creds, at(file.Timestamp)).Verify(r); err != nil {
				t.Errorf("%v\nwant %s", err, vec.BaseString)
			}
			if body, _ := io.ReadAll(r.Body); string(body) != vec.Body {
				t.Errorf("the handler reads the form %q, want %q", body, vec.Body)
			}
			creds.TokenSecret += "x"
			err := newOAuth1Verifier(creds, at(file.Timestamp)).Verify(request())
			if err == nil || !strings.HasSuffix(err.Error(), " is "+vec.BaseString) {
				t.Errorf("with a wrong secret: got  %v\nwant %s", err, vec.BaseString)
			}
		})
	}
}

func TestVerifyAbsoluteTarget(t *testing.T) {
	v := newOAuth1Verifier(photosCreds, at(photosTime))
	r := received(t, "GET", "http://photos.example.net/photos?file=vacation.jpg&size=original",
		"photos.example.net", photosHeader, "")
	if err := v.Verify(r); err != nil {
		t.Error(err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(photosHeader, old) {
			t.Fatalf("%q is not in the header", old)
		}
		return strings.Replace(photosHeader, old, new, 1)
	}
	without := func(name string) string {
		var kept []string
		for part := range strings.SplitSeq(strings.TrimPrefix(photosHeader, "OAuth "), ", ") {
			if !strings.HasPrefix(part, name+"=") {
				kept = append(kept, part)
			}
		}
		return "OAuth " + strings.Join(kept, ", ")
	}
	for _, tt := range []struct{ name, header, want string }{
		{"bearer", "Bearer abc", "scheme is not OAuth"},
		{"basic", "Basic abc=", "scheme is not OAuth"},
		{"empty", "OAuth", "without ="},
		{"no quotes", edit(`"chapoH"`, `chapoH`), "not in quotes"},
		{"open quotes", strings.TrimSuffix(photosHeader, `"`), "no closing quote"},
		{"no comma", edit(`", oauth_nonce`, `" oauth_nonce`), "no comma"},
		{"raw plus", edit("MdpQ", "M+pQ"), "not percent-encoded"},
		{"broken escape", edit("%3D", "%3"), "broken percent-encoding"},
		{"no name", edit("oauth_nonce=", "="), "without a name"},
		{"no consumer key", without("oauth_consumer_key"), "oauth_consumer_key is missing"},
		{"no token", without("oauth_token"), "oauth_token is missing"},
		{"no method", without("oauth_signature_method"), "oauth_signature_method is missing"},
		{"no timestamp", without("oauth_timestamp"), "oauth_timestamp is missing"},
		{"no nonce", without("oauth_nonce"), "oauth_nonce is missing"},
		{"empty nonce", edit("chapoH", ""), "oauth_nonce is missing"},
		{"no signature", without("oauth_signature"), "oauth_signature is missing"},
		{"other version", photosHeader + `, oauth_version="1.0a"`, `oauth_version is "1.0a"`},
		{"empty version", photosHeader + `, oauth_version=""`, `oauth_version is ""`},
		{"added version", photosHeader + `, oauth_version="1.0"`, "does not match"},
		{"plaintext", edit("HMAC-SHA1", "PLAINTEXT"), `oauth_signature_method is "PLAINTEXT"`},
		{"sha256", edit("HMAC-SHA1", "HMAC-SHA256"), `oauth_signature_method is "HMAC-SHA256"`},
		{"unknown key", edit("dpf43", "DPF43"), "oauth_consumer_key is unknown"},
		{"unknown token", edit("nnch", "NNCH"), "oauth_token is unknown"},
		{"timestamp in words", edit("137131202", "now"), "not a number"},
		{"signed timestamp", edit("137131202", "-137131202"), "not a number"},
		{"overflowing timestamp", edit("137131202", "9223372036854775808"), "not a number"},
		{"stale", edit("137131202", "137130901"), "more than 300 s"},
		{"from the future", edit("137131202", "137131503"), "more than 300 s"},
		{"greatest timestamp", edit("137131202", "9223372036854775807"), "more than 300 s"},
		{"other timestamp", edit("137131202", "137131203"), "does not match"},
		{"other nonce", edit("chapoH", "chapoh"), "does not match"},
		{"added parameter", photosHeader + `, x="1"`, "does not match"},
		{"other signature", edit("MdpQ", "NdpQ"), "does not match"},
		{"twice", photosHeader + `, oauth_nonce="chapoH"`, "oauth_nonce occurs more than once"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := newOAuth1Verifier(photosCreds, at(photosTime)).Verify(photos(t, tt.header))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestVerifyRefusesOtherRequests(t *testing.T) {
	const target = "/photos?file=vacation.jpg&size=original"
	for _, tt := range []struct{ name, method, target, host, form, want string }{
		{"method", "POST", target, "photos.example.net", "", "does not match"},
		{"host", "GET", target, "photos.example.com", "", "does not match"},
		{"port", "GET", target, "photos.example.net:8080", "", "does not match"},
		{"path", "GET", "/Photos?file=vacation.jpg&size=original", "photos.example.net", "", "does not match"},
		{"path escaped otherwise", "GET", "/%70hotos?file=vacation.jpg&size=original", "photos.example.net", "", "does not match"},
		{"query", "GET", target + "&a=1", "photos.example.net", "", "does not match"},
		{"form", "GET", target, "photos.example.net", "a=1", "does not match"},
		{"nonce in the query too", "GET", target + "&oauth_nonce=chapoH", "photos.example.net", "", "more than once"},
		{"token in the form too", "GET", target, "photos.example.net", "oauth_token=a", "more than once"},
		{"broken query", "GET", target + "&a=%zz", "photos.example.net", "", "parse the query"},
		{"broken form", "GET", target, "photos.example.net", "a=%zz", "parse the form"},
		{"long form", "GET", target, "photos.example.net", strings.Repeat("a", oauth1MaxBody+1), "longer than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := received(t, tt.method, tt.target, tt.host, photosHeader, tt.form)
			err := newOAuth1Verifier(photosCreds, at(photosTime)).Verify(r)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestVerifyWantsOneHeader(t *testing.T) {
	v := newOAuth1Verifier(photosCreds, at(photosTime))
	r := photos(t, photosHeader)
	r.Header.Del("Authorization")
	if err := v.Verify(r); err == nil || !strings.Contains(err.Error(), "no Authorization") {
		t.Errorf("without a header: %v", err)
	}
	r.Header["Authorization"] = []string{photosHeader, photosHeader}
	if err := v.Verify(r); err == nil || !strings.Contains(err.Error(), "more than one") {
		t.Errorf("with two headers: %v", err)
	}
}

// signed is photosHeader for another time and nonce.
func signed(t testing.TB, v *oauth1Verifier, timestamp int64, nonce string) *http.Request {
	header := strings.NewReplacer("137131202", fmt.Sprint(timestamp), "chapoH", url.QueryEscape(nonce)).Replace(photosHeader)
	params, err := parseOAuth1Header(header)
	if err != nil {
		t.Fatal(err)
	}
	r := photos(t, header)
	query, err := requestParams(r)
	if err != nil {
		t.Fatal(err)
	}
	signature := v.sign(signatureBase(r, append(params, query...)))
	return photos(t, strings.Replace(header, "MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D", percentEncode(signature), 1))
}

func TestVerifyNonces(t *testing.T) {
	now := int64(1_700_000_000)
	v := newOAuth1Verifier(photosCreds, func() time.Time { return time.Unix(now, 0) })
	verify := func(timestamp int64, nonce, want string) {
		t.Helper()
		err := v.Verify(signed(t, v, timestamp, nonce))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("nonce %s at %d: got %v, want %q", nonce, timestamp, err, want)
		}
	}
	start := now
	verify(start, "a", "")
	verify(start, "a", "used before")
	verify(start, "b", "")
	verify(start+1, "a", "") // unique for a timestamp is what the RFC asks
	verify(start+300, "c", "")
	verify(start-300, "d", "")

	// A forged request must not use up a nonce of the real client.
	forged := signed(t, v, start, "e")
	forged.Header.Set("Authorization", strings.Replace(forged.Header.Get("Authorization"), `signature="`, `signature="A`, 1))
	if err := v.Verify(forged); err == nil {
		t.Error("a forged signature passed")
	}
	verify(start, "e", "")

	now = start + 300
	verify(start, "a", "used before")
	verify(start-1, "a", "more than 300 s")
	now = start + 600
	verify(start+300, "c", "used before")
	now = start + 601
	verify(now, "a", "")
	if len(v.seen) != 1 {
		t.Errorf("%d timestamps are remembered after the window, want 1", len(v.seen))
	}
}

func TestVerifyOneOfManyReplays(t *testing.T) {
	v := newOAuth1Verifier(photosCreds, at(photosTime))
	var wg sync.WaitGroup
	var accepted atomic.Int32
	for range 32 {
		r := photos(t, photosHeader)
		wg.Go(func() {
			if v.Verify(r) == nil {
				accepted.Add(1)
			}
		})
	}
	wg.Wait()
	if n := accepted.Load(); n != 1 {
		t.Errorf("%d of 32 equal requests were accepted, want 1", n)
	}
}

func TestParseOAuth1Header(t *testing.T) {
	for _, tt := range []struct{ header, want string }{
		{`OAuth a="1"`, "[{a 1}]"},
		{`oauth a="1",b="2"`, "[{a 1} {b 2}]"},
		{"OAuth \t a = \"1\"\t,  b=\"\"  ", "[{a 1} {b }]"},
		{`OAuth realm="a, b=\"c\" \\", a="1"`, "[{a 1}]"},
		{`OAuth a%3D="%C3%A9%20%2B"`, "[{a= é +}]"},
		{`OAuth a="1",`, "a parameter without ="},
		{`OAuth a="1",,b="2"`, "the name"},
		{`OAutha="1"`, "scheme"},
	} {
		params, err := parseOAuth1Header(tt.header)
		got := fmt.Sprint(params)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %s, want %s", tt.header, got, tt.want)
		}
	}
}

// What the parser accepts means the same when it is written down again by the
// rules of the RFC.
func FuzzParseOAuth1Header(f *testing.F) {
	f.Add(photosHeader)
	f.Add(`OAuth realm="a\"b", a="%C3%A9"`)
	f.Add("OAuth ")
	f.Fuzz(func(t *testing.T, field string) {
		params, err := parseOAuth1Header(field)
		if err != nil || len(params) == 0 {
			return
		}
		var parts []string
		for _, p := range params {
			parts = append(parts, percentEncode(p.name)+`="`+percentEncode(p.value)+`"`)
		}
		again, err := parseOAuth1Header("OAuth " + strings.Join(parts, ", "))
		if err != nil {
			t.Fatalf("%q: %v", parts, err)
		}
		// A name that decodes to realm is signed once and skipped the next time.
		var want []oauth1Param
		for _, p := range params {
			if !strings.EqualFold(p.name, "realm") {
				want = append(want, p)
			}
		}
		if fmt.Sprintf("%q", again) != fmt.Sprintf("%q", want) {
			t.Errorf("got %q, want %q", again, want)
		}
	})
}
