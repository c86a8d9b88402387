package transport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Requests to a bucket arrive as their sender has signed them, and a redirect is an answer like any other.
func TestBucketSendsRequestsAsTheyAre(t *testing.T) {
	var seen []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization")+" "+r.Header.Get("Accept-Encoding")+" "+r.Header.Get("User-Agent"))
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	var traced []Exchange
	b := Bucket(Options{UserAgent: "another", Trace: func(e Exchange) { traced = append(traced, e) }})
	defer (&http.Client{Transport: b}).CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL+"/bucket/key?uploadId=1", strings.NewReader("content"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256")
	req.Header.Set("User-Agent", "its own")
	resp, err := b.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTemporaryRedirect || len(seen) != 1 || seen[0] != "AWS4-HMAC-SHA256  its own" {
		t.Errorf("%s, the server saw %q", resp.Status, seen)
	}
	if len(traced) != 1 || traced[0].Method != http.MethodPut || traced[0].Status != http.StatusTemporaryRedirect || strings.Contains(traced[0].URL, "uploadId") {
		t.Errorf("traced %+v", traced)
	}
}

// On a machine without a role nothing answers, and a run does not wait for it.
func TestInstanceDoesNotWait(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(release)
	if limit := Instance().Timeout; limit <= 0 || limit > 2*time.Second {
		t.Errorf("the time limit is %v", limit)
	}
	client := Instance()
	client.Timeout = 10 * time.Millisecond
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err == nil {
		resp.Body.Close()
		t.Error("it waited for the answer")
	}
}
