package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/config"
)

// applyDefaults sets the flags that are not on the command line to the values in [defaults] of
// the config file. It checks all of [defaults], including keys for which the command has no
// flag. It does not read the file for a command without any of these flags.
func applyDefaults(ctx context.Context, flags *pflag.FlagSet, s Streams) error {
	file := flags.Lookup("config")
	if repair := flags.Lookup("repair"); repair != nil && !repair.Changed {
		return nil // verify asks nothing of the portal
	}
	if file == nil || !takesDefaults(flags) {
		return nil
	}
	path, defaults, err := config.Sources{Flags: config.Flags{ConfigFile: file.Value.String()}, Getenv: s.Getenv, Files: s.files}.Defaults(ctx)
	if err != nil {
		return err
	}
	for _, d := range defaults {
		if err := checkDefault(d); err != nil {
			return &config.Error{
				Err:    fmt.Errorf("config file %s: line %d: %w", path, d.Line, err),
				Advice: fmt.Sprintf("`bynder help %s` describes --%s", commandWith(d.Key), d.Key),
			}
		}
		if flag := flags.Lookup(d.Key); flag != nil && !flag.Changed {
			if err := flag.Value.Set(d.Text); err != nil {
				return fmt.Errorf("setting --%s: %w", d.Key, err)
			}
		}
	}
	return nil
}

// commandWith returns a command that has the flag of that key.
func commandWith(key string) string {
	if key == "image" {
		return "show"
	}
	return "download"
}

// takesDefaults reports whether a command has a flag that [defaults] may set.
func takesDefaults(flags *pflag.FlagSet) bool {
	for _, key := range config.DefaultKeys() {
		if flags.Lookup(key) != nil {
			return true
		}
	}
	return false
}

// longestDefault is longer than any valid value of [defaults], in bytes, and shorter than a secret.
const longestDefault = 20

// checkDefault returns the error of the flag of that name for the value, with what is valid. A long value is not
// shown, because it may be a secret in the wrong place.
func checkDefault(d config.Default) error {
	var o transferFlags
	var show showOptions
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.add(flags)
	addImageFlag(flags, &show.image)
	setDecimal(flags)
	flag := flags.Lookup(d.Key)
	err := flag.Value.Set(d.Text)
	if err == nil {
		err = errors.Join(o.check(false), show.check())
	} else {
		err = invalidValue(flag, d.Text, err)
	}
	switch {
	case err == nil:
		return nil
	case len(d.Text) > longestDefault:
		return fmt.Errorf("invalid value for %s (not shown): it is longer than any valid value", d.Key)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "--"))
}
