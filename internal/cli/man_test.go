package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// writtenPages returns the pages that `bynder man` writes with these arguments, by their names.
func writtenPages(t *testing.T, epoch string, args ...string) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	var out, errs bytes.Buffer
	getenv := func(name string) string {
		if name == "SOURCE_DATE_EPOCH" {
			return epoch
		}
		return ""
	}
	if status := Main(t.Context(), append([]string{"man", dir}, args...), Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: getenv}); status != 0 {
		t.Fatalf("status %d, %s", status, errs.String())
	}
	if out.Len()+errs.Len() > 0 {
		t.Errorf("bynder man prints %q, %q", out.String(), errs.String())
	}
	return pagesIn(t, dir)
}

// pagesIn returns the files in dir by their names.
func pagesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		pages[e.Name()] = string(text)
	}
	return pages
}

// The pages in docs/commands are those that the program writes, and there are no others.
func TestCommandPagesAreCurrent(t *testing.T) {
	want, got := writtenPages(t, "", "--markdown"), pagesIn(t, filepath.Join("..", "..", "docs", "commands"))
	for name, text := range want {
		if got[name] != text {
			t.Errorf("docs/commands/%s is not what the help says (`make docs` writes it): -there +written\n%s", name, cmp.Diff(got[name], text))
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("docs/commands/%s is of a command that does not exist: remove it", name)
	}
	if len(want) < 20 {
		t.Errorf("only %d pages were written", len(want))
	}
}

// plainRoff returns the text of a manual page as a reader sees it.
func plainRoff(page string) string {
	page = regexp.MustCompile(`(?m)^\.(SH|SS|TH|BR|PP|TP|RS|RE|nf|fi|nh|ad)\b *(.*)$`).ReplaceAllString(page, "$2")
	page = regexp.MustCompile(`\\f[BIR]|\\&`).ReplaceAllString(page, "")
	return strings.NewReplacer(`\(aq`, "'", `\(ga`, "`", `\(ha`, "^", `\(ti`, "~", `\(dq`, `"`, `\-`, "-", `\(rs`, `\`).Replace(page)
}

// A manual page has all that the help of its command has, in the same order within each part.
func TestManualPagesHaveTheWholeHelp(t *testing.T) {
	pages := writtenPages(t, "86400")
	visitCommands(func(cmd *cobra.Command) {
		if cmd.Name() == "help" || cmd.Hidden {
			return
		}
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		page, exists := pages[name]
		if !exists {
			t.Errorf("there is no page %s", name)
			return
		}
		delete(pages, name)
		words := strings.Fields(plainRoff(page))
		holds := func(part, text string) {
			t.Helper()
			rest := words
			for _, word := range strings.Fields(strings.ReplaceAll(text, "`", "")) {
				i := slices.Index(rest, word)
				if i < 0 {
					t.Errorf("%s lacks %q of the %s", name, word, part)
					return
				}
				rest = rest[i+1:]
			}
		}
		holds("summary", cmd.Short)
		if cmd.HasParent() {
			holds("description", cmd.Long)
		}
		holds("examples", cmd.Example)
		for line := range strings.Lines(unindent(cmd.Example)) {
			if len(strings.TrimSuffix(line, "\n")) > helpWidth-7 { // a manual page is indented by 7 columns
				t.Errorf("%s is wider than %d columns: %s", name, helpWidth, line)
			}
		}
		for _, group := range groupFlags(cmd) {
			for line := range strings.Lines(describeFlags(group.flags, 0)) {
				holds("flags", line)
			}
		}
		for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SEE ALSO"} {
			if !strings.Contains(page, "\n.SH "+section+"\n") {
				t.Errorf("%s has no section %s", name, section)
			}
		}
	})
	for name := range pages {
		t.Errorf("%s is of no command", name)
	}
}

func TestManualOfTheProgram(t *testing.T) {
	page := writtenPages(t, "1764201600")["bynder.1"]
	if !strings.HasPrefix(page, `.TH BYNDER 1 "2025-11-27" "bynder `) {
		t.Errorf("the page begins with %q", page[:min(len(page), 60)])
	}
	for _, part := range []string{
		"\n.SH NAME\nbynder \\- Get files out of a Bynder portal\n",
		"\n.SH ENVIRONMENT\n.TP\n\\fBBYNDER_DOMAIN\\fR\nthe portal: brand.getbynder.com,",
		"\n.TP\n\\fBBYNDER_CONSUMER_SECRET\\fR\nOAuth 1.0a consumer secret\n.TP\n",
		"\n.SH EXIT STATUS\n.TP\n\\fB0\\fR\nsuccess: every requested file is in place\n.TP\n",
		"\n.TP\n\\fB130, 143, 129\\fR\ninterrupted by INT, TERM, HUP\n.SH COMMANDS\n",
		"\n.SH EXAMPLES\n.nf\n# Download the original of an asset\nbynder download D4AC0B41\\-141B\\-47D2\\-98B4FECDA8894CB2\n\n# ",
		"(\\fBbynder auth login\\fR stores",
		"\n.SH SEE ALSO\n.BR bynder\\-api (1),\n",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("bynder.1 lacks %q:\n%s", part, page)
		}
	}
}

