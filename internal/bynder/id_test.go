package bynder_test

import (
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestCheckID(t *testing.T) {
	for _, id := range []string{"D4AC0B41-141B-47D2-98B4FECDA8894CB2", "d4ac0b41-141b-47d2-98b4-fecda8894cb2", "a", "-x", "-", "_", "Z9", strings.Repeat("x", 128)} {
		if err := bynder.CheckID(id); err != nil {
			t.Errorf("CheckID(%q) = %v, want it accepted", id, err)
		}
	}
	for id, want := range map[string]string{
		"": "empty", ".": `contains "."`, "..": `contains "."`, "a/b": `contains "/"`, "a b": "U+0020 SPACE", " a": "U+0020 SPACE",
		"a\nb": "U+000A LINE FEED", "a\x00": "U+0000", "\x7f": "U+007F", "a\u0085": "U+0085", "\xff": "not UTF-8",
		"é": "U+00E9", "а": "U+0430", "D4AC0B41–141B": "U+2013 EN DASH", "D4AC\u200b0B41": "U+200B ZERO WIDTH SPACE", "\ufeffa": "U+FEFF ZERO WIDTH NO-BREAK SPACE",
		"a\u00adb": "U+00AD SOFT HYPHEN", "#x": `contains "#"`, "{y": `contains "{"`, `"a"`: "contains", "%41": "contains", strings.Repeat("x", 129): "longer than 128",
	} {
		if err := bynder.CheckID(id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CheckID(%q) = %v, want %s", id, err, want)
		}
	}
}

func TestReadMediaID(t *testing.T) {
	const id, portal = "D4AC0B41-141B-47D2-98B4FECDA8894CB2", "brand.example.com"
	const link = "https://brand.example.com/media/?mediaId=" + id
	for _, text := range []string{
		id, "\ufeff" + id + "\u200b\u00a0 \r\n", "\u202a" + id + "\u202c", link, " \u200e" + link + "\u200b",
		link + "&viewType=grid", link + "#details", link + "&mediaId=" + id, "HTTPS://Brand.Example.com:443/media/?MEDIAID=" + id, "brand.example.com/media/?mediaId=" + id,
		"http://brand.example.com/media/?x=1;mediaId=" + id, "https://brand.example.com./media/?mediaId=" + id,
		"https://brand.example.com/web/abc/portal/?mediaId=" + id, "https://brand.example.com/media/#mediaId=" + id, "https://brand.example.com/#/media/?mediaId=" + id + "&x",
		"https://brand.example.com/?next=%2Fmedia%2F%3FmediaId%3D" + id, "https://brand.example.com/login?next=%252Fmedia%252F%253FmediaId%253D" + id,
		"https://brand.example.com/media/?mediaId=%44" + id[1:], "https://brand.example.com/media/?mediaId=" + id + "%0A",
		"https://brand.example.com/media/?q=100%&mediaId=" + id, "https://brand.example.com/media/?a=1&amp;mediaId=" + id,
	} {
		if got, err := bynder.ReadMediaID(text, portal); got != id || err != nil {
			t.Errorf("ReadMediaID(%q) = %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "empty", "\ufeff": "empty", "D4AC\u200b0B41": "U+200B ZERO WIDTH SPACE",
		"https://other.example.com/media/?mediaId=" + id:             `the link is to "other.example.com", and the portal of this run is "brand.example.com"`,
		"https://brand.example.com@other.example.com/?mediaId=" + id: `the link is to "other.example.com"`,
		"https://brand.example.com:8443/media/?mediaId=" + id:        `the link is to "brand.example.com:8443"`,
		"https://brand.example.com/media/":                           "contains no mediaId=",
		"https://brand.example.com/media/?mediaId=":                  "contains no mediaId=",
		"https://brand.example.com/media/?xmediaId=" + id:            "contains no mediaId=",
		"https://brand.example.com/media/mediaId/" + id:              "contains no mediaId=",
		"https://brand.example.com/media/?mediaId=A&mediaId=B":       "several assets",
		"https://brand.example.com/media/?mediaId=..%2FcurrentUser":  `contains "."`,
		"https://brand.example.com/media/?mediaId=D4AC%E2%80%8B0B41": "U+200B ZERO WIDTH SPACE",
		"ftp://brand.example.com/?mediaId=" + id:                     "invalid link",
		"https://?mediaId=" + id:                                     "invalid link",
		"mediaId=" + id:                                              `contains "="`,
	} {
		if got, err := bynder.ReadMediaID(text, portal); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadMediaID(%q) = %q, %v; want %s", text, got, err, want)
		}
	}
	if got, err := bynder.ReadMediaID("http://127.0.0.1:8080/media/?mediaId="+id, "127.0.0.1:8080"); got != id || err != nil {
		t.Errorf("a link of a portal with a port: %q, %v", got, err)
	}
	if got, err := bynder.ReadMediaID(link, ""); got != id || err != nil {
		t.Errorf("before the portal is known: %q, %v", got, err)
	}
}

func FuzzReadMediaID(f *testing.F) {
	for _, seed := range []string{"a", " a\u200b", "https://h/?mediaId=a", "https://h/#%6dediaId%3da", "https://h/?mediaId=%252E%252e", "://mediaId=?#"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := bynder.ReadMediaID(text, "h")
		if err == nil && bynder.CheckID(id) != nil {
			t.Errorf("%q gives the id %q", text, id)
		}
		if again, err2 := bynder.ReadMediaID(id, "h"); err == nil && (again != id || err2 != nil) {
			t.Errorf("%q is read as %q, %v", id, again, err2)
		}
	})
}

func TestLooksLikeID(t *testing.T) {
	for text, want := range map[string]bool{
		"D4AC0B41-141B-47D2-98B4FECDA8894CB2": true, "d4ac0b41-141b-47d2-98b4-fecda8894cb2": true,
		"": false, "id": false, "D4AC0B41-141B-47D2-98B4FECDA8894CB": false, "G4AC0B41-141B-47D2-98B4FECDA8894CB2": false,
		"D4AC0B41-141B-47D2-98B4-ECDA8894CB2": false, "d4ac0b41-141b-47d2-98b40fecda8894cb2": false, "D4AC0B41_141B-47D2-98B4FECDA8894CB2": false,
	} {
		if got := bynder.LooksLikeID(text); got != want {
			t.Errorf("LooksLikeID(%q) is %t", text, got)
		}
	}
}
