package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The head of a state that an earlier version wrote is that of the same command line today: no sync is refused
// because the program is newer.
func TestStateOfAnEarlierVersion(t *testing.T) {
	text, err := os.ReadFile("../journal/testdata/versions/state-1.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	var line struct{ Sync json.RawMessage }
	var head syncHead
	if err := json.Unmarshal([]byte(first), &line); err != nil || !knowsHead(line.Sync) {
		t.Fatalf("%s is not known (%v)", first, err)
	}
	if err := json.Unmarshal(line.Sync, &head); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	o, err := parseSync(t, "--tag", "brand", "d")
	if err != nil || head.Selection != o.selection() || head.Template != o.name {
		t.Errorf("%+v is not the head of %q with %q, %v", head, o.selection(), o.name, err)
	}
}
