package report

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

// However an answer is cut into writes, a terminal gets no control character, and a pipe gets its bytes.
func TestBody(t *testing.T) {
	for _, tt := range []struct{ body, terminal string }{
		{"{\"a\":\t1}\n", "{\"a\":\t1}\n"},
		{`{"name":"Zo\u00eb"}`, "{\"name\":\"Zo\\u00eb\"}\n"},
		{"\"\x1b]0;title\x07 \u202e \u009b31m \U000e0001\"", `"\u001b]0;title\u0007 \u202e \u009b31m \udb40\udc01"` + "\n"},
		{"Zoë Ångström 𝄞 日本", "Zoë Ångström 𝄞 日本\n"},
		{"cut \xe2\x80", "cut \ufffd\ufffd\n"},
		{"\xff\xfe\xf0", "\ufffd\ufffd\ufffd\n"},
		{"a\r\nb", "a\\u000d\nb\n"},
		{"", ""},
	} {
		for name, r := range map[string]io.Reader{"whole": bytes.NewBufferString(tt.body), "bytes": iotest.OneByteReader(bytes.NewBufferString(tt.body))} {
			var out bytes.Buffer
			w := (&Screen{stdout: &out, stdoutIsTerminal: true}).Body()
			_, err := io.Copy(w, r)
			if err == nil {
				err = w.Close()
			}
			if out.String() != tt.terminal || err != nil {
				t.Errorf("%s %q is %q on a terminal, error %v; want %q", name, tt.body, &out, err, tt.terminal)
			}
		}
		var out bytes.Buffer
		w := (&Screen{stdout: &out}).Body()
		if _, err := io.WriteString(w, tt.body); err != nil || w.Close() != nil || out.String() != tt.body {
			t.Errorf("%q is %q in a pipe, error %v", tt.body, &out, err)
		}
	}
}
