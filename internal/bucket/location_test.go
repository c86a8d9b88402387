package bucket

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParse(t *testing.T) {
	for url, want := range map[string]Location{
		"s3://bucket":                                   {"bucket", ""},
		"S3://bucket/":                                  {"bucket", ""},
		"s3://my.bucket-1/a":                            {"my.bucket-1", "a/"},
		"s3://bucket/a/b c/":                            {"bucket", "a/b c/"},
		"s3://bucket/100%25 ?#&+ü/.a/..b":               {"bucket", "100%25 ?#&+ü/.a/..b/"},
		"s3://bucket/" + strings.Repeat("x", maxPrefix): {"bucket", strings.Repeat("x", maxPrefix) + "/"},
	} {
		got, err := Parse(url)
		if err != nil || got != want {
			t.Errorf("%s is %+v, %v, want %+v", url, got, err, want)
		}
		if again, err := Parse(got.String()); err != nil || again != got {
			t.Errorf("%s is shown as %s, which is %+v, %v", url, got, again, err)
		}
	}
	for _, url := range []string{
		"", "s3:", "s3:/bucket/x", "bucket", "gs://bucket", "s3://", "s3:///x", "s3://ab", "s3://bucket?x", "s3://user:word@bucket/x",
		"s3://" + strings.Repeat("b", 64), "s3://192.168.0.1/x", "s3://bucket//x", "s3://bucket/a//b", "s3://bucket/a//", "s3://bucket/../x", "s3://bucket/a/./b",
		"s3://bucket/a\nb", "s3://bucket/a\x00", "s3://bucket/a\u202eb", "s3://bucket/a\xff", "s3://bucket/" + strings.Repeat("x/", 512), "s3://bucket/" + strings.Repeat("x", maxPrefix+1),
	} {
		if got, err := Parse(url); err == nil {
			t.Errorf("%q is %+v, want an error", url, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("s3://bucket/a/b")
	f.Add("s3://bucket/a//b")
	f.Fuzz(func(t *testing.T, url string) {
		l, err := Parse(url)
		if err != nil {
			return
		}
		if len(l.Prefix) >= maxKey || !utf8.ValidString(l.Prefix) || l.Prefix != "" && !strings.HasSuffix(l.Prefix, "/") || strings.Contains("/"+l.Prefix, "//") {
			t.Errorf("%q has the prefix %q", url, l.Prefix)
		}
		if again, err := Parse(l.String()); err != nil || again != l {
			t.Errorf("%q is shown as %q", url, l)
		}
	})
}
