package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// manualSections are the headings of help texts that begin a section of a manual page, with its title.
var manualSections = map[string]string{
	"Environment variables:": "ENVIRONMENT",
	"Exit status:":           "EXIT STATUS",
}

// manualPage returns the manual page of a command for man(7) macros, section 1.
func manualPage(cmd *cobra.Command, date string) string {
	cmd.InheritedFlags() // merges them into Flags
	var b strings.Builder
	name := pageName(cmd)
	fmt.Fprintf(&b, ".TH %s 1 %q \"bynder %s\" \"bynder manual\"\n", roff(strings.ToUpper(name)), date, roff(currentBuild().Version))
	b.WriteString(".nh\n.ad l\n.ss 12 0\n") // no hyphens inside flags and ids, one space between words and sentences
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(cmd.Short))
	arguments := strings.TrimPrefix(usageLine(cmd), cmd.CommandPath())
	fmt.Fprintf(&b, ".SH SYNOPSIS\n\\fB%s\\fR%s\n", roff(cmd.CommandPath()), roff(arguments))
	title := "DESCRIPTION"
	for _, block := range parseHelp(cmp.Or(cmd.Long, cmd.Short)) {
		switch next := manualSections[block.text]; {
		case next != "":
			title = next
			continue
		case title != "":
			fmt.Fprintf(&b, ".SH %s\n", title)
		case block.text != "":
			b.WriteString(".PP\n")
		}
		writeBlock(&b, block)
		title = ""
	}
	if below := subcommands(cmd); len(below) > 0 {
		b.WriteString(".SH COMMANDS\n")
		for _, each := range below {
			writeItem(&b, `\fB`+roff(each.Name())+`\fR`, each.Short)
		}
	}
	b.WriteString(".SH OPTIONS\n")
	groups := groupFlags(cmd)
	for _, group := range groups {
		if len(groups) > 1 {
			fmt.Fprintf(&b, ".SS %s\n", roff(group.title))
		}
		for line := range strings.Lines(describeFlags(group.flags, 0)) {
			flag, usage, _ := strings.Cut(strings.TrimSpace(line), "   ")
			writeItem(&b, flagTag(flag), strings.TrimSpace(usage))
		}
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(unindent(cmd.Example)))
	}
	writeSeeAlso(&b, cmd)
	return b.String()
}

// writeBlock writes a paragraph or a list of a help text. What separates it from the text above is written already.
func writeBlock(b *strings.Builder, block helpBlock) {
	if block.text != "" {
		fmt.Fprintf(b, "%s\n", codeSpan.ReplaceAllString(roff(block.text), `\fB$1\fR`))
		return
	}
	if !block.explains() {
		fmt.Fprintf(b, ".PP\n.nf\n%s\n.fi\n", roff(unindent(block.list)))
		return
	}
	for _, item := range block.items() {
		writeItem(b, `\fB`+roff(item.term)+`\fR`, item.text)
	}
}

// codeSpan matches what stands between backquotes, as roff has them.
var codeSpan = regexp.MustCompile("(?s)" + `\\\(ga(.+?)\\\(ga`)

// writeItem writes an entry of a list: a tag, in roff, and a text below it.
func writeItem(b *strings.Builder, tag, text string) {
	fmt.Fprintf(b, ".TP\n%s\n", tag)
	if text != "" {
		fmt.Fprintf(b, "%s\n", roff(text))
	}
}

// flagTag returns in roff how a flag is written: "-d, --dir folder" with the names bold and the value italic.
func flagTag(flag string) string {
	names, value := flag, ""
	if i := strings.Index(flag, "--"); i >= 0 {
		if end := strings.IndexAny(flag[i:], " ["); end >= 0 {
			names, value = flag[:i+end], flag[i+end:]
		}
	}
	tag := `\fB` + strings.ReplaceAll(roff(names), ", ", `\fR, \fB`) + `\fR`
	if value != "" {
		tag += `\fI` + roff(value) + `\fR`
	}
	return tag
}

// writeSeeAlso names the pages above and below that of cmd.
func writeSeeAlso(b *strings.Builder, cmd *cobra.Command) {
	related := subcommands(cmd)
	for above := cmd.Parent(); above != nil; above = above.Parent() {
		related = append([]*cobra.Command{above}, related...)
	}
	b.WriteString(".SH SEE ALSO\n")
	for i, each := range related {
		end := ","
		if i == len(related)-1 {
			end = ""
		}
		fmt.Fprintf(b, ".BR %s (1)%s\n", roff(pageName(each)), end)
	}
	if cmd.HasParent() {
		b.WriteString(".PP\nEnvironment variables and exit statuses are described in\n.BR bynder (1).\n")
	}
}

// roffEscapes are characters that groff would replace with typographic ones, and those with a meaning in roff
// (groff_char(7), groff_man_style(7)).
var roffEscapes = strings.NewReplacer(`\`, `\(rs`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`)

// roff returns text for a line or for lines of running text of a manual page: nothing in it is a request or an escape.
func roff(text string) string {
	lines := strings.Split(roffEscapes.Replace(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
