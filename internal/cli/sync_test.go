package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/sink"
)

// parseSync reads a command line of sync in an empty folder, but for what before makes.
func parseSync(t *testing.T, args ...string) (*syncOptions, error) {
	t.Helper()
	var got *syncOptions
	cmd := newSync(System(), func(_ context.Context, o *syncOptions) error {
		got = o
		return nil
	})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	return got, cmd.ExecuteContext(t.Context())
}

// The selection is the same text for the same search, in whatever order it is given.
func TestSelection(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct{ args, want string }{
		{"d", "original"},
		{"--tag b --tag a d", "--tag 'a' --tag 'b': original"},
		{"--tag a --tag b --tag a d", "--tag 'a' --tag 'b': original"},
		{"--type video,IMAGE d", "--type 'image' --type 'video': original"},
		{"--archived=false --public d", "--archived=false --public=true: original"},
		{"--modified-since 7d d", "--modified-since '7d': original"},
		{"--property B=2 --property A=1 --property B=1 d", "--property 'A=1' --property 'B=1,2': original"},
		{"--keyword it's d", `--keyword 'it'\''s': original`},
		{"--derivative mini --derivative webimage,original d", "derivative/mini derivative/webimage,original"},
		{"--derivative webimage,original --derivative mini d", "derivative/mini derivative/webimage,original"},
		{"--transform fill,width:8 --format jpg d", "transform/fill,width:8&format=jpg"},
		{"--metadata json --jobs 3 d", "original"},
	} {
		o, err := parseSync(t, strings.Fields(c.args)...)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
		} else if got := o.selection(); got != c.want {
			t.Errorf("%s is %q, want %q", c.args, got, c.want)
		}
	}
}

func TestRelativeFilter(t *testing.T) {
	t.Chdir(t.TempDir())
	for args, want := range map[string]string{
		"d": "", "--created-since 2026-01-31 d": "", "--modified-since 12h d": "--modified-since 12h", "--modified-until 4w d": "--modified-until 4w",
		"--created-since 7d --modified-since 2026-01-31 d": "--created-since 7d",
	} {
		o, err := parseSync(t, strings.Fields(args)...)
		if err != nil {
			t.Errorf("%s: %v", args, err)
		} else if got := o.relativeFilter(); got != want {
			t.Errorf("%s: relative is %q, want %q", args, got, want)
		}
	}
}

// Paths come from the list alone.
func TestPathsOfAList(t *testing.T) {
	const asset = `{"id":"A1","name":"Photo.JPG","type":"image","extension":["jpg"],"fileSize":"70","activeVersion":3,"brandId":"B",
		"dateCreated":"2020-05-01T00:00:00Z","dateModified":"2021-01-01T00:00:00Z","tags":["y","x"],"transformBaseUrl":"https://h/t/A1",
		"thumbnails":{"mini":"https://h/m/mini.png?token=1","webimage":"https://h/w/web.jpg","odd":"https://h/o/noextension"}}`
	const bare = `{"id":"A2","name":"Report v1.2"}`
	for _, c := range []struct{ asset, args, path, chosen, url string }{
		{asset, "", "Photo.jpg", "", ""},
		{asset, "--name {stem}-{id}.{ext}", "Photo-A1.jpg", "", ""},
		{asset, "--name {type}/{version}/{created:2006}/{tag}/{derivative}", "image/3/2020/x,y/_", "", ""},
		{asset, "--derivative mini", "Photo.png", "", "https://h/m/mini.png"},
		{asset, "--derivative nope,mini --name {derivative}/{filename}", "mini/Photo.png", "mini", "https://h/m/mini.png"},
		{asset, "--derivative nope,original --name {derivative}/{filename}", "original/Photo.jpg", "original", ""},
		{asset, "--derivative original", "Photo.jpg", "", ""},
		{asset, "--derivative odd", "Photo", "", "https://h/o/noextension"},
		{asset, "--transform fill,width:8", "Photo.jpg", "", "https://h/t/A1"},
		{asset, "--transform fill,width:8 --format webp --name {derivative}.{ext}", "fill-width8.webp", "", "https://h/t/A1"},
		{bare, "", "Report v1.2", "", ""},
		{bare, "--name {id}.{ext}", "A2", "", ""},
		{`{"id":"A3","extension":["png"]}`, "", "A3.png", "", ""},
		{`{"id":"A4","name":"../../etc/passwd","extension":["/.."]}`, "", "_._.._etc_passwd._", "", ""},
		{`{"id":"A5","name":".bynder","extension":[]}`, "", "_bynder", "", ""},
		{`{"id":"A6","name":".bynder/journal","extension":["ndjson"]}`, "--name {name}/{filename}", "_bynder_journal/_bynder_journal.ndjson", "", ""},
		{`{"id":"A7","name":"V","thumbnails":{"z":"https://h/z/z.jpg","a":"https://h/a/a.jpg?x=1"}}`, "", "V", "", "https://h/a/a.jpg"},
	} {
		t.Run(c.asset[:12]+c.args, func(t *testing.T) {
			t.Chdir(t.TempDir())
			o, err := parseSync(t, append(strings.Fields(c.args), "d")...)
			if err != nil {
				t.Fatal(err)
			}
			a, err := bynder.ParseAsset([]byte(c.asset))
			if err != nil {
				t.Fatal(err)
			}
			s := &syncRun{o: o, session: session{conf: configFor(t)}, folder: missingFolder{}}
			files, err := s.wanted(t.Context(), a)
			if err != nil || len(files) != 1 {
				t.Fatalf("files %+v, %v", files, err)
			}
			w := files[0]
			if w.Path != c.path || w.Chosen != c.chosen || w.Listed.URL != c.url || w.Err != nil {
				t.Errorf("it is %q, chosen %q, at %q, %v; want %q, %q, %q", w.Path, w.Chosen, w.Listed.URL, w.Err, c.path, c.chosen, c.url)
			}
		})
	}
}

