//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The tasks of an array one after the other, with Slurm's variables. make check-slurm has a real Slurm.
func testSlurm(t *testing.T, k *kitchen) {
	k.write(t, "scancel", "#!/bin/sh\necho \"$@\" >>cancelled\n", 0o777)
	env := slices.Concat(k.env, []string{"PATH=" + k.folder + ":" + os.Getenv("PATH")})
	task := func(id, status int) {
		t.Helper()
		k.env = slices.Concat(env, slurmTask(id))
		k.cook(t, status, "slurm")
	}
	ids := k.images(t, 25)
	k.ids(t, ids...)
	for id := range 6 {
		task(id, 0)
	}
	files, err := filepath.Glob(k.path("photos/*/*"))
	if err != nil || len(files) != len(ids) {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name, _ := filepath.Rel(k.folder, file)
		k.original(t, filepath.Base(filepath.Dir(file)), name)
	}
	k.free(t, func() { task(3, 0) })
	if rows := k.run(t, 0, "bash", "-c", "bynder journal show --from ids.txt journals/*.ndjson").stdout; strings.Count(rows, "\n") != 6 || !strings.Contains(rows, "journals/0-of-6.ndjson\t0/6\t") {
		t.Errorf("the journals have\n%s", rows)
	}
	k.ids(t, append(ids, noAsset)...)
	failed := 0
	for id := range 6 {
		if undone := "journals/" + strconv.Itoa(id) + "-of-6.undone"; k.taskFails(t, id, env) {
			failed++
			if got := k.read(t, undone); got != noAsset+"\n" {
				t.Errorf("%s has %q", undone, got)
			}
		}
	}
	cancelled := func() bool { _, err := os.Stat(k.path("cancelled")); return err == nil }
	if failed != 1 || cancelled() {
		t.Errorf("%d tasks failed, and the array was cancelled: %v", failed, cancelled())
	}
	if err := os.Rename(k.path("ids.txt"), k.path("elsewhere")); err != nil {
		t.Fatal(err)
	}
	if task(1, 1); cancelled() {
		t.Error("a node without the list has cancelled the other tasks")
	}
	if err := os.Rename(k.path("elsewhere"), k.path("ids.txt")); err != nil {
		t.Fatal(err)
	}
	env = append(env, "BYNDER_DOMAIN=a b")
	task(1, 2)
	if got := k.read(t, "cancelled"); got != "7\n" {
		t.Errorf("cancelled: %q", got)
	}
}

// slurmTask returns the variables of one of six tasks.
func slurmTask(id int) []string {
	return []string{
		"SLURM_ARRAY_JOB_ID=7", fmt.Sprint("SLURM_ARRAY_TASK_ID=", id), "SLURM_ARRAY_TASK_MIN=0", "SLURM_ARRAY_TASK_MAX=5",
		"SLURM_ARRAY_TASK_STEP=1", "SLURM_ARRAY_TASK_COUNT=6",
	}
}

// taskFails runs a task of the array, which has to end with 0 or a failure of files, and reports whether it has failed.
func (k *kitchen) taskFails(t *testing.T, id int, env []string) bool {
	t.Helper()
	cmd := k.command(t.Context(), "bash", k.path("slurm"))
	cmd.Env = slices.Concat(env, slurmTask(id))
	out, err := cmd.CombinedOutput()
	status := cmd.ProcessState.ExitCode()
	if status != 0 && status != 1 && status != 3 {
		t.Fatalf("task %d: %v\n%s", id, err, out)
	}
	return status != 0
}

// arguments returns those of bynder in a manifest, where they are a list of JSON after a key.
func (k *kitchen) arguments(t *testing.T, recipe, key string) []string {
	t.Helper()
	list := regexp.MustCompile(`(?m)^ *"?` + key + `"?: (\[.*\]),?$`).FindStringSubmatch(k.recipes[recipe].text)
	if list == nil {
		t.Fatalf("%s has no %s", recipe, key)
	}
	var args []string
	if err := json.Unmarshal([]byte(list[1]), &args); err != nil {
		t.Fatal(err)
	}
	return args
}

