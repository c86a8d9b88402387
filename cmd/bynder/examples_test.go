//go:build unix

package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// example is what one example of the help of a command, or of the README, tells people to type.
type example struct{ name, text string }

// helpExamples returns the examples of all commands. Each begins with a line that says what it does.
func helpExamples(t *testing.T) (all []example) {
	t.Helper()
	visitHelp(t, func(command, text string) {
		_, text, _ = strings.Cut(text, "\nExamples:\n")
		for block := range strings.SplitSeq(text, "\n\n") {
			if !strings.HasPrefix(block, "  ") {
				return // the next part of the help
			}
			title, commands, _ := strings.Cut(block, "\n")
			if !strings.HasPrefix(title, "  # ") || !strings.Contains(commands, "bynder ") {
				t.Errorf("bynder help %s: this example has no line that says what it does, or no command:\n%s", command, block)
			}
			all = append(all, example{command + " " + strings.TrimPrefix(title, "  # "), commands})
		}
	})
	return all
}

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// readmeExamples returns the commands of the part of the README that is about commands: each line of the first block, and
// each paragraph of the second one, with real ids for the placeholders.
func readmeExamples(t *testing.T) (all []example) {
	t.Helper()
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, use, _ := strings.Cut(string(page), "\n## Use\n")
	use, _, _ = strings.Cut(use, "\n## ")
	blocks := shellBlock.FindAllStringSubmatch(use, -1)
	if len(blocks) != 2 {
		t.Fatalf("the README has %d blocks of commands", len(blocks))
	}
	lines := strings.Split(strings.TrimSpace(blocks[0][1]), "\n")
	ids := strings.NewReplacer("<mediaId>...", sandbox.DocumentedAsset, "<mediaId>", sandbox.DocumentedAsset, "<itemId>", sandbox.DocumentedItem)
	for i, text := range append(lines, strings.Split(strings.TrimSpace(blocks[1][1]), "\n\n")...) {
		all = append(all, example{fmt.Sprintf("README %d", i+1), ids.Replace(text)})
	}
	return all
}

// ingredients writes the files that examples name.
func (k *kitchen) ingredients(t *testing.T, text string) {
	t.Helper()
	k.ids(t, sandbox.DocumentedAsset, sandbox.UnicodeAsset)
	k.write(t, "names.csv", "mediaId,path\n"+sandbox.DocumentedAsset+",brand/main.jpg\n", 0o666)
	k.write(t, "my-script.sh", "#!/bin/sh\nbynder search --limit 2 | bynder download -\n", 0o777)
	k.write(t, "assets.json", `[{"id": "hero", "name": "Hero image"}]`, 0o666)
	if strings.Contains(text, "jq ") {
		k.ids(t, sandbox.DocumentedAsset, noAsset)
	}
	if strings.Contains(text, "journal show") || strings.HasPrefix(text, "bynder verify") {
		k.faults(t, "api-500,asset="+sandbox.EmptyAsset)
		k.run(t, 3, "bynder", "download", "-q", "--retries", "0", "-d", "logos", "--journal", "done.ndjson", sandbox.DocumentedAsset, sandbox.EmptyAsset)
		k.faults(t)
	}
	k.env = append(k.env, "ID="+sandbox.CollectionSpring)
}

// intoFile matches the end of an example whose output goes to a file.
var intoFile = regexp.MustCompile(` > (\S+)$`)

// Each example of help and README does what it says in the sandbox, and finds something.
func TestExamples(t *testing.T) {
	all := append(helpExamples(t), readmeExamples(t)...)
	if len(all) < 45 {
		t.Errorf("only %d examples were found", len(all))
	}
	for _, e := range all {
		if strings.HasPrefix(e.name, "auth login ") {
			continue // they ask questions, or write to the keychain
		}
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			k := newKitchen(t, nil)
			k.needs(t, "bash")
			for _, program := range []string{"jq", "sha256sum"} {
				if strings.Contains(e.text, program) {
					k.needs(t, program)
				}
			}
			k.ingredients(t, e.text)
			if redirected := intoFile.FindStringSubmatch(e.text); redirected != nil {
				e.text += "\ncat " + redirected[1]
			}
			got := k.run(t, 0, "bash", "-c", e.text)
			if isQuiet := strings.HasPrefix(e.text, "bynder verify"); (got.stdout == "") != isQuiet {
				t.Errorf("it has written %q and said\n%s", got.stdout, got.stderr)
			}
		})
	}
}
