package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/bynder-cli/bynder/internal/input"
)

// runJournal runs `bynder journal` and returns what it writes to standard output and
// standard error.
func runJournal(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := newJournal(Streams{Out: &out, Err: &errs})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetOut(&out)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), errs.String(), err
}

const journalLines = `{"portal":"p","mediaId":"A","selector":"original","status":"failed","error":{"code":"network","message":"m","retryable":true}}
{"portal":"p","mediaId":"B","selector":"original","status":"skipped","path":"/d/b","bytes":5}
{"portal":"p","mediaId":"C","selector":"original","status":"failed","error":{"code":"exists","message":"m","retryable":false}}
{"portal":"p","mediaId":"D","selector":"original","status":"failed","error":{"code":"not_found","message":"m","retryable":false}}
{"portal":"p","mediaId":"E","selector":"original","status":"failed","error":{"code":"not_found","message":"m","retryable":false}}
# note
{"portal":"p","mediaId":"A","selector":"original","status":"downloaded","path":"/d/a","bytes":2048}
{"portal":"p","mediaId":"A","selector":"additional","status":"downloaded","path":"/d/a2","bytes":1}
`

func TestJournalShow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "done.ndjson")
	if err := os.WriteFile(file, []byte(journalLines), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"show", file}, "downloaded\t\t2\t2049\nskipped\t\t1\t5\nfailed\tnot_found\t2\t0\nfailed\texists\t1\t0\n"},
		{[]string{"show", "--json", file}, `{"status":"downloaded","files":2,"bytes":2049}
{"status":"skipped","files":1,"bytes":5}
{"status":"failed","cause":"not_found","files":2,"bytes":0}
{"status":"failed","cause":"exists","files":1,"bytes":0}
`},
	} {
		stdout, stderr, err := runJournal(t, c.args...)
		if err != nil || stdout != c.want {
			t.Errorf("%q writes %v\n%s", c.args, err, stdout)
		}
		if want := "bynder: 1 line is not a result\n"; stderr != want {
			t.Errorf("%q says %s", c.args, stderr)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != journalLines {
		t.Errorf("show has changed the journal: %v", err)
	}
}

func TestJournalUsage(t *testing.T) {
	folder := t.TempDir()
	list := filepath.Join(folder, "ids.txt")
	if err := os.WriteFile(list, []byte("A\nB\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"shwo"}, {"show"}, {"show", ""}, {"show", "a", "b"}, {"compact"}, {"compact", list}, {"show", filepath.Join(folder, "missing")},
		{"show", list}, {"show", folder},
	} {
		stdout, _, err := runJournal(t, args...)
		if exitStatus(t.Context(), err) != exitUsage || hintOf(err) == "" || stdout != "" {
			t.Errorf("%q: %v, hint %q, writes %q", args, err, hintOf(err), stdout)
		}
	}
}

func TestJournalIsEmpty(t *testing.T) {
	file := filepath.Join(t.TempDir(), "done.ndjson")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := runJournal(t, "show", file)
	if err != nil || stdout != "" || stderr != "bynder: the journal is empty\n" {
		t.Errorf("it writes %v %q %q", err, stdout, stderr)
	}
}

func TestShareOfName(t *testing.T) {
	for name, want := range map[string]input.Shard{
		"3-of-6": {Index: 3, Of: 6}, "done-3-of-6.ndjson": {Index: 3, Of: 6}, "2026-3-of-6": {Index: 3, Of: 6}, "dir/1-of-2/0-of-6.x": {Index: 0, Of: 6},
		"": {}, "done.ndjson": {}, "7-of-6": {}, "3-of-": {}, "1-of-0": {}, "1-of-2/done.ndjson": {}, "9999999999-of-9999999999": {},
	} {
		if got := shareOfName(name); got != want {
			t.Errorf("%q is a journal of share %v, want %v", name, got, want)
		}
	}
}
