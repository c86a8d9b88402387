package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// fakeGo is a go command that counts its builds, and builds a script that answers like the program.
const fakeGo = `#!/bin/sh
echo "$*" >>builds
cat >bin/bynder <<END
#!/bin/sh
# $*
case \$1 in
version) sed -n 's/^# .*version=\([^ ]*\) .*commit=\([^ ]*\) .*date=\([^ ]*\) .*/{"version":"\1","commit":"\2","date":"\3"}/p' "\$0" ;;
man) : >"\$2/bynder.1" ;;
completion) echo "\$2" ;;
esac
END
chmod +x bin/bynder
`

// makeTree is a folder with this repository's Makefile, a few sources and a fake go command.
type makeTree struct {
	t   *testing.T
	dir string
}

// newMakeTree returns a tree in a folder of its own, in no repository.
func newMakeTree(t *testing.T) *makeTree {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("make install is not for Windows")
	}
	for _, program := range []string{"make", "git", "install"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is missing")
		}
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	m := &makeTree{t: t, dir: filepath.Join(t.TempDir(), "tree")}
	m.write("Makefile", string(makefile), 0o644)
	m.write("tools.d/go", fakeGo, 0o755)
	m.write("bin/.keep", "", 0o644)
	for _, name := range []string{"go.mod", "go.sum", "cmd/bynder/main.go", "internal/cli/cli.go", "internal/cli/more.go"} {
		m.write(name, "", 0o644)
	}
	m.age()
	return m
}

func (m *makeTree) write(name, text string, mode os.FileMode) {
	m.t.Helper()
	path := filepath.Join(m.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		m.t.Fatal(err)
	}
}

