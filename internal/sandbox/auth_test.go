package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oauth1Header signs a GET of the portal with the sandbox's own base string.
func oauth1Header(c client, path, nonce string) string {
	c.t.Helper()
	creds := c.opts.Credentials
	fields := `oauth_consumer_key="` + percentEncode(creds.ConsumerKey) + `", oauth_token="` + percentEncode(creds.Token) +
		`", oauth_signature_method="HMAC-SHA1", oauth_version="1.0", oauth_timestamp="` +
		strconv.FormatInt(c.now().Unix(), 10) + `", oauth_nonce="` + nonce + `"`
	host := strings.TrimPrefix(c.PortalURL(), "http://")
	r := received(c.t, "GET", path, host, "OAuth "+fields, "")
	params, err := parseOAuth1Header(r.Header.Get("Authorization"))
	if err != nil {
		c.t.Fatal(err)
	}
	query, err := requestParams(r)
	if err != nil {
		c.t.Fatal(err)
	}
	signature := newOAuth1Verifier(creds.oauth1(), time.Now).sign(signatureBase(r, append(params, query...)))
	return "OAuth " + fields + `, oauth_signature="` + percentEncode(signature) + `"`
}

func TestPortalChecksSignatures(t *testing.T) {
	c := start(t, Options{})
	path := "/api/v4/media/?limit=1&orderBy=dateModified%20desc"
	header := oauth1Header(c, path, "once")
	check(t, "signed", c.do("GET", c.PortalURL()+path, "Authorization", header).StatusCode, 200)
	again := c.do("GET", c.PortalURL()+path, "Authorization", header)
	check(t, "nonce again", again.StatusCode, 401)
	moved := c.do("GET", c.PortalURL()+path+"&page=2", "Authorization", oauth1Header(c, path, "other"))
	check(t, "other URL", moved.StatusCode, 401)
	check(t, "none", c.do("GET", c.PortalURL()+path).StatusCode, 401)
	check(t, "wrong token", c.do("GET", c.PortalURL()+path, "Authorization", "Bearer nope").StatusCode, 401)
	check(t, "Basic", c.do("GET", c.PortalURL()+path, "Authorization", "Basic eDp5").StatusCode, 401)

	want := map[string]int64{
		"oauth_nonce has been used before": 1, "oauth_signature does not match": 1, "no Authorization header": 1,
		"unknown bearer token": 1, "unknown authorization scheme": 1,
	}
	got := c.Stats().Refusals
	for reason, n := range want {
		check(t, reason, got[reason], n)
	}
	check(t, "reasons", len(got), len(want))
}

// grant posts a form to the token endpoint.
func grant(c client, form string, header ...string) (answer struct {
	Token   string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Scope   string `json:"scope"`
	Error   string `json:"error"`
}, status int,
) {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, c.PortalURL()+tokenPath, strings.NewReader(form))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		c.t.Fatalf("%v in %s", err, body)
	}
	return answer, resp.StatusCode
}

func TestClientCredentials(t *testing.T) {
	now := newClock()
	c := start(t, Options{Clock: now.now})
	creds := c.opts.Credentials
	form := values("grant_type", "client_credentials", "client_id", creds.ClientID, "client_secret", creds.ClientSecret)
	answer, status := grant(c, form.Encode())
	check(t, "status", status, 200)
	check(t, "type", answer.Type, "bearer")
	check(t, "expires_in", answer.Expires, 3600)

	call := func(token string) int {
		return c.do("GET", c.PortalURL()+"/api/v4/media/"+DocumentedAsset+"/", "Authorization", "Bearer "+token).StatusCode
	}
	now.t = now.t.Add(time.Hour - time.Second)
	check(t, "in time", call(answer.Token), 200)
	check(t, "forged", call(answer.Token+"0"), 401)
	now.t = now.t.Add(time.Second)
	check(t, "expired", call(answer.Token), 401)
	check(t, "reason", c.Stats().Refusals["expired bearer token"], 1)

	form.Set("scope", "collection:read")
	answer, _ = grant(c, form.Encode())
	check(t, "scope", answer.Scope, "collection:read")
	check(t, "without its scope", call(answer.Token), 403)
}

func TestClientCredentialsByBasic(t *testing.T) {
	c := start(t, Options{})
	r, _ := http.NewRequest(http.MethodPost, "/", nil)
	creds := c.opts.Credentials
	encode := func(s string) string { return strings.TrimPrefix(values("", s).Encode(), "=") }
	r.SetBasicAuth(encode(creds.ClientID), encode(creds.ClientSecret))
	_, status := grant(c, "grant_type=client_credentials", "Authorization", r.Header.Get("Authorization"))
	check(t, "status", status, 200)
}

func TestClientCredentialsRefused(t *testing.T) {
	c := start(t, Options{})
	creds := c.opts.Credentials
	for _, test := range []struct {
		name, grant, secret, scope, want string
		status                           int
	}{
		{"wrong secret", "client_credentials", "x", "", "invalid_client", 401},
		{"wrong grant", "password", creds.ClientSecret, "", "unsupported_grant_type", 400},
		{"wrong scope", "client_credentials", creds.ClientSecret, "asset:destroy", "invalid_scope", 400},
	} {
		form := values("grant_type", test.grant, "client_id", creds.ClientID, "client_secret", test.secret, "scope", test.scope)
		answer, status := grant(c, form.Encode())
		check(t, test.name, status, test.status)
		check(t, test.name, answer.Error, test.want)
	}
	check(t, "by GET", c.do("GET", c.PortalURL()+tokenPath).StatusCode, 405)
}
