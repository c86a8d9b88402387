package main

import (
	"bytes"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/cli"
)

// phrases are those that a reader of English stumbles at, with what to write in their place.
var phrases = []struct {
	pattern *regexp.Regexp
	write   string
}{
	{regexp.MustCompile(`\b(is|are|was|were|be) (no|none)\b`), "is not a valid X; must be one of"},
	{regexp.MustCompile(`\b(is|are|was|were) there\b`), "existing; in place"},
	{regexp.MustCompile(`\b(has|have) to be named\b`), "specify"},
	{regexp.MustCompile(`\bso many\b`), "N"},
	{regexp.MustCompile(`\b[01] is (all|never|off)\b`), "0 = no limit; 1 = disabled"},
	{regexp.MustCompile(`\b([Oo]ne|an|a) (JSON object|object|path|line|row|call|API call|result) an? (file|item|line|asset|row|page|run)\b`), "one X per Y"},
	{regexp.MustCompile(`\bby flag\b`), "with a flag"},
	{regexp.MustCompile(`\b(the others|only others|of them|what is left|whatever it was)\b`), "name the thing"},
	{regexp.MustCompile(`\b(tells? (whether|that|how|why)|(is|are) told|knows? of)\b`), "reports whether; receives; holds"},
	{regexp.MustCompile(`\bwhere (there is|there are|none is|nothing is|it is nil|it is not|that is not)\b`), "if"},
	{regexp.MustCompile(`\b([Nn]obody|[Ss]omebody|[Ww]hoever|[Aa]nybody)\b`), "the caller; another process; the reader"},
	{regexp.MustCompile(`\b(spoilt|settles?|settled|abandon(s|ed)?|doubles|is meant|be meant|was meant)\b`), "what it does, in the field's terms"},
}

// either matches any of the phrases.
var either = func() *regexp.Regexp {
	patterns := make([]string, len(phrases))
	for i, p := range phrases {
		patterns[i] = p.pattern.String()
	}
	return regexp.MustCompile(strings.Join(patterns, "|"))
}()

// plain is English in which a word of a phrase stands as it should.
var plain = strings.NewReplacer("here is no", "", "here are no", "", "here was no", "", "is no longer", "", "are no longer", "", "is no more than", "")

// stumbles returns the first phrase in text and what to write in its place, "" for none.
func stumbles(text string) (phrase, write string) {
	text = plain.Replace(strings.Join(strings.Fields(text), " "))
	if !either.MatchString(text) {
		return "", ""
	}
	for _, p := range phrases {
		if found := p.pattern.FindString(text); found != "" {
			return found, p.write
		}
	}
	return "", ""
}

// messageStart is the beginning of a message or hint, which a bar may stand before on a terminal.
var messageStart = regexp.MustCompile(`(^|\r|\x1b\[J)(bynder|hint): `)

// stumblesInMessage returns what stumbles does if line, which the program or a script has written, is a message or a hint. Each
// script is held to it.
func stumblesInMessage(line string) (phrase, write string) {
	start := messageStart.FindStringIndex(line)
	if start == nil {
		return "", ""
	}
	return stumbles(quoted.ReplaceAllString(line[start[1]:], "X"))
}

// quoted is what a message repeats: a name that the user or the portal has chosen.
var quoted = regexp.MustCompile(`"[^"]*"`)

func TestStumblesInMessage(t *testing.T) {
	for line, want := range map[string]string{
		"bynder: a.jpg: the id is none of this portal\n": "is none",
		"hint: remove the others\r\n":                    "the others",
		"  45% [==>  ]\x1b[J\rbynder: x is no folder\n":  "is no",
		"bynder: cannot read a.jpg\n":                    "",
		"bynder: there is no profile \"nobody\"\n":       "",
		"Nobody.jpg is no message\n":                     "",
	} {
		if got, _ := stumblesInMessage(line); got != want {
			t.Errorf("%q: found %q, want %q", line, got, want)
		}
	}
}

func TestStumbles(t *testing.T) {
	for text, want := range map[string]string{
		`"10X" is no rate such as 500K`:          "is no",
		"is none of fail, skip":                  "is none",
		"one line for each file that is\nthere":  "is there",
		"one collection has to be named":         "has to be named",
		"at most so many of them for one file":   "so many",
		"list at most N; 0 is all":               "0 is all",
		"one JSON object a file":                 "one JSON object a file",
		"one API call an asset":                  "one API call an asset",
		"the original, or by flag another":       "by flag",
		"keep one and remove the others":         "the others",
		"Path tells whether it is so":            "tells whether",
		"done where there is a lock":             "where there is",
		"nil where none is set":                  "where none is",
		"so nobody can be asked":                 "nobody",
		"cannot be meant":                        "be meant",
		"there is no keychain in this session":   "",
		"the file is no longer here":             "",
		"one call per asset":                     "",
		"sorted, those of the config file first": "",
	} {
		if got, _ := stumbles(text); got != want {
			t.Errorf("%q: found %q, want %q", text, got, want)
		}
	}
}

