package sandbox

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// oauth1Window is how far a timestamp may be from the verifier's clock, to
	// either side, and so how long a nonce has to be remembered.
	oauth1Window = 300 * time.Second
	// oauth1MaxBody caps a form that is read to be signed, in bytes.
	oauth1MaxBody = 1 << 20
)

// oauth1Credentials are the four values of OAuth 1.0a that a client holds.
type oauth1Credentials struct {
	ConsumerKey, ConsumerSecret, Token, TokenSecret string
}

// oauth1Verifier checks requests as the server of RFC 5849 does. It shares no
// code with the signing side, so that a mistake there cannot hide here. It may
// be used by several goroutines at once.
type oauth1Verifier struct {
	creds oauth1Credentials
	now   func() time.Time

	mu    sync.Mutex
	swept int64                       // the second in which seen was last swept
	seen  map[int64]map[nonceKey]bool // by timestamp: the nonces that came with it
}

// nonceKey is a nonce at a fixed size, whatever length the client chose.
type nonceKey [sha256.Size]byte

func newOAuth1Verifier(creds oauth1Credentials, now func() time.Time) *oauth1Verifier {
	return &oauth1Verifier{creds: creds, now: now, seen: map[int64]map[nonceKey]bool{}}
}

// Verify returns an error unless r is signed with the credentials, fresh, and not seen
// before (RFC 5849 section 3.2). If the body is a form, it is read, and put
// back for the handler. A signature that does not match is answered with the
// base string that the verifier signed, which holds no secret.
func (v *oauth1Verifier) Verify(r *http.Request) error {
	fields := r.Header.Values("Authorization")
	if len(fields) == 0 {
		return errors.New("no Authorization header")
	}
	if len(fields) > 1 {
		return errors.New("more than one Authorization header")
	}
	header, err := parseOAuth1Header(fields[0])
	if err != nil {
		return fmt.Errorf("parse the Authorization header: %w", err)
	}
	request, err := requestParams(r)
	if err != nil {
		return err
	}
	protocol, err := protocolParams(header, request)
	if err != nil {
		return err
	}
	now := v.now()
	timestamp, err := v.checkProtocol(protocol, now)
	if err != nil {
		return err
	}
	base := signatureBase(r, append(header, request...))
	if !hmac.Equal([]byte(v.sign(base)), []byte(protocol["oauth_signature"])) {
		return fmt.Errorf("oauth_signature does not match; the signature base string is %s", base)
	}
	// Last, so that only the holder of the secrets can use up a nonce.
	return v.useNonce(timestamp, protocol["oauth_nonce"], now)
}

// checkProtocol checks everything but signature and nonce, and returns the timestamp
// in seconds since 1970.
func (v *oauth1Verifier) checkProtocol(p map[string]string, now time.Time) (int64, error) {
	for _, name := range []string{
		"oauth_consumer_key", "oauth_token", "oauth_signature_method",
		"oauth_timestamp", "oauth_nonce", "oauth_signature",
	} {
		if p[name] == "" {
			return 0, fmt.Errorf("%s is missing", name)
		}
	}
	if version, sent := p["oauth_version"]; sent && version != "1.0" {
		return 0, fmt.Errorf("oauth_version is %q, not 1.0", version)
	}
	if method := p["oauth_signature_method"]; method != "HMAC-SHA1" {
		return 0, fmt.Errorf("oauth_signature_method is %q, not HMAC-SHA1", method)
	}
	if p["oauth_consumer_key"] != v.creds.ConsumerKey {
		return 0, errors.New("oauth_consumer_key is unknown")
	}
	if p["oauth_token"] != v.creds.Token {
		return 0, errors.New("oauth_token is unknown")
	}
	timestamp, err := strconv.ParseUint(p["oauth_timestamp"], 10, 63)
	if err != nil {
		return 0, fmt.Errorf("oauth_timestamp is %q, not a number of seconds", p["oauth_timestamp"])
	}
	window := int64(oauth1Window / time.Second)
	if t := int64(timestamp); t < now.Unix()-window || t > now.Unix()+window {
		return 0, fmt.Errorf("oauth_timestamp is %d, more than %d s from the server's clock, %d", t, window, now.Unix())
	}
	return int64(timestamp), nil
}

