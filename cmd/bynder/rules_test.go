package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sourceFile is a Go file of the program or one of its tests.
type sourceFile struct {
	room string // as roomOf names it
	path string // below the module
	test bool
	*ast.File
	lines int
}

// declares returns the names of the types and functions of the file: "Run", or "Engine.Run" for a method.
func (f sourceFile) declares() (names []string) {
	for _, d := range f.Decls {
		if types, ok := d.(*ast.GenDecl); ok && types.Tok == token.TYPE {
			for _, spec := range types.Specs {
				names = append(names, spec.(*ast.TypeSpec).Name.Name)
			}
		}
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name := fn.Name.Name
		if fn.Recv != nil {
			receiver := fn.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			if id, ok := receiver.(*ast.Ident); ok {
				name = id.Name + "." + name
			}
		}
		names = append(names, name)
	}
	return names
}

// calls reports whether the file uses one of these functions of another package or methods of a value.
func (f sourceFile) calls(names ...string) bool {
	found := false
	ast.Inspect(f.File, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			from, _ := s.X.(*ast.Ident)
			found = found || slices.Contains(names, "."+s.Sel.Name) || from != nil && slices.Contains(names, from.Name+"."+s.Sel.Name)
		}
		return !found
	})
	return found
}

// sources parses all Go files of the program, for whatever system they are.
func sources(t *testing.T) (all []sourceFile) {
	t.Helper()
	const module = "../.."
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(module, top), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(name) != ".go" {
				return err
			}
			files := token.NewFileSet()
			parsed, err := parser.ParseFile(files, name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			below, err := filepath.Rel(module, name)
			if err != nil {
				return err
			}
			below = filepath.ToSlash(below)
			all = append(all, sourceFile{roomOf(path.Dir(below)), below, strings.HasSuffix(below, "_test.go"), parsed, files.Position(parsed.FileEnd).Line})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestArchitecturePageIsTrue looks up each function and test that docs/architecture.md names.
func TestArchitecturePageIsTrue(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, f := range sources(t) {
		for _, name := range f.declares() {
			known[f.room+"."+name] = true
			if f.test {
				known[name] = true
			}
		}
	}
	walks, rules, ok := strings.Cut(string(page), "\n## Which test holds which rule\n")
	if !ok {
		t.Fatal("the page has no section about the tests")
	}
	rules, _, _ = strings.Cut(rules, "\n## ")
	_, walks, _ = strings.Cut(walks, "\n## An id and a byte, followed\n")
	walks, _, _ = strings.Cut(walks, "\n## ")
	for _, look := range []struct {
		what, text, pattern string
		least               int
	}{
		{"function", walks, "`([a-z]+\\.[A-Za-z.]+)`", 60},
		{"test", rules, "`((?:Test|Fuzz)[A-Za-z0-9]+)`", 25},
	} {
		found := regexp.MustCompile(look.pattern).FindAllStringSubmatch(look.text, -1)
		if len(found) < look.least {
			t.Errorf("only %d times a %s on the page: are they still written as %s?", len(found), look.what, look.pattern)
		}
		for _, each := range found {
			if !known[each[1]] {
				t.Errorf("there is no %s %s", look.what, each[1])
			}
		}
	}
	for i, line := range strings.Split(string(page), "\n") {
		if n := len([]rune(line)); n > 100 && !strings.HasPrefix(line, "|") {
			t.Errorf("line %d has %d columns", i+1, n)
		}
	}
}

// TestFilesAreShort sees that no file of the program is longer than can be read at once.
func TestFilesAreShort(t *testing.T) {
	const most = 400
	for _, f := range sources(t) {
		if !f.test && f.lines > most {
			t.Errorf("%s has %d lines; %d are the most", f.path, f.lines, most)
		}
	}
}

// TestMessagesAreMadeInOnePlace sees that no file but internal/report/message.go writes their prefixes.
func TestMessagesAreMadeInOnePlace(t *testing.T) {
	const place = "internal/report/message.go"
	made := 0
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil || !strings.HasPrefix(text, "bynder: ") && !strings.HasPrefix(text, "hint: ") {
				return true
			}
			if made++; f.path != place {
				t.Errorf("%s writes %q: use Say, Warn or Fail", f.path, text)
			}
			return true
		})
	}
	if made == 0 {
		t.Errorf("%s writes no prefix", place)
	}
}

// TestOneOwner holds what only certain rooms or files may use.
func TestOneOwner(t *testing.T) {
	for _, tt := range []struct {
		what   string
		calls  []string
		owners []string // rooms, or files
	}{
		{"ends the process", []string{"os.Exit", "log.Fatal", "log.Fatalf"}, []string{"cmd/bynder/main.go", "internal/cli/signal.go"}},
		{"reads a secret", []string{".Reveal"}, []string{"config", "transport"}},
	} {
		used := map[string]bool{}
		for _, f := range sources(t) {
			if f.test || !f.calls(tt.calls...) {
				continue
			}
			switch {
			case slices.Contains(tt.owners, f.path):
				used[f.path] = true
			case slices.Contains(tt.owners, f.room):
				used[f.room] = true
			default:
				t.Errorf("%s %s, which is for %v", f.path, tt.what, tt.owners)
			}
		}
		if len(used) != len(tt.owners) {
			t.Errorf("of %v only %v %s", tt.owners, used, tt.what)
		}
	}
}

// TestLeaksAreLookedFor sees that a room that starts goroutines has tests that look for those left behind.
func TestLeaksAreLookedFor(t *testing.T) {
	starts, looks := map[string]string{}, map[string]bool{}
	for _, f := range sources(t) {
		ast.Inspect(f.File, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok && !f.test {
				starts[f.room] = f.path
			}
			return true
		})
		if f.calls(".Go") && !f.test {
			starts[f.room] = f.path
		}
		if f.test && f.calls("goleak.VerifyTestMain", "goleak.VerifyNone", "goleak.Find") {
			looks[f.room] = true
		}
	}
	for room, file := range starts {
		if !looks[room] {
			t.Errorf("%s starts a goroutine, and no test of %s looks for leaks (goleak)", file, room)
		}
	}
	if len(starts) < 5 {
		t.Errorf("goroutines are started by %v alone", starts)
	}
}
