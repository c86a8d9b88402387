package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// helpBlock is a part of a help text: a paragraph, or a list, whose lines are indented.
type helpBlock struct{ text, list string }

// helpItem is an entry of a list: a term and what is said about it, "" for nothing.
type helpItem struct{ term, text string }

// parseHelp splits a help text into blocks. A list ends a paragraph, with or without a blank line between them.
func parseHelp(help string) (blocks []helpBlock) {
	var now helpBlock
	end := func() {
		if now != (helpBlock{}) {
			blocks = append(blocks, helpBlock{strings.TrimSuffix(now.text, "\n"), strings.TrimSuffix(now.list, "\n")})
		}
		now = helpBlock{}
	}
	for line := range strings.Lines(help + "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			end()
		case strings.HasPrefix(line, " "):
			if now.text != "" {
				end()
			}
			now.list += line
		default:
			if now.list != "" {
				end()
			}
			now.text += line
		}
	}
	end()
	return blocks
}

// items returns the entries of a list. Each begins with two spaces; its text follows after two or more, and goes on in
// lines with a deeper indentation.
func (b helpBlock) items() (items []helpItem) {
	for line := range strings.Lines(b.list) {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(line, "   ") && len(items) > 0 {
			last := &items[len(items)-1]
			last.text = strings.TrimSpace(last.text + " " + text)
			continue
		}
		term, text, _ := strings.Cut(text, "  ")
		items = append(items, helpItem{term, strings.TrimSpace(text)})
	}
	return items
}

// explains reports whether an entry of the list has a text. A list without is lines to type.
func (b helpBlock) explains() bool {
	for _, item := range b.items() {
		if item.text != "" {
			return true
		}
	}
	return false
}

// unindent returns lines without their first two spaces.
func unindent(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "  "), "\n  ", "\n")
}

// markdownPage returns the page of a command in docs/commands.
func markdownPage(cmd *cobra.Command) string {
	cmd.InheritedFlags() // merges them into Flags
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- Written by `make docs` from the help of the program. -->\n\n# %s\n\n%s\n", cmd.CommandPath(), cmd.Short)
	fmt.Fprintf(&b, "\n```text\n%s\n```\n", usageLine(cmd))
	for _, block := range parseHelp(cmp.Or(cmd.Long, cmd.Short)) {
		switch {
		case block.list != "":
			fmt.Fprintf(&b, "\n```text\n%s\n```\n", unindent(block.list))
		case block.text != cmd.Short:
			fmt.Fprintf(&b, "\n%s\n", markdown(block.text))
		}
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\n## Examples\n\n```sh\n%s\n```\n", unindent(cmd.Example))
	}
	groups := groupFlags(cmd)
	b.WriteString("\n## Flags\n")
	for _, group := range groups {
		if len(groups) > 1 {
			fmt.Fprintf(&b, "\n### %s\n", group.title)
		}
		fmt.Fprintf(&b, "\n```text\n%s```\n", describeFlags(group.flags, helpWidth))
	}
	if below := subcommands(cmd); len(below) > 0 {
		b.WriteString("\n## Commands\n\n")
		for _, each := range below {
			fmt.Fprintf(&b, "- %s: %s\n", pageLink(each), each.Short)
		}
	}
	if cmd.HasParent() {
		fmt.Fprintf(&b, "\n## See also\n\n- %s: %s\n", pageLink(cmd.Parent()), cmd.Parent().Short)
	}
	return b.String()
}

// pageLink returns a Markdown link to the page of a command.
func pageLink(cmd *cobra.Command) string {
	return fmt.Sprintf("[%s](%s.md)", cmd.CommandPath(), pageName(cmd))
}

// markdown returns text of which Markdown changes nothing but what stands between backquotes.
func markdown(text string) string {
	parts := strings.Split(text, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = markdownEscapes.Replace(parts[i])
	}
	return strings.Join(parts, "`")
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "<", `\<`, "*", `\*`, "_", `\_`, "[", `\[`)
