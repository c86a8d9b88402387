package cli

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/config"
)

// configFlags are the flags that choose a portal and the credentials for it.
type configFlags struct {
	config.Flags

	keychain config.Keychain // the system's where nil
}

func (o *configFlags) add(f *pflag.FlagSet) {
	f.StringVar(&o.Profile, "profile", "", "`name` of the profile in the files or keychain (default \"default\")")
	f.StringVar(&o.Domain, "domain", "", "the portal's `host`")
	f.StringVar(&o.ConfigFile, "config", "", "the config `file` (default bynder/config.toml in the user's config folder)")
	f.StringVar(&o.CACert, "ca-cert", "", "a `file` of certificates to trust beside the system's, as PEM")
}

// sources is where settings come from.
func (o *configFlags) sources(s Streams) config.Sources {
	k := o.keychain
	if k == nil {
		k = config.SystemKeychain()
	}
	return config.Sources{Flags: o.Flags, Getenv: s.Getenv, Keychain: k, Files: s.files}
}

// load finds portal and credentials, and says on stderr what is wrong with how they are
// kept.
func (o *configFlags) load(ctx context.Context, s Streams) (config.Config, error) {
	c, err := config.Load(ctx, o.sources(s))
	for _, w := range c.Warnings {
		s.screen().Say("%s", w)
	}
	return c, err
}
