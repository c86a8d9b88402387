package location

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"
)

func TestRedacted(t *testing.T) {
	tests := map[string]string{
		"https://a.example/b%2Fc/d%20e.jpg?X-Amz-Signature=s#f": "https://a.example/b%2Fc/d%20e.jpg",
		"https://user:word@a.example:8443/?s":                   "https://a.example:8443/",
		"mailto:a@b?s":                                          "mailto:a@b",
	}
	for raw, want := range tests {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := Redacted(u); got != want {
			t.Errorf("%s is shown as %s, want %s", raw, got, want)
		}
	}
	if got := Redacted(nil); got != "" {
		t.Errorf("no URL is shown as %q", got)
	}
}

func TestWithoutQueries(t *testing.T) {
	for text, want := range map[string]string{
		"no URL":                                          "no URL",
		"really? yes":                                     "really? yes",
		"black & white, a&b":                              "black & white, a&b",
		"see https://h/a?b=c for more":                    "see https://h/a for more",
		`parse "https://h/a?b=c&d=e": no`:                 `parse "https://h/a": no`,
		"https://h/a?b=c, https://h/d?e=f":                "https://h/a https://h/d",
		"/relative?flag&Signature=s":                      "/relative",
		"https://h/a?name=a b.jpg&Signature=s expired":    "https://h/a b.jpg expired",
		`https://h/a?name="it's"&Signature=s.`:            `https://h/a"it's"`,
		"<Resource>/a?Signature=s</Resource>":             "<Resource>/a</Resource>",
		"https://h/a?b=c\u2028https://h/d?X-Amz-Token=\n": "https://h/a\n",
	} {
		if got := WithoutQueries(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestWithoutURL(t *testing.T) {
	inner := &url.Error{Op: "parse", URL: "https://h/%zz?sig=s", Err: fmt.Errorf("%w at /d?sig=s", io.ErrUnexpectedEOF)}
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"no URL", io.ErrUnexpectedEOF, "unexpected EOF"},
		{"of net/http", &url.Error{Op: "Get", URL: "https://h/a?sig=s", Err: io.ErrUnexpectedEOF}, "unexpected EOF"},
		{"one in another", &url.Error{Op: "Get", URL: "https://h/a?sig=s", Err: inner}, "unexpected EOF at /d"},
		{"in the text", fmt.Errorf("redirected to /d?sig=s: %w", io.ErrUnexpectedEOF), "redirected to /d unexpected EOF"},
	} {
		got := WithoutURL(tt.err)
		if got.Error() != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if !errors.Is(got, io.ErrUnexpectedEOF) {
			t.Errorf("%s: the cause is lost in %v", tt.name, got)
		}
	}
}

func TestReasonOfABodyThatCouldNotBeSent(t *testing.T) {
	write := &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
	got := WithoutURL(&url.Error{Op: "Put", URL: "https://h/a?uploadId=s", Err: &net.OpError{Op: "readfrom", Net: "tcp", Err: write}})
	if got.Error() != "broken pipe" {
		t.Errorf("the text is %q", got)
	}
}