// What is not there has no file, and one that cannot be read has that of its record.
func TestWantedThatCannotBeHad(t *testing.T) {
	t.Chdir(t.TempDir())
	o, err := parseSync(t, "--derivative", "nope", "d")
	if err != nil {
		t.Fatal(err)
	}
	s := &syncRun{o: o, session: session{conf: configFor(t)}, folder: missingFolder{}}
	a, err := bynder.ParseAsset([]byte(`{"id":"A","name":"N","thumbnails":{"mini":"https://h/m"}}`))
	if err != nil {
		t.Fatal(err)
	}
	files, err := s.wanted(t.Context(), a)
	if err != nil || len(files) != 1 || files[0].Asset != nil || files[0].Key != "A-derivative/nope" {
		t.Fatalf("files %+v, %v", files, err)
	}
	if code := codeOf(files[0].Err); code != download.CodeNotFound {
		t.Errorf("the error is %v", files[0].Err)
	}
	id := download.FileID{Portal: "p.example", MediaID: "B", Selector: "derivative/nope"}
	s.known = map[download.FileID]*download.Result{id: {Path: "sub/b.jpg"}}
	files = s.unread("B", os.ErrInvalid)
	if len(files) != 1 || files[0].File != id || files[0].Path != "sub/b.jpg" || codeOf(files[0].Err) != download.CodeProtocol {
		t.Errorf("the unread asset's are %+v", files)
	}
}

// A file that is in place as the list has it needs no asset; any other one does.
func TestAssetsAreKeptForTransfersAlone(t *testing.T) {
	t.Chdir(t.TempDir())
	o, err := parseSync(t, "d")
	if err != nil {
		t.Fatal(err)
	}
	size := int64(70)
	was := &download.Result{
		Portal: "p.example", MediaID: "A", Selector: "original", Path: "N", Listed: &download.Listed{Version: 3, Size: &size},
	}
	for _, c := range []struct {
		raw      string
		standing mirror.Standing
		keeps    bool
	}{
		{`{"id":"A","name":"N","activeVersion":3,"fileSize":70}`, mirror.AsWritten, false},
		{`{"id":"A","name":"N","activeVersion":3,"fileSize":70,"tags":["x"]}`, mirror.AsWritten, false},
		{`{"id":"A","name":"N","activeVersion":4,"fileSize":70}`, mirror.AsWritten, true},
		{`{"id":"A","name":"N","activeVersion":3,"fileSize":71}`, mirror.AsWritten, true},
		{`{"id":"A","name":"N","activeVersion":3}`, mirror.AsWritten, false},
		{`{"id":"A","name":"N","fileSize":70}`, mirror.AsWritten, false},
		{`{"id":"A","name":"N","activeVersion":3,"fileSize":70}`, mirror.Edited, true},
		{`{"id":"A","name":"N","activeVersion":3,"fileSize":70}`, mirror.NotThere, true},
		{`{"id":"B","name":"N","activeVersion":3,"fileSize":70}`, mirror.AsWritten, true},
	} {
		a, err := bynder.ParseAsset([]byte(c.raw))
		if err != nil {
			t.Fatal(err)
		}
		s := &syncRun{o: o, session: session{conf: configFor(t)}, folder: standing(c.standing), known: map[download.FileID]*download.Result{was.File(): was}}
		files, err := s.wanted(t.Context(), a)
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		if (files[0].Asset != nil) != c.keeps {
			t.Errorf("%s, standing %d: the asset is %v", c.raw, c.standing, files[0].Asset)
		}
		if files[0].Listed.Size == &a.Size {
			t.Error("the size keeps the whole asset in memory")
		}
	}
}

