package config

import (
	"strings"
	"testing"
)

func TestCheckProxy(t *testing.T) {
	for value, ok := range map[string]bool{
		"":                                 true,
		"proxy.example":                    true,
		"proxy.example:8080":               true,
		"http://user:pass@proxy.example:1": true,
		"socks5://[::1]:1080":              true,
		"http://user:s3cr%ret@127.0.0.1:1": false,
		"http://user:s3c ret@127.0.0.1:1":  false,
		"http://127.0.0.1:388x1":           false,
		"127.0.0.1:388x1":                  false,
		"http://":                          false,
	} {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
			err := checkProxy(func(asked string) string {
				if asked == name {
					return value
				}
				return ""
			})
			if (err == nil) != ok {
				t.Errorf("%s=%s: %v", name, value, err)
			}
			if err != nil && (strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "s3c") || !strings.Contains(err.Error(), name)) {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
	}
}
