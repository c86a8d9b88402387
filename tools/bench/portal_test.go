package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// The portal answers over TLS with the certificate that clients are given, lists all assets page by page, and counts
// its calls.
func TestPortal(t *testing.T) {
	s := &site{dir: t.TempDir()}
	if err := writeCertificate(s.cert(), s.key()); err != nil {
		t.Fatal(err)
	}
	urls := make([]string, 2_500)
	for i := range urls {
		urls[i] = fmt.Sprintf("https://storage.example/set/file-%04d.jpg", i)
	}
	p, err := s.startPortal(t.Context(), urls, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	pem, err := os.ReadFile(s.cert())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	ask := func(path, token string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.addr()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := (&http.Client{Transport: transport}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	type listed struct{ ID string }
	var first struct {
		Total struct{ Count int }
		Media []listed
	}
	_, body := ask("/api/v4/media/?limit=1000&total=1", token)
	if err := json.Unmarshal([]byte(body), &first); err != nil || first.Total.Count != len(urls) || len(first.Media) != 1000 {
		t.Errorf("the first page: %v, %d of %d assets", err, len(first.Media), first.Total.Count)
	}
	for path, want := range map[string][2]string{ // the first and the last id
		"/api/v4/media/?limit=1000&page=3":                              {mediaID(2000), mediaID(2499)},
		"/api/v4/media/?limit=200&ids=" + mediaID(7) + "," + mediaID(3): {mediaID(7), mediaID(3)},
	} {
		var page []listed
		_, body := ask(path, token)
		if err := json.Unmarshal([]byte(body), &page); err != nil || len(page) == 0 || page[0].ID != want[0] || page[len(page)-1].ID != want[1] {
			t.Errorf("%s: %v, %d assets", path, err, len(page))
		}
	}
	if _, body := ask("/api/v4/media/?limit=1000&page=4", token); body != "[]" {
		t.Errorf("after the last page: %s", body)
	}
	if _, body := ask("/api/v4/media/"+mediaID(3)+"/download/", token); !strings.Contains(body, urls[3]+"?X-Amz") {
		t.Errorf("the location: %s", body)
	}
	if status, _ := ask("/api/v4/currentUser/", "another"); status != http.StatusUnauthorized {
		t.Errorf("another token: %d", status)
	}
	if n := p.calls.Load(); n != 6 {
		t.Errorf("%d calls were counted, want 6", n)
	}
}
