package cli

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/budget"
	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
)

// completionPatience is how long a completion may take: someone waits at a prompt.
const completionPatience = 2 * time.Second

// portalLists request the names of the portal's lists, by the command that prints each. Names that came before an error are
// returned with it.
var portalLists = map[string]func(context.Context, *bynder.Client) ([]string, error){
	"collections": func(ctx context.Context, c *bynder.Client) ([]string, error) {
		return eachName(ctx, c.Collections(""), func(c *bynder.Collection) string { return c.Name })
	},
	"tags": func(ctx context.Context, c *bynder.Client) ([]string, error) {
		return eachName(ctx, c.Tags(), func(t bynder.Tag) string { return t.Name })
	},
	"brands": func(ctx context.Context, c *bynder.Client) ([]string, error) {
		all, err := c.Brands(ctx)
		return namesOfBrands(all), err
	},
	"derivatives": func(ctx context.Context, c *bynder.Client) ([]string, error) {
		all, err := c.Derivatives(ctx)
		return namesOfDerivatives(all), err
	},
	"properties": func(ctx context.Context, c *bynder.Client) ([]string, error) {
		all, err := c.Properties(ctx)
		return namesOfProperties(all), err
	},
}

func namesOfBrands(all []bynder.Brand) []string {
	return names(all, func(b bynder.Brand) string { return b.Name })
}

func namesOfDerivatives(all []bynder.AccountDerivative) []string {
	return names(all, func(d bynder.AccountDerivative) string { return d.Name })
}

// namesOfProperties returns the names of metaproperties, as NAME=, and then their options, as NAME=OPTION.
func namesOfProperties(all []bynder.Property) []string {
	texts := names(all, func(p bynder.Property) string { return p.Name + "=" })
	for _, p := range all {
		for _, option := range p.Options {
			texts = append(texts, p.Name+"="+option.Called())
		}
	}
	return texts
}

// eachName returns the names of a list's entries, without those that cannot be read, and not many more than are stored.
func eachName[T any](ctx context.Context, entries *bynder.Listing[T], name func(T) string) ([]string, error) {
	var all []string
	for entry, err := range entries.Each(ctx) {
		if bynder.IsMalformedElement(err) {
			continue
		}
		if err != nil {
			return all, err
		}
		if all = append(all, name(entry)); len(all) == 2*maxNames {
			break
		}
	}
	return all, nil
}

// portalNames returns the names of a list of the portal that cmd's flags and the environment choose: those that are stored
// or, if they are old, what the portal answers soon. Without credentials that can be had without asking anyone, stored
// names have no age.
func portalNames(cmd *cobra.Command, s Streams, list string) []string {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	s.Out, s.Err = io.Discard, io.Discard
	o := portalFlags{streams: s}
	for name, to := range map[string]*string{"profile": &o.Profile, "domain": &o.Domain, "config": &o.ConfigFile, "ca-cert": &o.CACert} {
		if f := cmd.Flag(name); f != nil {
			*to = f.Value.String()
		}
	}
	store := o.nameStore(s.Getenv)
	stored := store.read(list)
	conf, err := config.Load(ctx, config.Sources{Flags: o.Flags, Getenv: s.Getenv, Files: s.files, Silent: true})
	if err != nil {
		return stored.Names
	}
	if stored.Portal != conf.Portal.String() {
		stored = storedNames{}
	}
	if left := time.Until(stored.Until); left > 0 && left <= namesFresh {
		return stored.Names
	}
	p, err := o.portal(conf, s.screen(), func(budget.Wait) { cancel() }, 1)
	if err != nil {
		return stored.Names
	}
	found, err := portalLists[list](ctx, p.client)
	found = distinctNames(found)
	fresh := namesFresh
	if err != nil {
		fresh = namesRetry
		if len(stored.Names) > 0 {
			found = stored.Names
		}
	}
	store.write(list, conf.Portal.String(), found, fresh)
	return found
}

// namesFrom completes a name of a list of the portal.
func namesFrom(s Streams, list string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return offered(portalNames(cmd, s, list), typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// onlyFirst completes the first argument of a command alone.
func onlyFirst(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, typed)
	}
}

// completeProperty completes NAME= and then NAME=OPTION.
func completeProperty(s Streams) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before, _, named := strings.Cut(typed, "=")
		var all []string
		for _, each := range portalNames(cmd, s, "properties") {
			property, option, _ := strings.Cut(each, "=")
			if named && property == before && option != "" || !named && option == "" {
				all = append(all, each)
			}
		}
		if named {
			return offered(all, typed), cobra.ShellCompDirectiveNoFileComp
		}
		return offered(all, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// completePropertyName completes the name of a metaproperty.
func completePropertyName(s Streams) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var all []string
		for _, each := range portalNames(cmd, s, "properties") {
			if name, isName := strings.CutSuffix(each, "="); isName {
				all = append(all, name)
			}
		}
		return offered(all, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeDerivatives completes the last of several derivatives with commas between them.
func completeDerivatives(s Streams) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		all, directive := listOf(portalNames(cmd, s, "derivatives")...)(cmd, args, typed)
		return offered(all, typed), directive
	}
}

// offered returns the names that begin with what was typed, in any case.
func offered(names []string, typed string) []string {
	var all []string
	for _, name := range names {
		if len(name) >= len(typed) && strings.EqualFold(name[:len(typed)], typed) && completable(name) {
			all = append(all, name)
		}
	}
	return all
}
