package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is a kind of credentials. The portal accepts all kinds.
type Kind string

// The kinds of credentials that portals issue.
const (
	OAuth1            Kind = "oauth1" // OAuth 1.0a: consumer key and token with their secrets
	PermanentToken    Kind = "token"  // a bearer token that does not expire
	ClientCredentials Kind = "client" // OAuth 2 client credentials
)

// Kinds lists the kinds, the usual one first.
func Kinds() []Kind { return []Kind{OAuth1, PermanentToken, ClientCredentials} }

// Credentials are what the portal accepts.
type Credentials struct {
	ConsumerKey, ConsumerSecret, Token, TokenSecret string // OAuth1
	PermanentToken                                  string
	GuestToken                                      string // a PermanentToken of another user
	ClientID, ClientSecret                          string // ClientCredentials
	BucketKey, BucketSecret                         string // of the bucket: access key id and secret access key
}

func (c *Credentials) setDefaults() {
	setDefault(&c.ConsumerKey, "sandbox-consumer")
	setDefault(&c.ConsumerSecret, "consumer&+= é!*'()~%2F")
	setDefault(&c.Token, "sandbox-token")
	setDefault(&c.TokenSecret, "token&+= é!*'()\"#/")
	setDefault(&c.PermanentToken, "sandbox-permanent-token-3f9a7c51")
	setDefault(&c.GuestToken, "sandbox-guest-token-81c2e6d0")
	setDefault(&c.ClientID, "5a1d0c5e-5b0d-4c57-9a53-5a6d3b0f7c11")
	setDefault(&c.ClientSecret, "client&+= !*'():%")
	setDefault(&c.BucketKey, "SANDBOXBUCKETKEY0001")
	setDefault(&c.BucketSecret, "bucket/secret+wJalrXUtnFEMIK7MDENGbPxR")
}

func (c *Credentials) oauth1() oauth1Credentials {
	return oauth1Credentials{
		ConsumerKey: c.ConsumerKey, ConsumerSecret: c.ConsumerSecret,
		Token: c.Token, TokenSecret: c.TokenSecret,
	}
}

// Env returns the environment that leads a client here: BYNDER_DOMAIN, the
// variables of one kind of credentials, and those of S3 clients for the bucket, as NAME=value.
func (s *Sandbox) Env(kind Kind) []string {
	c := s.opts.Credentials
	env := []string{"BYNDER_DOMAIN=" + s.opts.PortalURL}
	switch kind {
	case PermanentToken:
		env = append(env, "BYNDER_PERMANENT_TOKEN="+c.PermanentToken)
	case ClientCredentials:
		env = append(env, "BYNDER_CLIENT_ID="+c.ClientID, "BYNDER_CLIENT_SECRET="+c.ClientSecret)
	default:
		env = append(env,
			"BYNDER_CONSUMER_KEY="+c.ConsumerKey, "BYNDER_CONSUMER_SECRET="+c.ConsumerSecret,
			"BYNDER_TOKEN="+c.Token, "BYNDER_TOKEN_SECRET="+c.TokenSecret)
	}
	return append(env,
		"AWS_ACCESS_KEY_ID="+c.BucketKey, "AWS_SECRET_ACCESS_KEY="+c.BucketSecret, "AWS_REGION="+bucketRegion,
		"AWS_ENDPOINT_URL_S3="+s.opts.BucketURL)
}

// authorize returns the scopes of a request, or why it is refused.
func (s *Sandbox) authorize(r *http.Request) (scopes string, err error) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case scheme == "":
		return "", errors.New("no Authorization header")
	case strings.EqualFold(scheme, "OAuth"):
		return allScopes, s.oauth1.Verify(r)
	case strings.EqualFold(scheme, "Bearer"):
		if sameSecret(value, s.opts.Credentials.PermanentToken) || s.isGuest(r) {
			return allScopes, nil
		}
		return s.verifyToken(value)
	default:
		return "", errors.New("unknown authorization scheme")
	}
}

// isGuest reports whether a request is made with the token of the other user.
func (s *Sandbox) isGuest(r *http.Request) bool {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && sameSecret(value, s.opts.Credentials.GuestToken)
}

// allScopes are those of credentials that were not asked for with any.
const allScopes = "asset:read collection:read meta.assetbank:read current.user:read"

// issueToken makes a token that carries its own expiry and scopes, so that none
// needs to be remembered.
func (s *Sandbox) issueToken(scopes string) string {
	expires := s.now().Add(s.opts.TokenLifetime).Unix()
	payload := hex.EncodeToString(fmt.Appendf(nil, "%d %s", expires, scopes))
	return payload + "." + s.tokenMAC(payload)
}

func (s *Sandbox) tokenMAC(payload string) string {
	mac := hmac.New(sha256.New, s.signKey[:])
	mac.Write([]byte("token " + payload))
	return hex.EncodeToString(mac.Sum(nil))
}

func (s *Sandbox) verifyToken(token string) (scopes string, err error) {
	payload, mac, _ := strings.Cut(token, ".")
	if !sameSecret(mac, s.tokenMAC(payload)) {
		return "", errors.New("unknown bearer token")
	}
	text, err := hex.DecodeString(payload)
	if err != nil {
		return "", errors.New("malformed bearer token")
	}
	expires, scopes, _ := strings.Cut(string(text), " ")
	unix, err := strconv.ParseInt(expires, 10, 64)
	if err != nil {
		return "", errors.New("malformed bearer token")
	}
	if !s.now().Before(time.Unix(unix, 0)) {
		return "", errors.New("expired bearer token")
	}
	return scopes, nil
}

func sameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// serveToken serves the token endpoint of OAuth 2 (RFC 6749 §4.4): the client
// authenticates in the form or by Basic.
func (s *Sandbox) serveToken(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeJSON(w, http.StatusMethodNotAllowed, object{"error": "invalid_request"})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		writeJSON(w, http.StatusBadRequest, object{"error": "invalid_request"})
		return
	}
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, pass, ok := r.BasicAuth(); ok {
		id, secret = formDecoded(user), formDecoded(pass)
	}
	c := s.opts.Credentials
	if !sameSecret(id, c.ClientID) || !sameSecret(secret, c.ClientSecret) {
		s.counters.refuse("client credentials")
		writeJSON(w, http.StatusUnauthorized, object{"error": "invalid_client"})
		return
	}
	if r.PostForm.Get("grant_type") != "client_credentials" {
		writeJSON(w, http.StatusBadRequest, object{"error": "unsupported_grant_type"})
		return
	}
	scopes := r.PostForm.Get("scope")
	setDefault(&scopes, allScopes)
	if !containsAll(strings.Fields(allScopes), strings.Fields(scopes)) {
		writeJSON(w, http.StatusBadRequest, object{"error": "invalid_scope"})
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, object{
		"access_token": s.issueToken(scopes),
		"token_type":   "bearer",
		"expires_in":   int(s.opts.TokenLifetime / time.Second),
		"scope":        scopes,
	})
}

// formDecoded undoes the form encoding that RFC 6749 §2.3.1 wants inside Basic;
// what is not so encoded is taken as it is.
func formDecoded(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

func containsAll(set, wanted []string) bool {
	for _, w := range wanted {
		if !slices.Contains(set, w) {
			return false
		}
	}
	return true
}