// sign returns the HMAC-SHA1 of RFC 5849 section 3.4.2.
func (v *oauth1Verifier) sign(base string) string {
	key := percentEncode(v.creds.ConsumerSecret) + "&" + percentEncode(v.creds.TokenSecret)
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// useNonce refuses a nonce that came with the same timestamp before (RFC 5849
// section 3.3), and forgets those whose timestamp would be refused anyway.
func (v *oauth1Verifier) useNonce(timestamp int64, nonce string, now time.Time) error {
	key := nonceKey(sha256.Sum256([]byte(nonce)))
	v.mu.Lock()
	defer v.mu.Unlock()
	if second := now.Unix(); second != v.swept {
		v.swept = second
		for t := range v.seen {
			if t < second-int64(oauth1Window/time.Second) {
				delete(v.seen, t)
			}
		}
	}
	if v.seen[timestamp][key] {
		return errors.New("oauth_nonce has been used before")
	}
	if v.seen[timestamp] == nil {
		v.seen[timestamp] = map[nonceKey]bool{}
	}
	v.seen[timestamp][key] = true
	return nil
}

// oauth1Param is one decoded parameter of a request.
type oauth1Param struct{ name, value string }

// protocolParams collects the oauth_ parameters of the header. A parameter that
// occurs twice, also in the query or the form, makes the request invalid
// (RFC 5849 section 3.2). One that only the query or the form has is ignored.
func protocolParams(header, request []oauth1Param) (map[string]string, error) {
	found := map[string]string{}
	for _, p := range header {
		if !strings.HasPrefix(p.name, "oauth_") {
			continue
		}
		if _, twice := found[p.name]; twice {
			return nil, fmt.Errorf("%s occurs more than once", p.name)
		}
		found[p.name] = p.value
	}
	for _, p := range request {
		if _, twice := found[p.name]; twice {
			return nil, fmt.Errorf("%s occurs more than once", p.name)
		}
	}
	return found, nil
}

// parseOAuth1Header reads the value of an Authorization header (RFC 5849
// section 3.5.1) into decoded parameters, in their order and without the realm,
// which is not signed.
func parseOAuth1Header(field string) ([]oauth1Param, error) {
	scheme, rest, _ := strings.Cut(field, " ")
	if !strings.EqualFold(scheme, "OAuth") {
		return nil, errors.New("its scheme is not OAuth")
	}
	var params []oauth1Param
	for rest = trimLWS(rest); ; {
		name, tail, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, errors.New("a parameter without =")
		}
		name = trimLWS(name)
		value, tail, err := cutQuoted(trimLWS(tail))
		if err != nil {
			return nil, fmt.Errorf("the value of %.40q: %w", name, err)
		}
		if !strings.EqualFold(name, "realm") {
			p, err := decodeHeaderParam(name, value)
			if err != nil {
				return nil, err
			}
			params = append(params, p)
		}
		rest = trimLWS(tail)
		if rest == "" {
			return params, nil
		}
		if rest[0] != ',' {
			return nil, fmt.Errorf("no comma after the value of %.40q", name)
		}
		rest = trimLWS(rest[1:])
	}
}

// trimLWS removes the optional white space around the parts of a header.
func trimLWS(s string) string { return strings.Trim(s, " \t") }

// cutQuoted splits s after the quoted string that it begins with. A backslash
// escapes the next byte: only a realm can need that, since all other values are
// percent-encoded.
func cutQuoted(s string) (value, rest string, err error) {
	if s == "" || s[0] != '"' {
		return "", "", errors.New("not in quotes")
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[1:i], s[i+1:], nil
		}
	}
	return "", "", errors.New("no closing quote")
}

