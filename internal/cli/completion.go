package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/sandbox"
	"github.com/bynder-cli/bynder/internal/terminal"
)

// valueCompletions returns what completes the values of flags in a shell, by the name of the flag, or by the path of a
// command and the name of its flag if that has other values than in other commands. The value of any other flag has no
// completions: not even file names, which are wrong there.
func valueCompletions(s Streams) map[string]cobra.CompletionFunc {
	all := map[string]cobra.CompletionFunc{
		"profile":   completeProfiles(s),
		"if-exists": oneOf("fail", "skip", "overwrite", "rename"),
		"progress":  oneOf("auto", "always", "never"),
		"checksum":  oneOf("sha256"),
		"metadata":  oneOf("json"),
		"format":    oneOf("jpg", "png", "webp"),
		"type":      listOf(assetTypes...),
		"image": oneOf(names([]terminal.Pictures{
			terminal.PicturesAuto, terminal.PicturesKitty, terminal.PicturesBlocks, terminal.PicturesOff,
		}, func(p terminal.Pictures) string { return string(p) })...),
		"jobs":       oneOf("auto"),
		"shard":      oneOf("auto"),
		"sse":        oneOf("AES256", "aws:kms"),
		"items type": oneOf("original", "web", "additional"),
		"order":      oneOf(orders...),
		"fields":     listOf(slices.DeleteFunc(bynder.AssetFields(), func(name string) bool { return strings.HasPrefix(name, "property_") })...),
		"fault":      oneOf(names(sandbox.FaultKinds(), func(k sandbox.FaultKind) string { return k.Name })...),
		"auth":       oneOf(names(sandbox.Kinds(), func(k sandbox.Kind) string { return string(k) })...),
		"dir":        completeFolders,
		"trash":      completeFolders,

		"collection": namesFrom(s, "collections"),
		"tag":        namesFrom(s, "tags"),
		"brand":      namesFrom(s, "brands"),
		"derivative": completeDerivatives(s),
		"property":   completeProperty(s),
	}
	for _, name := range strings.Fields("from from0 output journal undone-out metadata-csv config ca-cert catalogue stats") {
		all[name] = completeFiles
	}
	return all
}

// argumentCompletions returns what completes the arguments of commands, by their path below the program. Those of any other
// command, such as ids, have no completions.
func argumentCompletions(s Streams) map[string]cobra.CompletionFunc {
	return map[string]cobra.CompletionFunc{
		"journal show":     completeFiles,
		"sandbox":          completeFiles, // a program
		"sync":             completeFolders,
		"verify":           completeFolders,
		"man":              completeFolders,
		"collections show": onlyFirst(namesFrom(s, "collections")),
		"properties":       onlyFirst(completePropertyName(s)),
	}
}

// setCompletions sets the completions of cmd and of all commands below it. It is called only if a shell asks for them, so
// that no other start of the program takes the time.
func setCompletions(cmd *cobra.Command, values, arguments map[string]cobra.CompletionFunc) {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	if cmd.ValidArgsFunction == nil {
		if cmd.ValidArgsFunction = arguments[path]; cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
	each := func(f *pflag.Flag) {
		_, f.Usage = pflag.UnquoteUsage(f) // shells show it as it is
		complete := values[path+" "+f.Name]
		if complete == nil {
			complete = values[f.Name]
		}
		if complete == nil {
			complete = cobra.NoFileCompletions
		}
		if _, done := cmd.GetFlagCompletionFunc(f.Name); !done && f.NoOptDefVal == "" {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // fails only for a flag that cmd does not have
		}
	}
	cmd.Flags().VisitAll(each)
	cmd.PersistentFlags().VisitAll(each)
	for _, below := range cmd.Commands() {
		if below.Name() != "completion" {
			setCompletions(below, values, arguments)
		}
	}
}

// completeHelp completes the names of commands after help.
func completeHelp(help *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	cmd, rest, err := help.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, each := range cmd.Commands() {
		if each.IsAvailableCommand() {
			names = append(names, each.Name())
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func completeFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func completeFolders(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeProfiles completes the names of profiles in the config file and the credentials file. Nothing is asked of the
// keychain, because it may ask its user to unlock it.
func completeProfiles(s Streams) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		sources := config.Sources{Getenv: s.Getenv}
		if file := cmd.Flag("config"); file != nil {
			sources.Flags.ConfigFile = file.Value.String()
		}
		return offered(sources.ProfileNames(cmd.Context()), typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// oneOf completes a value that is one of several.
func oneOf(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
}

// listOf completes the last of several values with commas between them.
func listOf(values ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		all := make([]string, 0, len(values))
		for _, value := range values {
			if !slices.Contains(strings.Split(before, ","), value) {
				all = append(all, before+value)
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// names returns the name of each entry.
func names[T any](all []T, name func(T) string) []string {
	var texts []string
	for _, each := range all {
		texts = append(texts, name(each))
	}
	return texts
}