func TestManualOfACommand(t *testing.T) {
	page := writtenPages(t, "0")["bynder-auth-login.1"]
	for _, part := range []string{
		`.TH BYNDER\-AUTH\-LOGIN 1 "1970-01-01"`,
		"\n.SH SYNOPSIS\n\\fBbynder auth login\\fR [flags]\n",
		"\n.TP\n\\fB\\-\\-domain\\fR\\fI host\\fR\n",
		"\n.SH SEE ALSO\n.BR bynder (1),\n.BR bynder\\-auth (1)\n.PP\n",
	} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
}

// Whatever a text has, a reader of the page sees, and none of it is taken for a request.
func TestRoff(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"a-b --c":               `a\-b \-\-c`,
		".part files\n.bynder":  `\&.part files` + "\n" + `\&.bynder`,
		"'x'\n'y":               `\(aqx\(aq` + "\n" + `\(aqy`,
		`C:\new "a" ~ ^ ` + "`": `C:\(rsnew \(dqa\(dq \(ti \(ha \(ga`,
	} {
		if got := roff(text); got != want {
			t.Errorf("roff(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestFlagTag(t *testing.T) {
	for flag, want := range map[string]string{
		"-d, --dir folder":      `\fB\-d\fR, \fB\-\-dir\fR\fI folder\fR`,
		"--json":                `\fB\-\-json\fR`,
		"-v, --verbose":         `\fB\-v\fR, \fB\-\-verbose\fR`,
		"--archived[=false]":    `\fB\-\-archived\fR\fI[=false]\fR`,
		"--property NAME=VALUE": `\fB\-\-property\fR\fI NAME=VALUE\fR`,
	} {
		if got := flagTag(flag); got != want {
			t.Errorf("flagTag(%q) = %q, want %q", flag, got, want)
		}
	}
}

func TestParseHelp(t *testing.T) {
	got := parseHelp(`One
paragraph:
  + path     a new file
  - path (why)
             a file that is gone,
             or hidden
  alone
Another one.


  lines to type

The end.`)
	want := []helpBlock{
		{text: "One\nparagraph:"},
		{list: "  + path     a new file\n  - path (why)\n             a file that is gone,\n             or hidden\n  alone"},
		{text: "Another one."},
		{list: "  lines to type"},
		{text: "The end."},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(helpBlock{})); diff != "" {
		t.Fatalf("-want +got\n%s", diff)
	}
	items := []helpItem{{"+ path", "a new file"}, {"- path (why)", "a file that is gone, or hidden"}, {"alone", ""}}
	if diff := cmp.Diff(items, got[1].items(), cmp.AllowUnexported(helpItem{})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !got[1].explains() || got[3].explains() {
		t.Error("a list with texts explains, and lines to type do not")
	}
}

func TestMarkdown(t *testing.T) {
	text := "an <id> of *.part in `a <b> *` is [_]"
	if got, want := markdown(text), "an \\<id> of \\*.part in `a <b> *` is \\[\\_]"; got != want {
		t.Errorf("markdown(%q) = %q, want %q", text, got, want)
	}
}

// Without SOURCE_DATE_EPOCH, the date is that of the commit, and none if that is unknown.
func TestDateOfTheManual(t *testing.T) {
	linked(t, "1.2.3", "0123456789abcdef", "2026-11-27T04:05:06Z")
	if got, err := manualDate(""); got != "2026-11-27" || err != nil {
		t.Errorf("the date is %q, %v", got, err)
	}
	if got, err := manualDate("1764201600"); got != "2025-11-27" || err != nil {
		t.Errorf("the date of SOURCE_DATE_EPOCH is %q, %v", got, err)
	}
}

// What cannot be written, or is asked for wrongly, is an error.
func TestManFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args   []string
		epoch  string
		status int
		says   string
	}{
		{[]string{"man"}, "", 2, "specify one folder"},
		{[]string{"man", ""}, "", 2, "specify one folder"},
		{[]string{"man", "a", "b"}, "", 2, "specify one folder"},
		{[]string{"man", t.TempDir()}, "yesterday", 2, `invalid SOURCE_DATE_EPOCH "yesterday"`},
		{[]string{"man", t.TempDir()}, "-1", 2, `invalid SOURCE_DATE_EPOCH "-1"`},
		{[]string{"man", file}, "", 1, "creating the folder of the pages"},
	} {
		var errs bytes.Buffer
		streams := Streams{In: strings.NewReader(""), Out: &errs, Err: &errs, Getenv: func(name string) string {
			if name == "SOURCE_DATE_EPOCH" {
				return test.epoch
			}
			return ""
		}}
		if status := Main(t.Context(), test.args, streams); status != test.status || !strings.Contains(errs.String(), test.says) {
			t.Errorf("bynder %q with %q: status %d, %s", test.args, test.epoch, status, errs.String())
		}
	}
}
