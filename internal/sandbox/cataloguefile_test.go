package sandbox

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A change is seen whatever of the file it leaves as it was.
func TestCatalogueIsReadAgain(t *testing.T) {
	long := time.Now().Add(-time.Hour)
	later := time.Now().Add(time.Hour)
	other := func(c onFile, assets ...string) { // takes the place of the file
		t.Helper()
		writeFile(t, c.path+".new", assets...)
		if err := os.Chtimes(c.path+".new", long, long); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(c.path+".new", c.path); err != nil {
			t.Fatal(err)
		}
	}
	c := startFile(t, `{"id":"a"}`)
	check(t, "at first", c.list(""), "a")
	for _, id := range []string{"b", "c", "d"} { // at once, and of the same size
		c.write(`{"id":"` + id + `"}`)
		check(t, "the same size", c.list(""), id)
	}
	for _, id := range []string{"b", "c"} { // by a file system that counts time in long steps
		c.write(`{"id":"` + id + `"}`)
		if err := os.Chtimes(c.path, later, later); err != nil {
			t.Fatal(err)
		}
		check(t, "the same size and a time that is not over", c.list(""), id)
	}
	other(c, `{"id":"e"}`)
	check(t, "an old file", c.list(""), "e")
	check(t, "an old file again", c.list(""), "e")
	other(c, `{"id":"f"}`)
	check(t, "another file of the same size and time", c.list(""), "f")
	c.write(`{"id":"g"}`)
	check(t, "a new time", c.list(""), "g")
	other(c, `{"id":"h"}`)
	check(t, "an earlier time", c.list(""), "h")
}

// An old file that does not change is not opened again.
func TestUnchangedCatalogueIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "assets.json")
	writeFile(t, path, `{"id":"a"}`)
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	f := catalogueFile{path: path}
	first, err := f.current()
	if err != nil {
		t.Fatal(err)
	}
	f.text = []byte("other bytes") // which reading again would find to be changed
	second, err := f.current()
	check(t, "error", err, nil)
	check(t, "catalogue", second, first)
	writeFile(t, path, `{"id":"b"}`)
	if third, err := f.current(); err != nil || third == first {
		t.Errorf("after a change: %v, %v", third, err)
	}
}

func TestCatalogueThatCannotBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "assets.json")
	var mu sync.Mutex
	var warned []string
	options := Options{Catalogue: path, CatalogueError: func(err error) {
		mu.Lock()
		defer mu.Unlock()
		warned = append(warned, strings.ReplaceAll(err.Error(), path, "FILE"))
	}}
	if _, err := New(options); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	check(t, "warnings of New", len(warned), 0) // it returns the error
	writeFile(t, path, `{"id":"a"}`)
	c := onFile{start(t, options), path}
	derivative := c.look("a").derivatives["mini"]

	broken := func(want string) {
		t.Helper()
		for range 3 {
			a := c.api("/api/v4/media/")
			check(t, "status of the portal", a.StatusCode, 500)
			if !strings.Contains(string(a.body), want) {
				t.Errorf("the portal answers %s", a.body)
			}
		}
		check(t, "status of another call", c.api("/api/v4/currentUser/").StatusCode, 500)
		check(t, "status of storage", c.do("GET", derivative).StatusCode, 500)
		if _, ok := c.Object("a", "original"); ok {
			t.Error("there is an object all the same")
		}
	}
	c.write(`{"id":"a","version":0}`)
	broken(`must be a number from 1 to 1000`)
	c.write(`{"id":"a","size":"x"}`)
	broken(`must be a number of bytes`)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	broken("no such file")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	broken("not a regular file")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c.write(`{"id":"a"}`)
	check(t, "mended", c.list(""), "a")
	check(t, "storage", c.do("GET", derivative).StatusCode, 200)
	c.write(`{"id":"a","version":0}`)
	broken(`must be a number from 1 to 1000`)

	version := `cannot read the catalogue FILE: line 2: asset "a": "version" must be a number from 1 to 1000`
	want := []string{
		version,
		`cannot read the catalogue FILE: line 2: asset "a": "size" must be a number of bytes, at most 1 TiB`,
		"cannot read the catalogue FILE: no such file or directory",
		"cannot read the catalogue FILE: not a regular file",
		version,
	}
	check(t, "warnings", strings.Join(warned, "\n"), strings.Join(want, "\n"))
}

// A call sees one state of the file, however many are served while it changes.
func TestCatalogueChangesUnderLoad(t *testing.T) {
	state := func(version int) []string { // as many assets as the number of their version
		var assets []string
		for i := range version {
			assets = append(assets, fmt.Sprintf(`{"id":"a%d","version":%d,"size":%d,"tags":["x"]}`, i, version, version))
		}
		return assets
	}
	c := startFile(t, state(1)...)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for _, path := range []string{
		"/api/v4/media/?total=1&limit=1000&orderBy=name%20desc", "/api/v4/media/?total=1&limit=1000&tags=x",
		"/api/v4/media/?total=1&limit=1000&orderBy=dateModified%20asc", "/api/v4/media/?total=1&limit=1000",
	} {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				var answer struct {
					Total struct{ Count int }
					Media []struct{ ActiveVersion int }
				}
				c.json(path, &answer)
				for _, a := range answer.Media {
					if a.ActiveVersion != answer.Total.Count || len(answer.Media) != answer.Total.Count {
						t.Errorf("version %d among %d assets of %d", a.ActiveVersion, len(answer.Media), answer.Total.Count)
						return
					}
				}
			}
		})
	}
	readers.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if a := c.original("a0"); a.StatusCode == http.StatusOK && a.ContentLength != int64(len(a.body)) {
				t.Errorf("%d bytes of %d", len(a.body), a.ContentLength)
			}
		}
	})
	for round := range 20 {
		version := 1 + round*7%20
		writeFile(t, c.path+".new", state(version)...)
		if err := os.Rename(c.path+".new", c.path); err != nil {
			t.Fatal(err)
		}
		check(t, "assets", len(strings.Fields(c.list(""))), version)
	}
	close(done)
	readers.Wait()
}

func TestPort(t *testing.T) {
	for _, port := range []int{-1, 65_534, 70_000} {
		if _, err := New(Options{Port: port}); err == nil || !strings.Contains(err.Error(), "from 1 to 65533") {
			t.Errorf("port %d: %v", port, err)
		}
	}
	// Ports below those that systems hand out are taken by few; other ones are tried if these are.
	var s *Sandbox
	var stop func()
	port := 20_000 + os.Getpid()%4000*3
	for {
		var err error
		if s, err = New(Options{Port: port}); err != nil {
			t.Fatal(err)
		}
		if stop, err = s.Start(t.Context()); err == nil {
			break
		}
		if !errors.Is(err, syscall.EADDRINUSE) || port > 32_000 {
			t.Fatal(err)
		}
		port += 3
	}
	check(t, "portal", s.PortalURL(), fmt.Sprintf("http://127.0.0.1:%d", port))
	check(t, "storage", s.StorageURL(), fmt.Sprintf("http://127.0.0.1:%d", port+1))
	check(t, "bucket", s.BucketURL(), fmt.Sprintf("http://127.0.0.1:%d", port+2))
	for _, taken := range []int{port, port + 1, port + 2, port - 1, port - 2} { // also where one of them would be another
		other, err := New(Options{Port: taken})
		if err != nil {
			t.Fatal(err)
		}
		if stop, err := other.Start(t.Context()); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("port %d is taken twice: %v", taken, err)
			if err == nil {
				stop()
			}
		}
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.PortalURL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	stop()
	_ = conn.Close()
}