// A message names the path of its file once, as the user wrote the folder.
func TestWithPath(t *testing.T) {
	for message, want := range map[string]string{
		"it was changed":                        "d/a.jpg: it was changed",
		"d/a.jpg: it was changed":               "d/a.jpg: it was changed",
		"d/a.jpg already exists and differs":    "d/a.jpg already exists and differs",
		`cannot write "d/a.jpg": disk full`:     `cannot write "d/a.jpg": disk full`,
		"create d/a.jpg":                        "create d/a.jpg",
		"d/a.jpg.metadata.json: it was changed": "d/a.jpg: d/a.jpg.metadata.json: it was changed",
		"old/d/a.jpg is here":                   "d/a.jpg: old/d/a.jpg is here",
		"":                                      "d/a.jpg: ",
	} {
		if got := withPath("d/a.jpg", message); got != want {
			t.Errorf("%q became %q", message, got)
		}
	}
}

// A file that cannot be looked at has the path that users know.
func TestUnreadable(t *testing.T) {
	s := &syncRun{o: &syncOptions{transferFlags: transferFlags{dir: "d"}}}
	s.destination = sink.Output{Show: func(name string) string { return "d/" + filepath.ToSlash(name) }}
	for err, want := range map[error]string{
		&fs.PathError{Op: "lstatat", Path: "a.jpg", Err: fs.ErrPermission}: "cannot look at d/a.jpg: permission denied",
		context.Canceled: "looking at the files in d: context canceled",
	} {
		if got := s.errUnreadable(err); got.Error() != want || !errors.Is(got, err) && !errors.Is(got, fs.ErrPermission) {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// standing is a folder whose files all stand so.
type standing mirror.Standing

func (s standing) Stands(*download.Result) mirror.Standing { return mirror.Standing(s) }
func (s standing) Proven(*download.Result) mirror.Standing { return mirror.Standing(s) }
func (standing) Adoptable(string) bool                     { return false }
func (standing) Taken(string) bool                         { return false }
func (standing) HasOnly(string, func(string) bool) bool    { return false }
func (s standing) Sidecar(*download.Result, bool) mirror.Standing {
	return mirror.Standing(s)
}

func codeOf(err error) download.Code { return download.FailureOf(context.Background(), err).Code }

func configFor(t *testing.T) config.Config {
	t.Helper()
	c, err := config.Load(t.Context(), config.Sources{Getenv: func(name string) string {
		return map[string]string{"BYNDER_DOMAIN": "p.example", "BYNDER_PERMANENT_TOKEN": "t"}[name]
	}, Keychain: &memoryKeychain{}, Files: new(config.Files)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCheckFolder(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	home := filepath.Join(dir, "home")
	for _, each := range []string{home, filepath.Join(home, "photos"), filepath.Join(dir, "photos")} {
		if err := os.Mkdir(each, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	if err := os.WriteFile("file", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{"tohome": home, "tofile": "file", "tonothing": "nothing", "tophotos": "photos"}
	for link, target := range links {
		if err := os.Symlink(target, link); err != nil {
			t.Skip(err)
		}
	}
	for folder, good := range map[string]bool{
		"photos": true, "photos/": true, "missing": true, "missing/below": true, ".": true, "tophotos": true, "tonothing": true, "home/photos": true,
		"home": false, "home/": false, "tohome": false, home: false, "home/photos/..": false, "file": false, "tofile": false, "file/below": false,
		string(filepath.Separator): false, "../../../../../../../../../..": false, "s3://bucket/x": false, "gs://b": false, "file:///x": false,
	} {
		if err := checkFolder(folder); (err == nil) != good || err != nil && !isUsage(err) {
			t.Errorf("%s: %v", folder, err)
		}
	}
}

func TestCheckTrash(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, each := range []string{"photos", "photos/.bynder", "old"} {
		if err := os.Mkdir(each, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("photos", "link"); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile("file", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for trash, good := range map[string]bool{
		"": true, "old": true, "missing": true, "old/below": true, "photos2": true, "photos/.bynder/trash": true, "photos/.bynder/a/b": true, "photos/../old": true,
		"photos": false, "photos/old": false, "photos/.bynder": false, "photos/.bynder/..": false, "link": false, "link/old": false, "photos/.bynderx": false,
		".": false, "..": false, dir: false, "file": false,
	} {
		if err := checkTrash(trash, "photos"); (err == nil) != good || err != nil && !isUsage(err) {
			t.Errorf("%q: %v", trash, err)
		}
	}
	if err := checkTrash("missing/trash", "missing"); err == nil {
		t.Error("a folder below one that is to be made cannot have what is removed from it")
	}
}

// A folder is known by its real path, whatever it is called.
func TestRememberedFolders(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	odd := "odd\nname \"x\" \xff"
	for _, each := range []string{"photos", "other", odd} {
		if err := os.Mkdir(each, 0o777); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Symlink("photos", "link"); err != nil {
		t.Skip(err)
	}
	if err := checkRemembered("photos"); err != nil {
		t.Errorf("a folder that was never synced: %v", err)
	}
	for range 2 {
		remember(realPath("photos"))
		remember(realPath(odd))
	}
	for folder, known := range map[string]bool{
		"photos": true, "./photos/": true, "link": true, odd: true, "other": false, "photos/below": false, ".": false,
	} {
		if err := checkRemembered(folder); (err != nil) != known {
			t.Errorf("%q: %v", folder, err)
		}
	}
	if err := os.MkdirAll(filepath.Join("photos", stateFolder), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := checkRemembered("photos"); err == nil {
		t.Error("a folder without its state's file passes")
	}
	if err := os.WriteFile(filepath.Join("photos", stateFolder, stateFile), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := checkRemembered("link"); err != nil {
		t.Errorf("a folder that has its state: %v", err)
	}
	if content, err := os.ReadFile(filepath.Join(dir, "state", "bynder", syncedFolders)); err != nil || strings.Count(string(content), "\n") != 2 {
		t.Errorf("the list is %q, %v", content, err)
	}
	if err := os.Remove("photos/" + stateFolder + "/" + stateFile); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "nosuch"))
	if err := checkRemembered("photos"); err != nil {
		t.Errorf("without a state folder: %v", err)
	}
}

// The trash of a sync into a bucket is in the same bucket, and not among the files.
func TestBucketTrash(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct{ files, trash, want string }{
		{"s3://bucket/p", "s3://bucket/old", ""},
		{"s3://bucket/p", "s3://bucket/pp/", ""},
		{"s3://bucket/p", "s3://bucket/p/.bynder/trash", ""},
		{"s3://bucket", "s3://bucket/.bynder/trash/2026", ""},
		{"s3://bucket/p", "s3://other/old", "is not in the bucket of s3://bucket/p"},
		{"s3://bucket/p", "old", "is not in the bucket of s3://bucket/p"},
		{"s3://bucket/p", "s3://bucket/p/old", "is among the files"},
		{"s3://bucket/p", "s3://bucket/p", "is among the files"},
		{"s3://bucket/p", "s3://bucket/p/.bynder", "is among the files"},
		{"s3://bucket/p", "s3://bucket/p/.bynder/journal", "is among the files"},
		{"s3://bucket", "s3://bucket/old", "is among the files"},
		{"s3://bucket/p/q", "s3://bucket/p", "has the files of s3://bucket/p/q in it"},
		{"s3://bucket/p", "s3://bucket", "has the files of s3://bucket/p in it"},
		{"s3://bucket/p", "s3://", "has no valid name of a bucket"},
		{"p", "s3://bucket/old", "is a URL"},
	} {
		o, err := parseSync(t, "--delete", "--trash", c.trash, c.files)
		switch {
		case c.want == "" && (err != nil || o.trashAt.IsZero()):
			t.Errorf("%s in %s: %v", c.files, c.trash, err)
		case c.want != "" && (err == nil || !isUsage(err) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s in %s: %v, want %q", c.files, c.trash, err, c.want)
		}
	}
}

// A run whose lock was lost says so, at whatever moment that was noticed.
func TestEndedBy(t *testing.T) {
	lost, other := errors.New("the lock was lost"), errors.New("another error")
	canceled := fmt.Errorf("cannot list s3://bucket/: %w", context.Canceled)
	for _, tt := range []struct {
		name           string
		outside, ended bool
		err, want      error
	}{
		{"nothing", false, false, nil, nil},
		{"no error", false, true, nil, nil},
		{"the lock", false, true, canceled, lost},
		{"an error before that", false, true, other, other},
		{"a signal", true, true, canceled, canceled},
	} {
		ctx, stop := context.WithCancel(t.Context())
		within, end := context.WithCancelCause(ctx)
		if tt.outside {
			stop()
		}
		if tt.ended {
			end(lost)
		}
		if got := endedBy(ctx, within, tt.err); got != tt.want { //nolint:errorlint // the error itself
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		end(nil)
		stop()
	}
}
