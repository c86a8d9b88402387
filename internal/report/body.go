package report

import (
	"io"
	"slices"
	"unicode/utf8"
)

// Body returns a writer for an answer of the portal to standard output: byte for byte or, on a terminal, with hidden
// characters other than line breaks and tabs as \u escapes, which JSON allows, and with a line break at the end.
func (s *Screen) Body() io.WriteCloser {
	if s.stdoutIsTerminal {
		return &visibleText{w: s.stdout}
	}
	return struct {
		io.Writer
		io.Closer
	}{s.stdout, io.NopCloser(nil)}
}

// visibleText writes text with escapes for hidden characters.
type visibleText struct {
	w    io.Writer
	rest []byte // the beginning of a character that the next write completes
	last byte   // that was written
}

func (v *visibleText) Write(p []byte) (int, error) {
	text := slices.Concat(v.rest, p)
	whole := len(text)
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				whole -= n
			}
			break
		}
	}
	v.rest = text[whole:]
	return len(p), v.write(text[:whole])
}

func (v *visibleText) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	v.last = text[len(text)-1]
	_, err := v.w.Write(appendVisible(nil, text, func(r rune) bool { return isHidden(r) && r != '\n' && r != '\t' }))
	return err
}

// Close writes the beginning of a character that was cut off, as U+FFFD, and ends the last line.
func (v *visibleText) Close() error {
	if err := v.write(v.rest); err != nil || v.last == '\n' || v.last == 0 {
		return err
	}
	_, err := io.WriteString(v.w, "\n")
	return err
}
