package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// scriptMend replaces a part of a completion script of cobra's.
type scriptMend struct{ old, new string }

// scriptMends are the mends of each shell's script. Cobra's scripts evaluate the words before the cursor, so that text of
// others must not come there unquoted; and they take all up to the last = for the name of a flag, also in NAME=VALUE.
var scriptMends = map[string][]scriptMend{
	"bash": {
		// Readline inserts what several candidates begin with as it is, so they are quoted as one is.
		{
			`        # compgen looses the escaping so, if there is only a single completion, we need to
        # escape it again because it will be inserted on the command-line.  If there are multiple
        # completions, we don't want to escape them because they will be printed in a list
        # and we don't want to show escape characters in that list.
        if (( ${#COMPREPLY[@]} == 1 )); then
            COMPREPLY[0]=$(printf "%q" "${COMPREPLY[0]}")
        fi
`, `        # What several completions begin with is inserted as well, so all completions are escaped again.
        if (( ${#COMPREPLY[@]} > 0 )); then
            IFS=$'\n' read -ra COMPREPLY -d '' < <(printf "%q\n" "${COMPREPLY[@]}")
        fi
`,
		},
	},
	"zsh": {{`=~ '-.*=' ]]`, `=~ '^-[^=]*=' ]]`}},
	// PowerShell reads typographic quotes as quotes.
	"powershell": {{`-replace '\s|#|`, `-replace '[\u2018-\u201e]|\s|#|`}},
	"fish": {
		// commandline -o removes the quotes of the words before, and -t leaves those of the last one.
		{
			"    set -l lastArg (string escape -- (commandline -ct))\n",
			`    set -l earlier (string escape -- $args[2..-1])
    set -l lastWord (commandline -ct)
    set -l unquoted (string unescape -- $lastWord); and set lastWord $unquoted
    set -l lastArg (string escape -- $lastWord)
`,
		},
		{` $args[2..-1] $lastArg"`, ` $earlier $lastArg"`},
		{`(string match -r -- '-.*=' "$lastArg")`, `(string match -r -- '^-[^=]*=' "$lastWord")`},
		{`(string split --max 1 \t $__bynder_comp_results[1])`, `(string split --max 1 -- \t $__bynder_comp_results[1])`},
	},
}

// setCompletionScript makes a command below completion print the mended script.
func setCompletionScript(cmd *cobra.Command, out io.Writer) {
	mends, known := scriptMends[cmd.Name()]
	if !known {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		plain, err := cmd.Flags().GetBool("no-descriptions")
		if err != nil {
			return err
		}
		text, err := completionScript(cmd.Root(), cmd.Name(), !plain)
		for _, mend := range mends {
			if err == nil && strings.Count(text, mend.old) != 1 {
				err = fmt.Errorf("the completion script of %s does not have %q once", cmd.Name(), mend.old)
			}
			text = strings.Replace(text, mend.old, mend.new, 1)
		}
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, text); err != nil {
			return &stdoutError{err}
		}
		return nil
	}
}

// completionScript returns cobra's script for a shell.
func completionScript(root *cobra.Command, shell string, descriptions bool) (string, error) {
	var script bytes.Buffer
	var err error
	switch {
	case shell == "bash":
		err = root.GenBashCompletionV2(&script, descriptions)
	case shell == "fish":
		err = root.GenFishCompletion(&script, descriptions)
	case shell == "powershell" && descriptions:
		err = root.GenPowerShellCompletionWithDesc(&script)
	case shell == "powershell":
		err = root.GenPowerShellCompletion(&script)
	case descriptions:
		err = root.GenZshCompletion(&script)
	default:
		err = root.GenZshCompletionNoDesc(&script)
	}
	return script.String(), err
}
