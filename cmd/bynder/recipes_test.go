//go:build unix

package main

import (
	"context"
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// recipeTests run the recipes of docs/scripting.md and docs/machines.md, each against a sandbox of its own.
var recipeTests = map[string]func(*testing.T, *kitchen){
	"list":            testList,
	"list-powershell": testListPowerShell,
	"own-names":       testOwnNames,
	"search":          testSearch,
	"two-processes":   testTwoProcesses,
	"again":           testAgain,
	"jq":              testJQ,
	"jq-powershell":   testJQPowerShell,
	"spreadsheet":     testSpreadsheet,
	"archive":         testArchive,
	"nightly":         testNightly,
	"crontab":         testCrontab,
	"systemd.service": testSystemdService,
	"systemd.timer":   testSystemdTimer,
	"slurm":           testSlurm,
	"kubernetes":      testKubernetes,
	"aws-batch":       testAWSBatch,
	"ten-hosts":       testTenHosts,

	"sync.crontab":      testSyncCrontab,
	"sync.service":      testSyncService,
	"sync.timer":        testSyncTimer,
	"sync-mail.service": testSyncMail,
	"test":              testTest,
}

// TestRecipes does what the two pages tell people to do, with their text.
func TestRecipes(t *testing.T) {
	all := recipes(t)
	if documented, tested := slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(recipeTests)); !slices.Equal(documented, tested) {
		t.Fatalf("the pages have the recipes %q, and there are tests for %q", documented, tested)
	}
	for name, test := range recipeTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if all[name].language == "bash" && !strings.HasPrefix(all[name].text, "#!/usr/bin/env bash\n") {
				t.Error("it does not begin as a script does")
			}
			if all[name].language == "bash" && !strings.Contains(all[name].text, "\nset -euo pipefail\n") {
				t.Error("it goes on after failures")
			}
			test(t, newKitchen(t, all))
		})
	}
}

const noAsset = "no-such-asset"

func testList(t *testing.T, k *kitchen) {
	k.ids(t, sandbox.DocumentedAsset, sandbox.EmptyAsset, noAsset)
	got := k.cook(t, 3, "list")
	if paths := strings.Fields(got.stdout); len(paths) != 2 || !slices.Contains(paths, "photos/Twitter.jpg") || !slices.Contains(paths, "photos/empty.txt") {
		t.Errorf("it has written %q", got.stdout)
	}
	if undone := k.read(t, "undone.txt"); undone != noAsset+"\n" || !strings.HasSuffix(got.stderr, "not completed: 1 ids, see undone.txt\n") {
		t.Errorf("undone.txt holds %q, and it has said\n%s", undone, got.stderr)
	}
	k.original(t, sandbox.DocumentedAsset, "photos/Twitter.jpg")
	k.original(t, sandbox.EmptyAsset, "photos/empty.txt")

	k.ids(t, sandbox.DocumentedAsset, sandbox.EmptyAsset)
	k.free(t, func() {
		if got := k.cook(t, 0, "list"); !strings.HasSuffix(got.stdout, "all files are in place\n") {
			t.Errorf("it has written %q", got.stdout)
		}
	})

	k.faults(t, "api-401")
	k.ids(t, sandbox.VideoAsset)
	if got := k.cook(t, 4, "list"); !strings.Contains(got.stderr, "bynder auth status") {
		t.Errorf("it has said\n%s", got.stderr)
	}
}

func testListPowerShell(t *testing.T, k *kitchen) {
	k.ids(t, sandbox.DocumentedAsset, noAsset)
	if got := k.cookPowerShell(t, 3, "list-powershell"); !strings.Contains(got.stderr, "not completed: 1 ids") {
		t.Errorf("it has said\n%s", got.stderr)
	}
	k.original(t, sandbox.DocumentedAsset, "photos/Twitter.jpg")
}

func testOwnNames(t *testing.T, k *kitchen) {
	got := k.cook(t, 0, "own-names")
	if !strings.Contains(got.stdout, "brand/logos/main.jpg\n") || !strings.Contains(got.stdout, "brand/decks/2026 final.pptx\n") {
		t.Errorf("it has written %q", got.stdout)
	}
	k.original(t, sandbox.DocumentedAsset, "brand/logos/main.jpg")
	k.original(t, sandbox.PresentationAsset, "brand/decks/2026 final.pptx")
	if undone := k.read(t, "undone.csv"); undone != "" {
		t.Errorf("undone.csv holds %q", undone)
	}
}

