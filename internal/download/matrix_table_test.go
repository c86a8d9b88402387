package download_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the table of docs/reliability.md anew")

// The page and the lines between which it has the table.
const (
	reliabilityPage = "../../docs/reliability.md"
	tableBegins     = "<!-- The tables are written by: go test ./internal/download -run TestFaults -update -->\n"
	tableEnds       = "<!-- The tables end here. -->\n"
)

// holdTable compares the table on the page with what was measured, or writes it.
func holdTable(t *testing.T, got []measured) {
	page, err := os.ReadFile(reliabilityPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := bytes.Cut(page, []byte(tableBegins))
	old, after, ok2 := bytes.Cut(rest, []byte(tableEnds))
	if !ok1 || !ok2 {
		t.Fatalf("%s lacks the lines that the table stands between", reliabilityPage)
	}
	table := renderTable(got, strings.Split(string(old), "\n"))
	if table == string(old) {
		return
	}
	if !*update {
		t.Fatalf("%s does not say what was measured: run go test ./internal/download -run TestFaults -update", reliabilityPage)
	}
	page = slices.Concat(before, []byte(tableBegins+table+tableEnds), after)
	if err := os.WriteFile(reliabilityPage, page, 0o666); err != nil {
		t.Fatal(err)
	}
}

// renderTable is what was measured as Markdown, a table a group. Of a row that cannot be
// played here, the line is the old one.
func renderTable(got []measured, old []string) string {
	var b strings.Builder
	several, got := got[:len(severalRows)], got[len(severalRows):]
	for _, g := range groups {
		fmt.Fprintf(&b, "\n### %s\n\n", g.title)
		b.WriteString("| what goes wrong | `--fault` | outcome | verified | fetched ÷ size | in the folder | the next run |\n")
		b.WriteString("|---|---|---|---|---|---|---|\n")
		for _, r := range g.rows {
			line := renderRow(r, got[0].outcome)
			if errors.Is(got[0].err, errSkipped) {
				beginning, _, _ := strings.Cut(line, " | ")
				if i := slices.IndexFunc(old, func(was string) bool { return strings.HasPrefix(was, beginning+" | ") }); i >= 0 {
					line = old[i]
				}
			}
			b.WriteString(line + "\n")
			got = got[1:]
		}
	}
	renderSeveral(&b, several)
	b.WriteByte('\n')
	return b.String()
}

// renderSeveral is the table of files that come by several connections.
func renderSeveral(b *strings.Builder, got []measured) {
	fmt.Fprintf(b, "\n### With several connections\n\n")
	fmt.Fprintf(b, "A file of 20 MiB, in parts over up to %d connections at the same time. How many bytes are in flight when a fault occurs\n", severalConnections)
	b.WriteString("differs from run to run, so *fetched ÷ size* is an upper bound here. *At once* is the number of connections that may\n")
	b.WriteString("transfer the file at the same time: one if storage sends no ranges.\n\n")
	b.WriteString("| what goes wrong | `--fault` | at once | outcome | verified | fetched ÷ size | in the folder | the next run |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|\n")
	for i, r := range severalRows {
		b.WriteString(renderRow(r, got[i].outcome) + "\n")
	}
}

func renderRow(r row, o outcome) string {
	var faults []string
	for one := range strings.FieldsSeq(r.faults) {
		faults = append(faults, "`"+one+"`")
	}
	var names []string
	for name := range strings.SplitSeq(o.folder, ", ") {
		if name != nothing {
			name = "`" + shortened(name) + "`"
		}
		names = append(names, name)
	}
	cells := []string{r.what, strings.Join(faults, " ")}
	if o.connections != "" {
		cells = append(cells, o.connections)
	}
	cells = append(cells, o.status, string(o.verified), o.fetched, strings.Join(names, ", "), o.next)
	return "| " + strings.Join(cells, " | ") + " |"
}

// shortened leaves out the middle of a long name.
func shortened(name string) string {
	if utf8.RuneCountInString(name) <= 60 {
		return name
	}
	runes := []rune(name)
	return string(runes[:20]) + " … " + string(runes[len(runes)-8:])
}