// age makes the whole tree an hour old, so that a change of now is newer than bin/bynder on any file system.
func (m *makeTree) age() {
	m.t.Helper()
	hour := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(m.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, hour, hour)
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

// run runs a program in the tree, with variables beside those that it needs, and returns its output.
func (m *makeTree) run(env []string, args ...string) (string, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = m.dir
	cmd.Env = append([]string{
		"PATH=" + filepath.Join(m.dir, "tools.d") + ":" + os.Getenv("PATH"), "HOME=" + m.dir, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
	}, env...)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// must runs a program that has to succeed.
func (m *makeTree) must(args ...string) string {
	m.t.Helper()
	out, err := m.run(nil, args...)
	if err != nil {
		m.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return out
}

// builds returns how many builds there have been.
func (m *makeTree) builds() int {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.dir, "builds"))
	if err != nil {
		m.t.Fatal(err)
	}
	return strings.Count(string(text), "\n")
}

// What is installed is what the sources, the commit and the variables of now make, and nothing is built for it if
// bin/bynder is that already.
func TestMakeInstallsWhatIsCurrent(t *testing.T) {
	m := newMakeTree(t)
	m.must("git", "init", "-q")
	m.must("git", "commit", "-q", "--allow-empty", "-m", "first")
	install := []string{"make", "install", "DESTDIR=" + m.dir + "/root", "PREFIX=/usr"}
	says := func() string { return m.must(m.dir+"/root/usr/bin/bynder", "version", "--json") }

	for _, step := range []struct {
		name   string
		before func()
		set    string // a variable of make
		want   string // in what the installed program says of itself
		built  int
	}{
		{"a fresh clone is built", func() {}, "", `"version":""`, 1},
		{"nothing has changed", func() {}, "", `"version":""`, 0},
		{"another version", func() {}, "VERSION=1.2.3", `"version":"1.2.3"`, 1},
		{"a version that was built stays", func() {}, "", `"version":"1.2.3"`, 0},
		{"a version that another begins with", func() {}, "VERSION=1.2", `"version":"1.2"`, 1},
		{"another commit", func() { m.must("git", "commit", "-q", "--allow-empty", "-m", "second") }, "", "", 1},
		{"a file that is removed", func() {
			if err := os.Remove(filepath.Join(m.dir, "internal/cli/more.go")); err != nil {
				t.Fatal(err)
			}
		}, "", "", 1},
		{"flags of a C linker", func() {}, "LDFLAGS=-Wl,-z,relro VERSION=3", `"version":"3"`, 1},
	} {
		// Everything becomes old before the step, so that only what the step changes is newer.
		if _, err := os.Stat(filepath.Join(m.dir, "builds")); err == nil {
			m.age()
		} else {
			m.write("builds", "", 0o644)
		}
		before := m.builds()
		step.before()
		m.must(append(install, strings.Fields(step.set)...)...)
		if built := m.builds() - before; built != step.built {
			t.Errorf("%s: %d builds, want %d", step.name, built, step.built)
		}
		head := m.must("git", "rev-parse", "HEAD")
		if got := says(); !strings.Contains(got, step.want) || !strings.Contains(got, head) {
			t.Errorf("%s: the program says %s, want %s and %s", step.name, got, step.want, head)
		}
	}

	m.must("make", "build")
	m.age()
	before := m.builds()
	if err := os.Remove(filepath.Join(m.dir, "tools.d/go")); err != nil {
		t.Fatal(err)
	}
	m.age()
	m.must(install...)
	if m.builds() != before {
		t.Error("an installation without go has built something")
	}
}

// The variables that packagers set come from the environment as well, and a C linker's flags change nothing.
func TestMakeTakesTheEnvironment(t *testing.T) {
	m := newMakeTree(t)
	m.must("git", "init", "-q")
	m.must("git", "commit", "-q", "--allow-empty", "-m", "first")
	out, err := m.run([]string{"VERSION=9.9", "COMMIT=abc", "DATE=2026-01-02T03:04:05Z", "LDFLAGS=-Wl,-z,relro"}, "make", "build")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := `{"version":"9.9","commit":"abc","date":"2026-01-02T03:04:05Z"}`
	if got := m.must("bin/bynder", "version", "--json"); got != want || strings.Contains(out, "relro") {
		t.Errorf("the program says %s, want %s; %s", got, want, out)
	}
}

// Sources that were unpacked inside another repository have no commit: neither make nor the go command takes the
// other's.
func TestMakeTakesNoCommitOfAnotherRepository(t *testing.T) {
	m := newMakeTree(t)
	m.must("git", "init", "-q", "..")
	m.must("git", "commit", "-q", "--allow-empty", "-m", "of something else")
	out := m.must("make", "build")
	if got, want := m.must("bin/bynder", "version", "--json"), `{"version":"","commit":"","date":""}`; got != want {
		t.Errorf("the program says %s, want %s", got, want)
	}
	if !strings.Contains(out, "-buildvcs=false") {
		t.Errorf("the go command may record the other repository: %s", out)
	}
}

// What was installed is removed, with the folders that are empty then; other programs' files stay. A second time there
// is nothing to do.
func TestMakeUninstall(t *testing.T) {
	m := newMakeTree(t)
	where := []string{"DESTDIR=" + m.dir + "/root", "PREFIX=/usr"}
	uninstall := append([]string{"make", "uninstall"}, where...)
	m.must(uninstall...) // of a folder that does not exist
	if _, err := os.Stat(filepath.Join(m.dir, "root")); err == nil {
		t.Error("make uninstall has made the folder")
	}
	m.must(append([]string{"make", "install"}, where...)...)
	m.write("root/usr/share/zsh/site-functions/_other", "", 0o644)
	m.must(uninstall...)
	m.must(uninstall...)
	var left []string
	root := filepath.Join(m.dir, "root", "usr")
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		left = append(left, filepath.ToSlash(name))
		return err
	})
	want := ". bin share share/man share/zsh share/zsh/site-functions share/zsh/site-functions/_other"
	if got := strings.Join(left, " "); err != nil || got != want {
		t.Errorf("left are %s (%v), want %s", got, err, want)
	}
}