func testSearch(t *testing.T, k *kitchen) {
	got := k.cook(t, 0, "search", sandbox.CollectionSocial)
	found := k.run(t, 0, "bynder", "search", "--collection", sandbox.CollectionSocial, "--type", "image")
	var ids []string
	for line := range strings.Lines(found.stdout) {
		id, _, _ := strings.Cut(line, "\t")
		ids = append(ids, id)
	}
	if len(ids) < 2 || strings.Count(got.stdout, "\n") != len(ids) {
		t.Errorf("it has written %q for %d assets", got.stdout, len(ids))
	}
	k.originals(t, "spring/image", ids)

	// What is replaced is noticed, and a search that breaks off is a failure.
	twitter := "spring/image/" + sandbox.DocumentedAsset + ".jpg"
	k.write(t, twitter, "another", 0o666)
	k.cook(t, 0, "search", sandbox.CollectionSocial)
	k.original(t, sandbox.DocumentedAsset, twitter)
	k.faults(t, "api-403")
	k.cook(t, 1, "search", sandbox.CollectionSocial)
}

func testTwoProcesses(t *testing.T, k *kitchen) {
	k.gnu(t, "split")
	ids := k.images(t, 60)
	k.ids(t, ids...)
	if got := k.cook(t, 0, "two-processes"); got != (ran{}) {
		t.Errorf("it has written %q", got)
	}
	k.originals(t, "photos", ids)
	k.free(t, func() { k.cook(t, 0, "two-processes") })

	k.ids(t, append(ids, noAsset)...)
	if got := k.cook(t, 3, "two-processes"); strings.Count(got.stderr, "bynder: "+noAsset+": not found") != 1 {
		t.Errorf("one file fails, and it has said %q", got.stderr)
	}
}

