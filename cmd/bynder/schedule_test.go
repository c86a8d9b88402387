//go:build unix

package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// What the catalogue has was modified years ago; a search for the last two days finds
// nothing, so here it is for the last hundred years.
func (k *kitchen) nightly(t *testing.T) {
	t.Helper()
	const recent = "--modified-since 2d"
	r := k.recipes["nightly"]
	if !strings.Contains(r.text, recent) {
		t.Fatalf("the recipe has no %q", recent)
	}
	r.text = strings.Replace(r.text, recent, "--modified-since 36500d --limit 3", 1)
	k.recipes = map[string]recipe{"nightly": r}
}

func testNightly(t *testing.T, k *kitchen) {
	k.needs(t, "flock")
	if err := os.Mkdir(k.path("brand"), 0o777); err != nil {
		t.Fatal(err)
	}
	if got := k.cook(t, 0, "nightly", k.path("brand")); got != (ran{}) {
		t.Errorf("it has found what is not there, and written %q", got)
	}
	k.nightly(t)
	if got := k.cook(t, 0, "nightly", k.path("brand")); got != (ran{}) {
		t.Errorf("on a good night it has written %q", got)
	}
	k.original(t, sandbox.DocumentedAsset, "brand/"+sandbox.DocumentedAsset+".jpg")

	k.faults(t, "api-404,asset="+sandbox.DocumentedAsset)
	if got := k.cook(t, 3, "nightly", k.path("brand")); got.stdout != "" || !strings.HasPrefix(got.stderr, "bynder: "+sandbox.DocumentedAsset+": not found") {
		t.Errorf("on a bad night it has written %q", got)
	}
	k.faults(t, "api-403")
	if got := k.cook(t, 1, "nightly", k.path("brand")); got.stderr == "" {
		t.Error("where the search fails it has said nothing")
	}

	// While another run is at it there is none.
	lock, err := os.OpenFile(k.path("brand/.lock"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	k.free(t, func() { k.cook(t, 0, "nightly", k.path("brand")) })
}

func testCrontab(t *testing.T, k *kitchen) {
	setting := regexp.MustCompile(`^[A-Z_]+=\S+$`)
	entry := regexp.MustCompile(`^\d+ \d+ [\d*]+ [\d*]+ [\d*]+ bynder-nightly$`)
	entries := 0
	for line := range strings.Lines(k.recipes["crontab"].text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case entry.MatchString(line):
			entries++
		case !setting.MatchString(line):
			t.Errorf("%q is neither a setting nor an entry", line)
		}
	}
	if entries != 1 || !strings.Contains(k.recipes["nightly"].text, "/usr/local/bin/bynder-nightly") {
		t.Errorf("there are %d entries for the script", entries)
	}
}

// syncCommand runs the command of a recipe that keeps a folder equal to a search.
func (k *kitchen) syncCommand(t *testing.T, command string) {
	t.Helper()
	for _, folder := range []string{"srv", "bin"} {
		if err := os.MkdirAll(k.path(folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	command = strings.NewReplacer("/srv/brand", k.path("srv/brand"), "/srv/trash", k.path("srv/trash"), "--collection Spring", "--tag twitter").Replace(command)
	command, log, logs := strings.Cut(command, " >>")
	if logs && log != "/var/log/bynder-sync.log" {
		t.Errorf("it writes to %q", log)
	}
	args := strings.Fields(command)
	found := k.run(t, 0, "bynder", "search", "--tag", "twitter")
	got := k.run(t, 0, args[0], args[1:]...)
	if n := strings.Count(found.stdout, "\n"); n < 1 || strings.Count(got.stdout, "\n") != n || got.stderr != "" {
		t.Errorf("%d assets, and it has written %q and %q", n, got.stdout, got.stderr)
	}
	k.original(t, sandbox.DocumentedAsset, "srv/brand/Twitter.jpg")
	if got := k.run(t, 0, args[0], args[1:]...); got != (ran{}) {
		t.Errorf("on a quiet night it has written %q", got)
	}
	k.faults(t, "api-403")
	if got := k.run(t, 1, args[0], args[1:]...); got.stdout != "" || !strings.HasPrefix(got.stderr, "bynder: ") {
		t.Errorf("on a bad night it has written %q", got)
	}
}

func testSyncCrontab(t *testing.T, k *kitchen) {
	entry := regexp.MustCompile(`(?m)^\d+ \d+ [\d*]+ [\d*]+ [\d*]+ (bynder .+)$`).FindStringSubmatch(k.recipes["sync.crontab"].text)
	if entry == nil {
		t.Fatal("the crontab has no entry")
	}
	k.syncCommand(t, entry[1])
}

func testSyncService(t *testing.T, k *kitchen) {
	command := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/(bynder .+)$`).FindStringSubmatch(k.recipes["sync.service"].text)
	if command == nil {
		t.Fatal("the service starts nothing")
	}
	k.syncCommand(t, command[1])
	k.verifySync(t)
}

func testSyncTimer(t *testing.T, k *kitchen) { k.verifySync(t) }

func testSyncMail(t *testing.T, k *kitchen) {
	if !strings.Contains(k.recipes["sync.service"].text, "OnFailure=bynder-sync-mail.service\n") {
		t.Error("the service does not start it")
	}
	k.verifySync(t)
}

// verifySync asks systemd whether the units of sync make sense together.
func (k *kitchen) verifySync(t *testing.T) {
	t.Helper()
	k.needs(t, "systemd-analyze")
	units := map[string]string{
		"bynder-sync.service": "sync.service", "bynder-sync.timer": "sync.timer", "bynder-sync-mail.service": "sync-mail.service",
	}
	for unit, name := range units {
		k.write(t, unit, k.unit(t, name), 0o666)
	}
	for unit := range units {
		got := k.run(t, 0, "systemd-analyze", "verify", "--man=no", k.path(unit))
		if strings.Contains(got.stderr, "bynder") {
			t.Errorf("systemd says of the %s:\n%s", unit, got.stderr)
		}
	}
}

// unit is one of systemd's with this machine's paths.
func (k *kitchen) unit(t *testing.T, name string) string {
	t.Helper()
	program, err := exec.LookPath("bynder")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"etc", "srv", "lib"} {
		if err := os.MkdirAll(k.path(folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return strings.NewReplacer(
		"/usr/local/bin/bynder", program, "/etc/bynder", k.path("etc"), "/srv/brand", k.path("srv"), "/var/lib/bynder", k.path("lib"),
	).Replace(k.recipes[name].text)
}

// verify asks systemd whether the units make sense.
func (k *kitchen) verify(t *testing.T) {
	t.Helper()
	k.needs(t, "systemd-analyze")
	k.write(t, "bynder.service", k.unit(t, "systemd.service"), 0o666)
	k.write(t, "bynder.timer", k.unit(t, "systemd.timer"), 0o666)
	for _, unit := range []string{"bynder.service", "bynder.timer"} {
		got := k.run(t, 0, "systemd-analyze", "verify", "--man=no", k.path(unit))
		if strings.Contains(got.stderr, "bynder") {
			t.Errorf("systemd says of the %s:\n%s", unit, got.stderr)
		}
	}
}

// The service's command does what it is meant to do.
func testSystemdService(t *testing.T, k *kitchen) {
	command := regexp.MustCompile(`(?m)^ExecStart=(.+)$`).FindStringSubmatch(k.unit(t, "systemd.service"))
	if command == nil {
		t.Fatal("the service starts nothing")
	}
	k.write(t, "etc/ids.txt", sandbox.DocumentedAsset+"\n", 0o666)
	start := strings.Fields(command[1])
	k.run(t, 0, start[0], start[1:]...)
	k.original(t, sandbox.DocumentedAsset, "srv/Twitter.jpg")
	k.free(t, func() { k.run(t, 0, start[0], start[1:]...) })
	k.verify(t)
}

func testSystemdTimer(t *testing.T, k *kitchen) {
	k.verify(t)
	at := regexp.MustCompile(`(?m)^OnCalendar=(.+)$`).FindStringSubmatch(k.recipes["systemd.timer"].text)
	if at == nil {
		t.Fatal("the timer has no time")
	}
	if got := k.run(t, 0, "systemd-analyze", "calendar", at[1]); !strings.Contains(got.stdout, "02:17:00") {
		t.Errorf("systemd says of %q:\n%s", at[1], got.stdout)
	}
}
