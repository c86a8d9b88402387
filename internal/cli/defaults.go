package cli

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/config"
)

// applyDefaults gives the flags that the command line leaves out what [defaults] of the config
// file has for them. All of [defaults] is checked, also what the command has no flag for. A
// command without any of these flags does not read the file.
func applyDefaults(ctx context.Context, flags *pflag.FlagSet, s Streams) error {
	file := flags.Lookup("config")
	if file == nil || !takesDefaults(flags) {
		return nil
	}
	path, defaults, err := config.Sources{Flags: config.Flags{ConfigFile: file.Value.String()}, Getenv: s.Getenv, Files: s.files}.Defaults(ctx)
	if err != nil {
		return err
	}
	for _, d := range defaults {
		if !validDefault(d) {
			return &config.Error{
				Err:    fmt.Errorf("config file %s: line %d: invalid value for %s", path, d.Line, d.Key),
				Advice: fmt.Sprintf("`bynder help download` says what --%s takes", d.Key),
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

// takesDefaults reports whether a command has a flag that [defaults] may set.
func takesDefaults(flags *pflag.FlagSet) bool {
	for _, key := range config.DefaultKeys() {
		if flags.Lookup(key) != nil {
			return true
		}
	}
	return false
}

// validDefault reports whether the flag of that name could be given the value, which the flag's
// own checks decide. The value is not shown: it may be a secret that was put in the wrong place.
func validDefault(d config.Default) bool {
	var o transferFlags
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.add(flags)
	flag := flags.Lookup(d.Key)
	if flag == nil {
		return true // a flag that no command of this version has
	}
	return flag.Value.Set(d.Text) == nil && o.check(false) == nil
}
