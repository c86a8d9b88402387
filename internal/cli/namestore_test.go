package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Names that a shell may read as something else than one word are not offered.
func TestCompletable(t *testing.T) {
	for name, want := range map[string]bool{
		"logo": true, "two words": true, "Food & Drink (2024)": true, "O'Neill": true, "Zürich, Café": true, "1.5/2": true, "नमस्ते": true,
		"region=": true, "region=North America": true, "a=b": true,
		"Spring – 2024": true, "O’Brien": true, "100€": true, "Foo™": true, "N°1": true, "日本、東京": true, "Q1: launch": false, "50% off": true, "x@y": false,
		"a:b": false, "%PATH%": true, "@x": false, "“Best of”": true, "¿Qué?": false, "¡Hola": true, "½ price": true, "❤️ Love": true, "region=Foo™": true,
		"–rf": false, "a\u2028b": false, "a\u3000b": false, "a\u2800b": false, "a\u3164b": false, "a\ufeffb": false, "a\u0085b": false, "a\ue000b": false,
		"": false, "=x": false, "a=b=c": false, "a=-b": false, " a": false, "a ": false, "-rf": false, "--delete": false,
		"$(touch pwned)": false, "`a`": false, "a;b": false, "a|b": false, "a<b": false, "a>b": false, `a"b`: false, `a\b`: false,
		"*": false, "a?": false, "[a]": false, "{a,b}": false, "~": false, "!!": false, "#a": false, "a^b": false,
		"a\tb": false, "a\nb": false, "a\x00b": false, "\x1b[0m": false, "\u202eb": false, "a\u200bb": false, "a\u00a0b": false, "a\xffb": false,
		"_activeHelp_ no": false, strings.Repeat("a", 200): true, strings.Repeat("a", 201): false,
	} {
		if completable(name) != want {
			t.Errorf("completable(%q) = %v", name, !want)
		}
	}
}

// The scripts of all shells are mended: each mend fits cobra's script once.
func TestCompletionScriptsAreMended(t *testing.T) {
	for shell, mends := range scriptMends {
		for _, flag := range []string{"--no-descriptions", "--no-descriptions=false"} {
			var out strings.Builder
			root := newRoot(Streams{Out: &out, Err: io.Discard, Getenv: func(string) string { return "" }})
			root.SetArgs([]string{"completion", shell, flag})
			if err := root.Execute(); err != nil {
				t.Errorf("%s %s: %v", shell, flag, err)
			}
			plain, err := completionScript(root, shell, strings.HasSuffix(flag, "=false"))
			for _, mend := range mends {
				plain = strings.Replace(plain, mend.old, mend.new, 1)
			}
			if err != nil || out.String() != plain || strings.Contains(plain, cobra.ShellCompNoDescRequestCmd) == strings.HasSuffix(flag, "=false") {
				t.Errorf("%s %s prints another script (%v)", shell, flag, err)
			}
		}
	}
}
