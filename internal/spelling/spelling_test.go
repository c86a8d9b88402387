package spelling_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/spelling"
)

func TestClosest(t *testing.T) {
	known := []string{"Amsterdam", "Boston", "Spring campaign", "Dubai", "London"}
	for _, tt := range []struct {
		word string
		n    int
		want string
	}{
		{"bostn", 2, "Boston London"},
		{"spring", 1, "Spring campaign"},
		{"", 3, "Amsterdam Boston Spring campaign"},
		{"dubay", 9, "Dubai Boston London Amsterdam Spring campaign"},
		{"x", 0, ""},
	} {
		if got := strings.Join(spelling.Closest(tt.word, known, tt.n), " "); got != tt.want {
			t.Errorf("Closest(%q, %d) = %s; want %s", tt.word, tt.n, got, tt.want)
		}
	}
	if got := spelling.Closest("word", slices.Repeat([]string{"words"}, 100_000), 3); len(got) != 3 {
		t.Errorf("of very many words %q are closest", got)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"id", "itemId", "name", "filename", "version", "connections", "consumer_key", "token"}
	for word, want := range map[string]string{
		"itmeid": "itemId", "ITEMID": "itemId", "file_name": "filename", "conections": "connections", "consumer_kee": "consumer_key",
		"idd": "id", "di": "id", "nam": "name", "date": "", "tokn": "token", "connections": "connections",
		"collection": "connections", "collect": "", "title": "", "proxy": "", "": "", "x": "", "kitten": "",
		strings.Repeat("x", 1000): "", strings.Repeat("connections", 100): "",
	} {
		near, ok := spelling.Nearest(word, known)
		if ok != (want != "") || ok && near != want {
			t.Errorf("Nearest(%.20q) = %q, %t; want %q", word, near, ok, want)
		}
	}
	if near, ok := spelling.Nearest("a", nil); ok {
		t.Errorf("of no words %q is near", near)
	}
}
