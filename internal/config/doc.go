// Package config finds the portal and the credentials for it, reads the defaults of flags,
// and stores the credentials of a login.
//
// Each setting is looked up in this order: flag, environment, profile in a file, keychain.
// All values of the credentials come from one source, and those of a profile are for that
// profile's portal only.
//
// There are two files. config.toml is written by people and only read here; credentials.toml
// beside it is written by this package only, and takes precedence for a profile in both.
//
//	conf, err := config.Load(ctx, config.Sources{
//		Flags: flags, Getenv: os.Getenv, Keychain: config.SystemKeychain(),
//	})
//
// An invalid setting of the user is an *Error, which names what is missing or wrong and ends
// a run before any call.
package config
