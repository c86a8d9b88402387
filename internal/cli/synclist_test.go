package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// portalWith serves a user, a list that can be set, and files of any name.
func portalWith(t *testing.T) (server *httptest.Server, list *atomic.Value, calls *atomic.Int64) {
	t.Helper()
	list, calls = new(atomic.Value), new(atomic.Int64)
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/v4/currentUser/":
			calls.Add(1)
			fmt.Fprint(w, `{"id":"U"}`)
		case r.URL.Path == "/api/v4/media/":
			calls.Add(1)
			text, _ := list.Load().(string)
			if q := r.URL.Query(); q.Has("ids") || q.Has("page") {
				text = "[]"
			}
			fmt.Fprint(w, text)
		case strings.HasPrefix(r.URL.Path, "/files/"):
			fmt.Fprint(w, r.URL.Path)
		default:
			calls.Add(1)
			http.Error(w, `{"message":"Media not found"}`, http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	return server, list, calls
}

// syncAt syncs thumbnails into a folder, and returns the exit status and what was written.
func syncAt(t *testing.T, server *httptest.Server, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := map[string]string{"BYNDER_DOMAIN": server.URL, "BYNDER_PERMANENT_TOKEN": "t"}
	status = Main(t.Context(), append([]string{"sync", "--derivative", "mini", "--retries", "0"}, args...), Streams{
		In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(name string) string { return env[name] },
	})
	return status, out.String(), errs.String()
}

// element is an asset of a list; v is the version of its thumbnail.
func element(server *httptest.Server, id string, v int) string {
	return fmt.Sprintf(`{"id":%q,"name":%q,"thumbnails":{"mini":"%s/files/%s/%d.jpg"}}`, id, id, server.URL, id, v)
}

// A list that is not complete changes nothing; an asset that cannot be read is left alone.
func TestSyncOfListsThatAreOdd(t *testing.T) {
	server, list, _ := portalWith(t)
	a, b := element(server, "a", 1), element(server, "b", 1)
	a2 := element(server, "a", 2)
	for _, c := range []struct {
		name, list string
		status     int
		out, err   string
	}{
		{"as it was", "[" + a + "," + b + "]", 0, "", ""},
		{"an element without an id", `[` + a2 + `,{"name":"b"}]`, 1, "", "the list of assets is incomplete"},
		{"an id of another type", `[` + a2 + `,{"id":["b"]}]`, 1, "", "the list of assets is incomplete"},
		{"an element that is not an object", `[` + a2 + `,7]`, 1, "", "the list of assets is incomplete"},
		{"an element that is too long", `[` + a2 + `,{"id":"b","name":"` + strings.Repeat("x", 2<<20) + `"}]`, 1, "", "the list of assets is incomplete"},
		{"a list that breaks off", `[` + a2 + `,`, 1, "", "after 1 asset"},
		{"no list", `{"message":"Hello"}`, 1, "", "it says: Hello"},
		{"an empty list", `[]`, 1, "", "the list of assets is empty"},
		{"an empty list with a total", `{"total":{"count":2},"media":[]}`, 1, "", "the list of assets is empty"},
		{"an asset that cannot be read", `[` + a2 + `,{"id":"b","name":"b","fileSize":{}}]`, 3, "~ dest/a.jpg\n", "cannot read the asset"},
		{"fewer assets than the total", `{"total":{"count":3},"media":[` + a2 + `,` + b + `]}`, 0, "", "the portal counted 3 assets and listed 2"},
		{"one asset less, and 404 for it", `[` + a2 + `]`, 0, "- dest/b.jpg (deleted)\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("XDG_STATE_HOME", t.TempDir())
			t.Setenv("XDG_CONFIG_HOME", t.TempDir())
			list.Store("[" + a + "," + b + "]")
			if status, _, stderr := syncAt(t, server, "dest"); status != 0 {
				t.Fatalf("the first run: %d, %s", status, stderr)
			}
			if strings.Contains(c.list, a2) && c.status != 1 {
				defer func() {
					if content, _ := os.ReadFile("dest/a.jpg"); string(content) != "/files/a/2.jpg" {
						t.Errorf("a.jpg has %q", content)
					}
				}()
			}
			list.Store(c.list)
			status, stdout, stderr := syncAt(t, server, "--delete", "dest")
			if c.status == 0 && strings.Contains(c.list, a2) {
				stdout = strings.Replace(stdout, "~ dest/a.jpg\n", "", 1)
			}
			if status != c.status || stdout != c.out || !strings.Contains(stderr, c.err) {
				t.Errorf("status %d, %q and %q; want %d, %q and %q", status, stdout, stderr, c.status, c.out, c.err)
			}
			if c.status == 1 && !slices.Equal(filesIn(t, "dest"), []string{"/files/a/1.jpg", "/files/b/1.jpg"}) {
				t.Errorf("the folder has %q", filesIn(t, "dest"))
			}
		})
	}
}

// filesIn returns what the files of a folder have, without those in folders below it.
func filesIn(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			content, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(content))
		}
	}
	return all
}

// The user is one call, and need not be told; another one is refused.
func TestSyncOfAnotherUser(t *testing.T) {
	server, list, calls := portalWith(t)
	list.Store(`{"total":{"count":1},"media":[` + element(server, "a", 1) + `]}`)
	t.Chdir(t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var user atomic.Value
	user.Store(`{"id":"U"}`)
	inner := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v4/currentUser/" {
			inner.ServeHTTP(w, r)
			return
		}
		calls.Add(1)
		if text, _ := user.Load().(string); text == "" {
			w.WriteHeader(http.StatusForbidden)
		} else {
			fmt.Fprint(w, text)
		}
	})
	for _, c := range []struct {
		user, args string
		status     int
	}{
		{`{"id":"U"}`, "dest", 0},
		{`{"id":"U","username":"renamed"}`, "dest", 0},
		{`{"id":"V"}`, "dest", 1},
		{"", "dest", 1},
		{"", "--accept-changes dest", 0},
		{"", "dest", 0},
		{`{"id":"U"}`, "dest", 1},
	} {
		user.Store(c.user)
		before := calls.Load()
		status, _, stderr := syncAt(t, server, strings.Fields(c.args)...)
		if status != c.status {
			t.Errorf("%s, %s: status %d, %s", c.user, c.args, status, stderr)
		}
		if want := int64(2 - c.status); calls.Load()-before != want {
			t.Errorf("%s, %s: %d calls, want %d", c.user, c.args, calls.Load()-before, want)
		}
	}
}