// literals returns the texts in a file: string literals, those that are added up as one.
func literals(f *ast.File) (all []string) {
	var join func(e ast.Expr) (string, bool)
	join = func(e ast.Expr) (string, bool) {
		switch e := e.(type) {
		case *ast.BasicLit:
			text, err := strconv.Unquote(e.Value)
			return text, e.Kind == token.STRING && err == nil
		case *ast.BinaryExpr:
			left, isText := join(e.X)
			right, isTextToo := join(e.Y)
			return left + right, e.Op == token.ADD && (isText || isTextToo)
		}
		return "X", false // a value that the text has here
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.Field: // paths and tags
			return false
		case ast.Expr:
			if text, ok := join(n); ok {
				all = append(all, text)
			}
		}
		return true
	})
	return all
}

// No message, help or comment of the program has a phrase that a reader stumbles at.
func TestPlainWords(t *testing.T) {
	texts := 0
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		type text struct{ kind, text string }
		var all []text
		for _, each := range literals(f.File) {
			all = append(all, text{"text", each})
		}
		for _, group := range f.Comments {
			all = append(all, text{"comment", group.Text()})
		}
		texts += len(all)
		for _, each := range all {
			if phrase, write := stumbles(each.text); phrase != "" {
				t.Errorf("%s has %q in the %s %q: write %s", f.path, phrase, each.kind, each.text, write)
			}
		}
	}
	if texts < 5000 {
		t.Errorf("only %d texts were found", texts)
	}
}

// The doc comment of a function or type begins with its name, and that of a function with a verb after it.
func TestDocCommentsBeginWithTheName(t *testing.T) {
	checked := 0
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		check := func(name string, doc *ast.CommentGroup, function bool) {
			if doc == nil || doc.Text() == "" {
				return
			}
			checked++
			words := strings.Fields(doc.Text())
			if words[0] != name {
				t.Errorf("%s: the doc comment of %s begins with %q", f.path, name, words[0])
			} else if function && len(words) > 1 && slices.Contains([]string{"is", "are", "says", "tells", "has"}, words[1]) {
				t.Errorf("%s: the doc comment of %s says %q and not what the function does", f.path, name, strings.Join(words[:min(len(words), 6)], " "))
			}
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				check(d.Name.Name, d.Doc, true)
			case *ast.GenDecl:
				if d.Tok == token.TYPE && len(d.Specs) == 1 {
					check(d.Specs[0].(*ast.TypeSpec).Name.Name, d.Doc, false)
				}
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d doc comments were found", checked)
	}
}

// help returns what `bynder help` and the arguments print.
func help(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	status := cli.Main(t.Context(), append([]string{"help"}, args...), cli.Streams{
		In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(string) string { return "" },
	})
	if status != 0 || errs.Len() > 0 {
		t.Fatalf("bynder help %s: status %d, %s", strings.Join(args, " "), status, errs.String())
	}
	return out.String()
}

var (
	commandEntry = regexp.MustCompile(`(?m)^  ([a-z-]+) +\S`)
	flagEntry    = regexp.MustCompile(`(?m)^  (?:-., |    )--([a-z0-9-]+)(.*(?:\n {10,}.*)*)`)
)

// visitHelp calls visit with the help of each command, and the arguments that select it.
func visitHelp(t *testing.T, visit func(command, text string)) {
	t.Helper()
	commands := 0
	var walk func(args ...string)
	walk = func(args ...string) {
		commands++
		text := help(t, args...)
		visit(strings.Join(args, " "), text)
		_, below, _ := strings.Cut(text, "\nCommands:\n")
		below, _, _ = strings.Cut(below, "\n\n")
		for _, command := range commandEntry.FindAllStringSubmatch(below, -1) {
			walk(append(slices.Clone(args), command[1])...)
		}
	}
	walk()
	if commands < 20 {
		t.Errorf("only %d commands were found", commands)
	}
}

// No flag is described with a phrase that a reader stumbles at.
func TestFlagsHavePlainWords(t *testing.T) {
	flags := 0
	visitHelp(t, func(command, text string) {
		for _, flag := range flagEntry.FindAllStringSubmatch(text, -1) {
			flags++
			if phrase, write := stumbles(flag[2]); phrase != "" {
				t.Errorf("bynder %s --%s has %q in its description: write %s", command, flag[1], phrase, write)
			}
		}
	})
	if flags < 150 {
		t.Errorf("only %d flags were found", flags)
	}
}

// Help fits a terminal of 80 columns.
func TestHelpFits(t *testing.T) {
	visitHelp(t, func(command, text string) {
		for line := range strings.Lines(text) {
			if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 {
				t.Errorf("bynder help %s is wider than 80 columns: %s", command, line)
				break
			}
		}
	})
}

// No page has a phrase that a reader stumbles at.
func TestPagesHavePlainWords(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 5 {
		t.Fatalf("pages %q, %v", pages, err)
	}
	for _, name := range append(pages, "../../README.md", "../../SECURITY.md", "../../CONTRIBUTING.md", "../../CHANGELOG.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		page := filepath.ToSlash(strings.TrimPrefix(filepath.ToSlash(name), "../../"))
		for paragraph := range strings.SplitSeq(string(text), "\n\n") {
			if phrase, write := stumbles(paragraph); phrase != "" {
				t.Errorf("%s has %q: write %s, in\n%s", page, phrase, write, paragraph)
			}
		}
	}
}
