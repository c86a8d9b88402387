package spelling_test

import (
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/spelling"
)

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
