package report

import (
	"fmt"
	"strings"
)

// Everything that this program tells people goes through Say, Warn and Fail, which hold it to these rules:
//
//   - It goes to standard error. Standard output has results, and nothing else.
//   - A message is one line: "bynder: ", then what there is to say, without a capital at the beginning or a period
//     at the end. An error says what failed, then why.
//   - A hint is one thing to do. It has a line of its own below the error, "hint: ", and is given once.
//   - No text, wherever it is from, can move the cursor or break a line.
//
// What is asked at a terminal (package terminal) and the help of commands are not messages.

// hintLimit is how many different hints a Screen remembers as given. Beyond it they are repeated.
const hintLimit = 100

// Say writes one message. The arguments are those of fmt.Sprintf.
func (s *Screen) Say(format string, args ...any) { s.message(said(fmt.Sprintf(format, args...))) }

// Warn writes a message about something that did not fail and is probably not as it should be; about names it, and
// is "" if the message does.
func (s *Screen) Warn(about, format string, args ...any) {
	text := "warning: " + fmt.Sprintf(format, args...)
	if about != "" {
		text = about + ": " + text
	}
	s.message(said(text))
}

// Fail writes what failed and, unless it is "" or was given before, a hint at what to do. errors.Join puts each error on
// a line, so the lines of what are separated by semicolons.
func (s *Screen) Fail(what, hint string) {
	lines := []string{said(strings.ReplaceAll(strings.TrimSpace(what), "\n", "; "))}
	if hint != "" && s.isNewHint(hint) {
		lines = append(lines, hinted(hint))
	}
	s.message(lines...)
}

// hinted returns a hint as it is shown.
func hinted(text string) string { return "hint: " + text }

// said returns a message as it is shown.
func said(text string) string { return "bynder: " + text }

// isNewHint reports whether a hint was not given before, and notes that it is now.
func (s *Screen) isNewHint(hint string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hints[hint] {
		return false
	}
	if len(s.hints) < hintLimit {
		s.hints[hint] = true
	}
	return true
}

// message writes lines to standard error, each one cleaned, in one Write.
func (s *Screen) message(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	shown := s.onScreen()
	if shown {
		b.WriteString(toBar + eraseBelow)
	}
	for _, line := range lines {
		b.WriteString(Clean(line))
		b.WriteByte('\n')
	}
	if shown {
		b.WriteString(s.picture())
	}
	s.toStderr(b.String())
}
