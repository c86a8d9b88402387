package input_test

import (
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/input"
)

// A path or id of NDJSON that would be read as another text is refused, and the line kept as it was.
func TestTextOfNDJSONIsNotReplaced(t *testing.T) {
	for text, ok := range map[string]bool{
		`"a.jpg"`: true, `"é.jpg"`: true, `"\u00e9\ud83d\ude00.jpg"`: true, `"😀"`: true, `"\\ud800.jpg"`: false, // a backslash is not safe
		`"\ufffd.jpg"`: true, "\"\ufffd.jpg\"": true, `"\uD83D\uDE00\uD83D\uDE00.jpg"`: true,
		"\"\xff.jpg\"": false, "\"a\xc3\"": false, "\"\xed\xa0\x80\"": false, `"\ud800.jpg"`: false, `"\uDC00.jpg"`: false, `"\ud83d\ud83d\ude00"`: false,
		`"\ud83dx"`: false, `"\ud83d\n"`: false, `"\ude00\ud83d"`: false, `"\ud83d"`: false,
	} {
		line := `{"id":"A","saveAs":` + text + `}`
		for e, err := range input.Read(strings.NewReader(line+"\n"), input.Format{}) {
			switch {
			case err != nil:
				t.Fatal(err)
			case (e.Err == nil) != ok || e.MediaID != "A" || e.Text != line:
				t.Errorf("%q is read as %+v", line, e)
			case !ok && !strings.Contains(text, `\\`) && !strings.Contains(e.Err.Error(), "is not UTF-8"):
				t.Errorf("%q: %v", line, e.Err)
			}
		}
		for _, key := range []string{"id", "mediaId", "itemId"} {
			line := `{"mediaId":"A","` + key + `":"A` + strings.Trim(text, `"`) + `"}`
			for e, err := range input.Read(strings.NewReader(line), input.Format{}) {
				if err != nil || e.Err == nil || !ok && !strings.Contains(text, `\\`) && !strings.Contains(e.Err.Error(), "not UTF-8") {
					t.Errorf("%q is read as %+v, error %v", line, e, err)
				}
			}
		}
	}
}
