package input

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

// The examples on the page, from which other programs can be tested, are what this program does.
func TestShardsOnPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "machines.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([A-Za-z0-9_-]+)` \\| `[0-9a-f]{16}` \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|$").FindAllStringSubmatch(string(page), -1)
	if len(rows) < 8 {
		t.Fatalf("the page has %d examples of shares", len(rows))
	}
	for _, row := range rows {
		for i, of := range []int{2, 6, 1000} {
			want, _ := strconv.Atoi(row[2+i])
			for index := 0; index <= of; index++ {
				if got := (Shard{index, of}).Holds(row[1]); got != (index%of == want) {
					t.Errorf("%s is in share %d of %d: %t", row[1], index, of, got)
				}
			}
		}
	}
}

func TestParseShard(t *testing.T) {
	for text, want := range map[string]Shard{
		"1/1": {1, 1}, "0/1": {0, 1}, "3/6": {3, 6}, "6/6": {6, 6}, "0/6": {0, 6}, "03/06": {3, 6}, "2147483647/2147483647": {1<<31 - 1, 1<<31 - 1},
	} {
		if got, err := ParseShard(text, nil); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "/", "3", "3/", "/6", "7/6", "1/0", "0/0", "-1/6", "1/-6", "+1/6", " 1/6", "1 / 6", "1/6/2", "1.0/6", "one/six", "3-6", "0x1/6", "1_0/60",
		"1/99999999999999999999", "99999999999999999999/1", "2147483648/2147483648", "Auto", "1/6\n", "\u0661/6",
	} {
		if got, err := ParseShard(text, nil); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestShardOfTask(t *testing.T) {
	slurm := func(id, least, most, step, count string) string {
		return strings.NewReplacer("ID", id, "MIN", least, "MAX", most, "STEP", step, "COUNT", count).Replace(
			"SLURM_ARRAY_TASK_id=ID SLURM_ARRAY_TASK_min=MIN SLURM_ARRAY_TASK_max=MAX SLURM_ARRAY_TASK_step=STEP SLURM_ARRAY_TASK_count=COUNT")
	}
	for _, tt := range []struct {
		environment string
		want        Shard
		err         string // a part of it
	}{
		{slurm("0", "0", "5", "1", "6"), Shard{0, 6}, ""},
		{slurm("5", "0", "5", "1", "6"), Shard{5, 6}, ""},
		{slurm("1", "1", "6", "1", "6"), Shard{0, 6}, ""},
		{slurm("6", "1", "6", "1", "6"), Shard{5, 6}, ""},
		{slurm("30", "10", "40", "10", "4"), Shard{2, 4}, ""},
		{slurm("7", "7", "7", "1", "1"), Shard{0, 1}, ""},
		{slurm("3", "1", "7", "1", "3"), Shard{}, "the array has holes: 3 tasks from 1 to 7 in steps of 1"}, // --array=1,3,7
		{slurm("1", "1", "7", "1", "6"), Shard{}, "the array has holes"},
		{slurm("1", "1", "5", "2", "2"), Shard{}, "the array has holes"},
		{slurm("8", "1", "6", "1", "6"), Shard{}, "SLURM_ARRAY_TASK_ID is 8"},
		{slurm("0", "1", "6", "1", "6"), Shard{}, "not in the array"},
		{slurm("11", "10", "40", "10", "4"), Shard{}, "not in the array"},
		{slurm("1", "1", "1", "0", "1"), Shard{}, "holes"},
		{slurm("1", "1", "1", "1", "0"), Shard{}, "holes"},
		{slurm("x", "1", "6", "1", "6"), Shard{}, `SLURM_ARRAY_TASK_ID is "x", which is not a number`},
		{"SLURM_ARRAY_TASK_ID=1", Shard{}, "SLURM_ARRAY_TASK_MIN is not set"},
		{"SLURM_JOB_ID=7", Shard{}, "not a task of a job array"},
		{"AWS_BATCH_JOB_ARRAY_INDEX=0 AWS_BATCH_JOB_ARRAY_SIZE=10", Shard{0, 10}, ""},
		{"AWS_BATCH_JOB_ARRAY_INDEX=9 AWS_BATCH_JOB_ARRAY_SIZE=10", Shard{9, 10}, ""},
		{"AWS_BATCH_JOB_ARRAY_INDEX=10 AWS_BATCH_JOB_ARRAY_SIZE=10", Shard{}, "AWS_BATCH_JOB_ARRAY_INDEX is 10, and there are 10 tasks"},
		{"AWS_BATCH_JOB_ARRAY_INDEX=1", Shard{}, "AWS_BATCH_JOB_ARRAY_SIZE is not set"},
		{"BATCH_TASK_INDEX=3 BATCH_TASK_COUNT=4", Shard{3, 4}, ""},
		{"CLOUD_RUN_TASK_INDEX=2 CLOUD_RUN_TASK_COUNT=3", Shard{2, 3}, ""},
		{"CLOUD_RUN_TASK_INDEX=-1 CLOUD_RUN_TASK_COUNT=3", Shard{}, `CLOUD_RUN_TASK_INDEX is "-1"`},
		{"JOB_COMPLETION_INDEX=2 BYNDER_SHARD_COUNT=6", Shard{2, 6}, ""},
		{"JOB_COMPLETION_INDEX=2", Shard{}, "Kubernetes: BYNDER_SHARD_COUNT is not set"},
		{"BYNDER_SHARD_COUNT=6", Shard{}, "not a task of a job array"},
		{"", Shard{}, "none of SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX, BATCH_TASK_INDEX, CLOUD_RUN_TASK_INDEX, JOB_COMPLETION_INDEX is set"},
		{"JOB_COMPLETION_INDEX=2 BYNDER_SHARD_COUNT=6 AWS_BATCH_JOB_ARRAY_INDEX=2 AWS_BATCH_JOB_ARRAY_SIZE=6", Shard{}, "both AWS_BATCH_JOB_ARRAY_INDEX (AWS Batch) and JOB_COMPLETION_INDEX (Kubernetes) are set"},
	} {
		variables := map[string]string{}
		for pair := range strings.FieldsSeq(tt.environment) {
			name, value, _ := strings.Cut(pair, "=")
			variables[strings.ToUpper(name)] = value
		}
		got, err := ParseShard("auto", func(name string) string { return variables[name] })
		if got != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, %v; want %v, %s", tt.environment, got, err, tt.want, tt.err)
		}
	}
}

// shardedList returns a list of one share.
func shardedList(t *testing.T, s Shard, undoneFile string, args []Entry, sources ...*source) *List {
	t.Helper()
	l, err := New(t.Context(), Options{
		Shard: s, UndoneOut: undoneFile, Args: args, Sources: &Sources{all: sources},
		Choose: func(Entry) (bynder.Selector, error) { return bynder.Selector{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A list whose lines are all of other shares, and invalid, is not empty, and has no ids of them.
func TestInvalidLinesOfOtherShares(t *testing.T) {
	for _, text := range []string{"not valid\n", "\x00", "{}\n", "\"\"\n"} {
		others := 0
		for index := range 2 {
			in := shardedList(t, Shard{index, 2}, "", nil, regular(t, text))
			jobs := 0
			for range in.Jobs(t.Context()) {
				jobs++
			}
			if others += 1 - jobs; in.OtherShares() != 0 || in.Empty() {
				t.Errorf("%q: share %d has %d ids of others; empty %t", text, index, in.OtherShares(), in.Empty())
			}
		}
		if others != 1 {
			t.Errorf("%q is in %d shares", text, 2-others)
		}
	}
}

// Each distinct line has one share, invalid lines included; lines of one asset have the same one.
func TestSharesOfAList(t *testing.T) {
	text := "a\nB\nb\nC\nD\tone\nD\ttwo\nd\tthree\nnot valid\na\n{broken\n" + strings.Repeat("x", maxLine+1) + "\nE\n"
	args := []Entry{{MediaID: "argument"}}
	whole := shardedList(t, Shard{}, "", args, regular(t, text))
	var want []string
	for job := range whole.Jobs(t.Context()) {
		want = append(want, job.Origin)
	}
	if len(want) != 12 || whole.OtherShares() != 0 {
		t.Fatalf("the whole list has the jobs %q", want)
	}
	for _, of := range []int{1, 2, 3, 7} {
		var got, shareOfD []string
		for index := range of {
			in := shardedList(t, Shard{index, of}, "", args, regular(t, text))
			if _, more := in.Files(); more != (of > 1) {
				t.Errorf("share %d of %d: there may be more files: %t", index, of, more)
			}
			n, others := 0, 0
			for _, id := range []string{"a", "b", "c", "d", "e", "argument"} {
				if !(Shard{index, of}).Holds(id) {
					others++
				}
			}
			for job := range in.Jobs(t.Context()) {
				got = append(got, job.Origin)
				if n++; strings.EqualFold(job.MediaID, "D") {
					shareOfD = append(shareOfD, strconv.Itoa(index))
				}
			}
			if files, more := in.Files(); files != n || more || in.OtherShares() != others || in.Empty() {
				t.Errorf("share %d of %d has %d files, and %d ids of others; more %t, empty %t", index, of, files, in.OtherShares(), more, in.Empty())
			}
			if in.Lines() != 13 {
				t.Errorf("the list has %d lines", in.Lines())
			}
		}
		slices.Sort(want)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%d shares have the jobs\n%.200q, want\n%.200q", of, got, want)
		}
		if len(slices.Compact(shareOfD)) != 1 {
			t.Errorf("the items of an asset are in shares %q of %d", shareOfD, of)
		}
	}
}

// A list that cannot be read to its end makes every share fail.
func TestSharesOfABrokenList(t *testing.T) {
	for index := range 3 {
		in := shardedList(t, Shard{index, 3}, "", nil, &source{name: "pipe", r: &brokenReader{text: "A\n"}})
		failed := false
		for job := range in.Jobs(t.Context()) {
			failed = failed || job.Err != nil && strings.Contains(job.Err.Error(), "the disk is gone")
		}
		if !failed {
			t.Errorf("share %d of 3 ends as if the list had ended", index)
		}
	}
}

// brokenReader returns a text, then an error.
type brokenReader struct{ text string }

func (r *brokenReader) Read(p []byte) (int, error) {
	n := copy(p, r.text)
	if r.text = r.text[n:]; n == 0 {
		return 0, errors.New("the disk is gone")
	}
	return n, nil
}

// The undone lists of all shares together are the list, whenever each run is stopped: with lines too long for memory,
// invalid ones and a header.
func TestUndoneOfShares(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	for _, text := range []string{
		"argument\nA\nB\n" + long + "\nC\nnot valid\nD\nE\n" + long + "y\nF\n",
		"id,path\nargument,argument.jpg\nA,a.jpg\nB,b.jpg\nnot valid,c.jpg\nC,../d.jpg\nD,d.jpg\n",
	} {
		for stopAfter := range 5 {
			var all []string
			notStarted := 0
			for index := range 3 {
				file := filepath.Join(t.TempDir(), "undone")
				list := regular(t, text)
				if _, err := list.begin(list.again()); err != nil {
					t.Fatal(err)
				}
				in := shardedList(t, Shard{index, 3}, file, nil, list)
				ctx, stop := context.WithCancel(t.Context())
				n := 0
				for job := range in.Jobs(ctx) {
					if n == stopAfter {
						stop()
						break
					}
					n++
					in.Finished(job, download.Result{Status: download.Failed})
				}
				stop()
				left, err := in.Close(true)
				if err != nil {
					t.Fatal(err)
				}
				notStarted += left + n
				got, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				lines := strings.Split(strings.TrimSuffix(string(got), "\n"), "\n")
				if lines[0] == "id,path" {
					lines = lines[1:]
				}
				if len(got) > 0 {
					all = append(all, lines...)
				}
			}
			want := strings.Split(strings.TrimPrefix(strings.TrimSuffix(text, "\n"), "id,path\n"), "\n")
			slices.Sort(want)
			if slices.Sort(all); !slices.Equal(all, want) || notStarted != len(want) {
				t.Errorf("stopped after %d: the undone lists have %d lines %.60q, want %d; counted %d", stopAfter, len(all), all, len(want), notStarted)
			}
		}
	}
}
