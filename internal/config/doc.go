// Package config decides which portal is spoken to and with which credentials, reads the
// defaults of flags, and keeps the credentials that a user logs in with.
//
// Each setting is looked for in one order: flag, environment, profile in a file, keychain;
// the first found wins. Credentials are taken from one place whole, and those of a profile
// serve that profile's portal only.
//
// There are two files. config.toml is written by people and only read here; credentials.toml
// beside it is written by this package alone, and comes first for a profile in both.
//
//	conf, err := config.Load(ctx, config.Sources{
//		Flags: flags, Getenv: os.Getenv, Keychain: config.SystemKeychain(),
//	})
//
// A mistake in what the user has set is an *Error, which names what is missing or wrong
// and ends a run before any call.
package config
