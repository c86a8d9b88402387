package download

import "testing"

func TestDigestETag(t *testing.T) {
	const sum, other = "0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f"
	for _, tt := range []struct {
		what string
		r    Result
		want string
	}{
		{"the MD5 of the file", Result{ETag: `"` + sum + `"`, MD5: sum}, `"` + sum + `"`},
		{"in capitals", Result{ETag: `"0CC175B9C0F1B6A831C399E269772661"`, MD5: sum}, `"0CC175B9C0F1B6A831C399E269772661"`},
		{"another MD5 (SSE-KMS)", Result{ETag: `"` + sum + `"`, MD5: other, Verified: "size"}, ""},
		{"the MD5 of parts, which was compared", Result{ETag: `"` + sum + `-2"`, MD5: other, Verified: VerifiedMultipart}, `"` + sum + `-2"`},
		{"the MD5 of parts, which was not compared", Result{ETag: `"` + sum + `-2"`, MD5: other, Verified: "size"}, ""},
		{"a number, which another file may have as well", Result{ETag: `"1"`, MD5: sum, Verified: "sha256"}, ""},
		{"no MD5 on record", Result{ETag: `""`}, ""},
		{"a weak one", Result{ETag: `W/"` + sum + `"`, MD5: sum}, ""},
		{"the MD5 of packed bytes", Result{ETag: `"` + other + `"`, MD5: sum, Encoding: "gzip", Verified: VerifiedMD5}, ""},
		{"a suspect file", Result{ETag: `"` + sum + `"`, MD5: sum, Suspect: "a page"}, ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			if got := tt.r.DigestETag(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