// The recipe is killed with kill -9 in the middle, as by a machine that goes down, and run
// again.
func testAgain(t *testing.T, k *kitchen) {
	ids := k.images(t, 100)
	k.ids(t, ids...)
	k.faults(t, "slow=100000")
	args := k.prepare(t, "again")
	ctx, pullThePlug := context.WithCancel(t.Context())
	defer pullThePlug()
	cmd := k.command(ctx, "bash", args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	first := func() bool {
		found, _ := filepath.Glob(k.path("photos/*"))
		return slices.ContainsFunc(found, func(name string) bool { return !strings.HasSuffix(name, ".part") })
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for !first() {
		select {
		case <-tick.C:
		case err := <-ended:
			t.Fatalf("it has ended before the first file was there: %v", err)
		case <-timeout:
			t.Fatal("no file comes")
		}
	}
	pullThePlug()
	<-ended
	if whole, _ := filepath.Glob(k.path("photos/*[!t]")); len(whole) >= len(ids) {
		t.Fatal("it had ended")
	}
	k.faults(t)

	before := k.portal.Stats()
	k.cook(t, 0, "again")
	k.originals(t, "photos", ids)
	// The portal may count calls of the killed process until now, one for each of its 32 files.
	if calls, _ := k.calls(before); calls > int64(len(ids))+32 {
		t.Errorf("the second run has cost %d calls for %d files", calls, len(ids))
	}
	k.free(t, func() { k.cook(t, 0, "again") })

	// Where another try does not help there is none.
	k.faults(t, "api-401")
	k.ids(t, sandbox.VideoAsset)
	k.cook(t, 4, "again")
}

func testJQ(t *testing.T, k *kitchen) {
	k.needs(t, "jq")
	k.ids(t, sandbox.EmptyAsset, noAsset)
	got := k.cook(t, 3, "jq")
	const empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	want := []string{"FAILED\t" + noAsset + "\tnot_found", "new\t" + sandbox.EmptyAsset + "\tphotos/empty.txt\t" + empty}
	if lines := sortedLines(got.stdout); !slices.Equal(lines, want) {
		t.Errorf("it has written %q, want %q", lines, want)
	}
	want[1] = "kept\t" + sandbox.EmptyAsset + "\tphotos/empty.txt"
	if lines := sortedLines(k.cook(t, 3, "jq").stdout); !slices.Equal(lines, want) {
		t.Errorf("the second time it has written %q, want %q", lines, want)
	}
}

func sortedLines(text string) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	slices.Sort(lines)
	return lines
}

func testJQPowerShell(t *testing.T, k *kitchen) {
	k.ids(t, sandbox.EmptyAsset, noAsset)
	if got := k.cookPowerShell(t, 0, "jq-powershell"); strings.TrimSpace(got.stdout) != noAsset+" not_found" {
		t.Errorf("it has written %q", got.stdout)
	}
}

// failures makes a journal in which one asset has come after it failed, another has not,
// and a third has a message that a spreadsheet would take for a formula.
func (k *kitchen) failures(t *testing.T) {
	t.Helper()
	get := []string{"download", "-q", "--retries", "0", "--dir", "photos", "--journal", "photos.ndjson", "--"}
	k.faults(t, "api-500,asset="+sandbox.EmptyAsset)
	k.run(t, 3, "bynder", append(get, sandbox.DocumentedAsset, sandbox.EmptyAsset, noAsset)...)
	k.faults(t)
	k.run(t, 0, "bynder", append(get, sandbox.EmptyAsset)...)
	f, err := os.OpenFile(k.path("photos.ndjson"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// An id that an earlier version took, and what a kill may leave.
	lines := `{"portal":"p","mediaId":"-1+1|\"a,b\"","selector":"original","status":"failed","finishedAt":"2026-01-02T03:04:05Z",` +
		`"error":{"code":"not_found","message":"=1+1","retryable":false}}` + "\n" + `{"portal":"127.0`
	if _, err := f.WriteString(lines); err != nil {
		t.Fatal(err)
	}
}

func testArchive(t *testing.T, k *kitchen) {
	k.faults(t, "api-404,asset="+sandbox.DocumentedAsset)
	k.cook(t, 3, "archive", "--type", "image", "--tag", "fixed")
	failed := k.read(t, "brand.csv")
	k.faults(t)
	k.cook(t, 0, "archive", "--type", "image", "--tag", "fixed")
	assets := strings.Count(k.read(t, "assets.ndjson"), "\n")
	rows, err := csv.NewReader(strings.NewReader(k.read(t, "brand.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if assets < 3 || len(rows) != assets+1 || strings.Count(failed, "\n") != len(rows) || !strings.Contains(failed, ",failed,") {
		t.Errorf("%d assets, %d rows, before\n%s", assets, len(rows), failed)
	}
	for _, row := range rows[1:] {
		if row[1] != "downloaded" && row[1] != "unchanged" || !strings.HasPrefix(row[0], "brand/"+row[2]+"/") || len(row[6]) != 32 {
			t.Errorf("the row %q", row)
		}
		if metadata := k.read(t, row[0]+".metadata.json"); !strings.Contains(metadata, `"id":"`+row[2]+`"`) {
			t.Errorf("the metadata of %q are %s", row, metadata)
		}
	}
}

func testSpreadsheet(t *testing.T, k *kitchen) {
	k.failures(t)
	k.cook(t, 0, "spreadsheet")
	rows, err := csv.NewReader(strings.NewReader(k.read(t, "failed.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	header := []string{"id", "itemId", "name", "path", "selector", "cause", "retryable", "message", "hint", "finishedAt"}
	if len(rows) != 3 || !slices.Equal(rows[0], header) {
		t.Fatalf("failed.csv has %d rows: %q", len(rows), rows)
	}
	for i, id := range []string{noAsset, `'-1+1|"a,b"`} {
		if want := []string{id, "", "", "", "original", "not_found", "false"}; !slices.Equal(rows[i+1][:7], want) || rows[i+1][7] == "" || rows[i+1][9] == "" {
			t.Errorf("failed.csv has %q, want %q", rows[i+1], want)
		}
	}
}

func testTest(t *testing.T, k *kitchen) {
	k.ids(t, sandbox.DocumentedAsset, sandbox.EmptyAsset)
	k.write(t, "get.sh", k.recipes["list"].text, 0o777)
	got := k.cook(t, 0, "test")
	if want := strings.Count(k.recipes["test"].text, "\nexpect "); strings.Count(got.stdout, "ok: ") != want {
		t.Errorf("it has written %q, want %d times ok", got.stdout, want)
	}
	// A script that does not do as it should is found.
	k.write(t, "get.sh", "#!/bin/sh\nbynder download -d photos --from ids.txt || true\n", 0o777)
	if got := k.cook(t, 1, "test"); !strings.Contains(got.stderr, "ended with 0, not 4") {
		t.Errorf("it has said %q", got.stderr)
	}
}