// The pods one after the other, with Kubernetes' variables and those of the manifest.
func testKubernetes(t *testing.T, k *kitchen) {
	count := regexp.MustCompile(`name: BYNDER_SHARD_COUNT.*\n *value: "(\d+)"`).FindStringSubmatch(k.recipes["kubernetes"].text)
	if count == nil || !strings.Contains(k.recipes["kubernetes"].text, "\n  completions: "+count[1]+"\n") {
		t.Fatalf("BYNDER_SHARD_COUNT is %q, and not the completions", count)
	}
	ids, env := k.images(t, 25), k.env
	k.ids(t, ids...)
	for pod := range number(t, count[1]) {
		k.env = slices.Concat(env, []string{fmt.Sprint("JOB_COMPLETION_INDEX=", pod), "BYNDER_SHARD_COUNT=" + count[1]})
		k.run(t, 0, "bynder", k.arguments(t, "kubernetes", "args")...)
	}
	k.env = env
	if files, err := filepath.Glob(k.path("photos/*/*")); err != nil || len(files) != len(ids) {
		t.Errorf("%d files, %v", len(files), err)
	}
	if rows := k.run(t, 0, "bash", "-c", "bynder journal show --from ids.txt *-of-6.ndjson").stdout; strings.Count(rows, "\n") != 6 {
		t.Errorf("the journals have\n%s", rows)
	}
}

// The model of the AWS command line knows each field of a job definition, and refuses others.
func testAWSBatch(t *testing.T, k *kitchen) {
	k.needs(t, "aws")
	k.write(t, "photos.json", k.recipes["aws-batch"].text, 0o666)
	k.env = append(k.env, "AWS_DEFAULT_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none")
	check := func(status int) {
		t.Helper()
		k.run(t, status, "aws", "batch", "register-job-definition", "--cli-input-json", "file://photos.json", "--generate-cli-skeleton", "output")
	}
	check(0)
	wrong := bytes.Replace([]byte(k.recipes["aws-batch"].text), []byte(`"attempts"`), []byte(`"attempt"`), 1)
	k.write(t, "photos.json", string(wrong), 0o666)
	check(255) // otherwise this test finds nothing
	if args := k.arguments(t, "aws-batch", "command"); args[0] != "download" {
		t.Errorf("the command is %q", args)
	}
}

// Ten folders stand for ten hosts.
func testTenHosts(t *testing.T, k *kitchen) {
	k.needs(t, "bash", "parallel")
	hosts := k.folder + "/hosts"
	k.write(t, "ssh", "#!/bin/sh\nset -e\nmkdir -p "+hosts+"/$1\ncd "+hosts+"/$1\nshift\nexec sh -c \"$*\"\n", 0o777)
	k.env = append(k.env, "PATH="+k.folder+":"+os.Getenv("PATH"))
	ids := k.images(t, 25)
	k.ids(t, append(ids, noAsset)...)
	got := k.cook(t, 1, "ten-hosts")
	lines := strings.Split(strings.TrimSuffix(got.stdout, "\n"), "\n")
	done, failed := 0, 0
	for _, line := range lines {
		fields := strings.Split(line, "\t")
		done, failed = done+number(t, fields[2]), failed+number(t, fields[3])
		if fields[4] != "0" {
			t.Errorf("ids are missing: %q", line)
		}
	}
	if len(lines) != 10 || done != 25 || failed != 1 {
		t.Errorf("it has written\n%s", got.stdout)
	}
	at := map[string]string{}
	for line := range strings.Lines(k.run(t, 0, "bash", "-c", "cat *-of-10.ndjson").stdout) {
		if line == "\n" {
			continue
		}
		var r struct{ MediaID, Path, Status string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		at[r.MediaID] = r.Path
	}
	used := map[string]bool{}
	for _, id := range ids {
		places, err := filepath.Glob(filepath.Join(hosts, "*", "brand", at[id]))
		if err != nil || len(places) != 1 {
			t.Fatalf("%s, which the journals have at %q, is at %q, %v", id, at[id], places, err)
		}
		name, err := filepath.Rel(k.folder, places[0])
		if err != nil {
			t.Fatal(err)
		}
		k.original(t, id, name)
		used[strings.Split(filepath.ToSlash(name), "/")[1]] = true
	}
	if len(used) < 5 {
		t.Errorf("%d hosts have got files", len(used))
	}
	k.ids(t, ids...)
	k.free(t, func() { k.cook(t, 0, "ten-hosts") })
}