func decodeHeaderParam(name, value string) (p oauth1Param, err error) {
	if p.name, err = oauth1Unescape(name); err != nil {
		return p, fmt.Errorf("the name %.40q: %w", name, err)
	}
	if p.name == "" {
		return p, errors.New("a parameter without a name")
	}
	if p.value, err = oauth1Unescape(value); err != nil {
		return p, fmt.Errorf("the value of %.40q: %w", name, err)
	}
	return p, nil
}

// oauth1Unescape undoes the encoding of RFC 5849 section 3.6. It is strict: a
// byte that the encoding would have escaped is an error, above all the + of a
// signature, which lenient servers read in two ways.
func oauth1Unescape(s string) (string, error) {
	for i := range len(s) {
		if s[i] != '%' && !unreserved(s[i]) {
			return "", fmt.Errorf("the byte %q is not percent-encoded", s[i])
		}
	}
	plain, err := url.PathUnescape(s)
	if err != nil {
		return "", errors.New("a broken percent-encoding")
	}
	return plain, nil
}

// percentEncode returns the percent-encoding of RFC 5849 section 3.6, stricter than
// any that net/url has. Signatures of S3 need the same one.
func percentEncode(s string) string {
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if c := s[i]; unreserved(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// requestParams returns the parameters of query and form (RFC 5849 section
// 3.4.1.3.1). The body is read only where it is a form, and put back.
func requestParams(r *http.Request) ([]oauth1Param, error) {
	params, err := formParams(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("parse the query: %w", err)
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" || r.Body == nil {
		return params, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, oauth1MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the form: %w", err)
	}
	if len(body) > oauth1MaxBody {
		return nil, fmt.Errorf("the form is longer than %d bytes", oauth1MaxBody)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, err := formParams(string(body))
	if err != nil {
		return nil, fmt.Errorf("parse the form: %w", err)
	}
	return append(params, form...), nil
}

// formParams decodes application/x-www-form-urlencoded and keeps the order,
// repeated names and empty values; url.ParseQuery keeps the order of none and
// refuses a semicolon.
func formParams(s string) ([]oauth1Param, error) {
	var params []oauth1Param
	for pair := range strings.SplitSeq(s, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, err
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		params = append(params, oauth1Param{name, value})
	}
	return params, nil
}

// signatureBase returns the signature base string of RFC 5849 section 3.4.1, from
// what came over the wire and all parameters but the signature.
func signatureBase(r *http.Request, params []oauth1Param) string {
	return strings.ToUpper(r.Method) + "&" + percentEncode(baseURI(r)) + "&" + percentEncode(normalizedParams(params))
}

// baseURI returns the base string URI of RFC 5849 section 3.4.1.2.
func baseURI(r *http.Request) string {
	scheme, defaultPort := "http", ":80"
	if r.TLS != nil {
		scheme, defaultPort = "https", ":443"
	}
	host := strings.TrimSuffix(strings.ToLower(r.Host), defaultPort)
	return scheme + "://" + host + rawPath(r)
}

// rawPath returns the path as it stands in the request line: r.URL.Path has lost
// which of its bytes were escaped.
func rawPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if _, rest, absolute := strings.Cut(path, "://"); absolute && path[0] != '/' {
		_, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	return cmp.Or(path, r.URL.EscapedPath(), "/")
}

// normalizedParams joins params, without the signature, sorted by encoded name
// and then by encoded value (RFC 5849 section 3.4.1.3.2).
func normalizedParams(params []oauth1Param) string {
	var encoded []oauth1Param
	for _, p := range params {
		if p.name != "oauth_signature" {
			encoded = append(encoded, oauth1Param{percentEncode(p.name), percentEncode(p.value)})
		}
	}
	slices.SortFunc(encoded, func(a, b oauth1Param) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value))
	})
	var b strings.Builder
	for i, p := range encoded {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name + "=" + p.value)
	}
	return b.String()
}
