package spelling_test

import (
	"testing"

	"github.com/bynder-cli/bynder/internal/spelling"
)

func TestUnseen(t *testing.T) {
	for _, tt := range []struct{ text, trimmed, unseen, visible string }{
		{"", "", "", ""},
		{"abc", "abc", "", "abc"},
		{"a b", "a b", "", "ab"},
		{" \t\u00a0\ufeffabc\u200b\u200e\r\n", "abc", "", "abc"},
		{"\u2066abc\u2069\ufe0f", "abc", "", "abc"},
		{"a\u200bc", "a\u200bc", "U+200B ZERO WIDTH SPACE", "ac"},
		{"a\ufeffc\u200b", "a\ufeffc", "U+FEFF ZERO WIDTH NO-BREAK SPACE", "ac"},
		{"a\u00a0c", "a\u00a0c", "U+00A0 NO-BREAK SPACE", "ac"},
		{"a\U000e0041c", "a\U000e0041c", "U+E0041", "ac"},
		{"\x00a", "\x00a", "U+0000 (a control character)", "a"},
		{"a\nc", "a\nc", "U+000A LINE FEED (a control character)", "ac"},
	} {
		trimmed := spelling.Trim(tt.text)
		if trimmed != tt.trimmed {
			t.Errorf("Trim(%q) is %q, want %q", tt.text, trimmed, tt.trimmed)
		}
		if got := spelling.Unseen(trimmed); got != tt.unseen {
			t.Errorf("Unseen(%q) is %q, want %q", trimmed, got, tt.unseen)
		}
		if got := spelling.Visible(tt.text); got != tt.visible {
			t.Errorf("Visible(%q) is %q, want %q", tt.text, got, tt.visible)
		}
	}
	for r, want := range map[rune]string{'/': `"/"`, ' ': "U+0020 SPACE", '–': "U+2013 EN DASH", 'é': "U+00E9"} {
		if got := spelling.Name(r); got != want {
			t.Errorf("Name(%q) is %q, want %q", r, got, want)
		}
	}
}
