package cli

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/config"
)

// configFlags are the flags that select a portal and the credentials for it.
type configFlags struct {
	config.Flags

	keychain config.Keychain // nil for the system's
}

// add adds the flags to f.
func (o *configFlags) add(f *pflag.FlagSet) {
	f.StringVar(&o.Profile, "profile", "", "profile `name` in the config file or keychain (default \"default\")")
	f.StringVar(&o.Domain, "domain", "", "`host` of the portal, such as brand.getbynder.com")
	f.StringVar(&o.ConfigFile, "config", "", "config `file` (default bynder/config.toml in your config folder)")
	f.StringVar(&o.CACert, "ca-cert", "", "`file` of additional trusted certificates in PEM format")
}

// sources returns the sources of settings.
func (o *configFlags) sources(s Streams) config.Sources {
	k := o.keychain
	if k == nil {
		k = config.SystemKeychain()
	}
	return config.Sources{Flags: o.Flags, Getenv: s.Getenv, Keychain: k, Files: s.files}
}

// load returns the portal and the credentials, and prints warnings about the files they are
// stored in.
func (o *configFlags) load(ctx context.Context, s Streams) (config.Config, error) {
	c, err := config.Load(ctx, o.sources(s))
	for _, w := range c.Warnings {
		s.screen().Say("%s", w)
	}
	return c, err
}
