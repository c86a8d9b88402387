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

var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	makeTarget = regexp.MustCompile(`(?m)^make (\S+)`)
)

// readmeExamples returns the blocks of commands of the README, with real ids for the placeholders. Those that are for make are
// compared with the Makefile.
func readmeExamples(t *testing.T) (all []example) {
	t.Helper()
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	ids := strings.NewReplacer("<mediaId>", sandbox.DocumentedAsset)
	for i, block := range shellBlock.FindAllStringSubmatch(string(page), -1) {
		targets := makeTarget.FindAllStringSubmatch(block[1], -1)
		for _, target := range targets {
			if !strings.Contains(string(makefile), "\n"+target[1]+":") {
				t.Errorf("the Makefile has no %q, which the README names", target[1])
			}
		}
		if text := strings.TrimSpace(block[1]); len(targets) == 0 {
			all = append(all, example{fmt.Sprintf("README %d", i+1), "set -euo pipefail\n" + ids.Replace(text)})
		}
	}
	if len(all) < 8 {
		t.Errorf("the README has %d blocks of commands", len(all))
	}
	return all
}

// ingredients writes the files that examples name.
func (k *kitchen) ingredients(t *testing.T, text string) {
	t.Helper()
	k.ids(t, sandbox.DocumentedAsset, sandbox.UnicodeAsset)
	for _, name := range []string{"names.csv", "logos.csv"} {
		k.write(t, name, "mediaId,path\n"+sandbox.DocumentedAsset+",brand/main.jpg\n", 0o666)
	}
	k.write(t, "my-script.sh", "#!/bin/sh\nbynder search --limit 2 | bynder download -\n", 0o777)
	k.write(t, "assets.json", `[{"id": "hero", "name": "Hero image"}]`, 0o666)
	if strings.Contains(text, "--shard") {
		k.ids(t, k.images(t, 60)...) // some are in each share of ten
	}
	if strings.Contains(text, "jq ") {
		k.ids(t, sandbox.DocumentedAsset, noAsset)
	}
	if strings.Contains(text, "journal show") || strings.HasPrefix(text, "bynder verify") {
		k.faults(t, "api-500,asset="+sandbox.EmptyAsset)
		k.run(t, 3, "bynder", "download", "-q", "--retries", "0", "-d", "logos", "--journal", "done.ndjson", sandbox.DocumentedAsset, sandbox.EmptyAsset)
		k.faults(t)
	}
	if strings.Contains(text, "done-*.ndjson") {
		for _, shard := range []string{"0/2", "1/2"} {
			k.run(t, 0, "bynder", "download", "-q", "-d", "logos", "--shard", shard, "--journal", "done-{shard}.ndjson", "--from", "ids.txt")
		}
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
		if strings.HasPrefix(e.name, "auth login ") || strings.Contains(e.text, "\nbynder auth login ") {
			continue // they ask questions, or write to the keychain
		}
		if strings.HasSuffix(e.text, "-- bash") {
			e.text += " -c 'bynder search'" // a shell without input does nothing
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
			e.text = strings.ReplaceAll(e.text, "s3://bucket/", "s3://"+sandbox.BucketName+"/")
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
