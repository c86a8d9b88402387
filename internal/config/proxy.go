package config

import (
	"fmt"
	"net/url"
	"strings"
)

// checkProxy rejects an invalid HTTPS_PROXY, which net/http would ignore. The value is not
// shown, because it may contain a password.
func checkProxy(getenv func(string) string) error {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		value := getenv(name)
		if value == "" {
			continue
		}
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		if u, err := url.Parse(value); err != nil || u.Host == "" {
			return &Error{
				Err:    fmt.Errorf("%s is not a valid proxy URL", name),
				Advice: "write it as http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with %25 for % and %40 for @",
			}
		}
	}
	return nil
}
