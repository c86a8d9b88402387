//go:build unix

package sink

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/bynder-cli/bynder/internal/download"
)

// onTerminal calls write with a Stream to a terminal, and returns what arrived there.
func onTerminal(t *testing.T, write func(s *Stream)) string {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer master.Close()
	arrived := make(chan []byte)
	go func() {
		var all bytes.Buffer
		_, _ = io.Copy(&all, master) // until EIO, once tty is closed
		arrived <- all.Bytes()
	}()
	write(NewStream(tty, ""))
	if err := tty.Close(); err != nil {
		t.Error(err)
	}
	return strings.ReplaceAll(string(<-arrived), "\r\n", "\n")
}

// Binary data fails before its first byte is on the terminal, whatever the pieces in which it comes.
func TestBinaryDataIsNotWrittenToATerminal(t *testing.T) {
	for name, pieces := range map[string][]string{
		"at once":         {"\xff\xd8\xff\xe0\x00\x10JFIF" + strings.Repeat("x", 2*headSize)},
		"byte by byte":    {"%", "P", "D", "F", "\n", "\x00", "\x01"},
		"after some text": {strings.Repeat("text\n", 1000), "\x1b[2J", strings.Repeat("text\n", 1000)},
		"a short file":    {"a\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			shown := onTerminal(t, func(s *Stream) {
				content := strings.Join(pieces, "")
				p := begin(t, s, original("a.jpg", "A"), object(content))
				var err error
				for _, piece := range pieces {
					if _, err = io.WriteString(p, piece); err != nil {
						break
					}
				}
				if err == nil {
					_, err = p.Publish(t.Context())
				}
				if hint := wantCode(t, err, download.CodeUsage); hint == "" {
					t.Error("it has no hint")
				}
			})
			if shown != "" {
				t.Errorf("the terminal shows %q", shown)
			}
		})
	}
}

func TestTextIsWrittenToATerminal(t *testing.T) {
	long := strings.Repeat("a line of text\n", 2000)
	for name, content := range map[string]string{"short": "{\"a\": 1}\n", "long": long, "empty": ""} {
		t.Run(name, func(t *testing.T) {
			shown := onTerminal(t, func(s *Stream) {
				to := original("a.txt", "A")
				if content != "" {
					keep(t, s, to, object(content), content[:1]) // a first attempt, of which nothing is shown yet
				}
				p := begin(t, s, to, object(content))
				if p.Held() != 0 {
					t.Errorf("%d bytes are held", p.Held())
				}
				for rest := content; rest != ""; {
					n := min(len(rest), 1000)
					write(t, p, rest[:n])
					rest = rest[n:]
				}
				publish(t, p)
			})
			if shown != content {
				t.Errorf("the terminal shows %.80q, want %.80q", shown, content)
			}
		})
	}
}

// What is not a terminal takes anything.
func TestBinaryDataIsWrittenToADevice(t *testing.T) {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	put(t, NewStream(f, "/dev/null"), original("a.jpg", "A"), "\x00\x01")
}
