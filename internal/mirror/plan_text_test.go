package mirror

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

const testPortal = "portal.example"

// planCase is a case of a table, in short text. Each list has its elements separated by "; ".
//
//	list:   what the portal lists: "A a.jpg" is the original of asset A, with the path that its template gives it
//	state:  what was written last time, in the same words; its files are in place as they were written
//	folder: what is otherwise: "b.jpg" is a file that sync has not written, "-b.jpg" is a file that is not there,
//	        and "@b.jpg" is a link
//	with:   options: "delete", "delete=N", "adopt", "metadata", and verdicts "A=deleted"
//	want:   the steps, see stepText
//
// Words behind a path: v2 is a version, s7 a size, u1 a URL, m3 a date modified, c4 a year of creation, x:web the
// derivative that was chosen, d:web a derivative and t:w=9 a transformation instead of the original. meta says that
// there is a sidecar, err that there is no such file, other: that the record is of another portal, same that two files
// have the same bytes, and bare that a record does not say what was listed. A path that is - is none.
type planCase struct {
	name                            string
	list, state, folder, with, want string
}

func (c planCase) input(t *testing.T) Input {
	t.Helper()
	in := Input{Gone: map[string]Verdict{}, MaxDelete: 5}
	for _, text := range elements(c.list) {
		in.Wanted = append(in.Wanted, parseWanted(t, text))
	}
	folder := &memory{files: map[string]string{}}
	for _, text := range elements(c.state) {
		w := parseWanted(t, text)
		listed := w.Listed
		r := &download.Result{
			Portal: w.File.Portal, MediaID: w.File.MediaID, Selector: w.File.Selector, Status: download.Downloaded,
			Path: w.Path, MD5: "written for " + text, Chosen: w.Chosen, Listed: &listed,
		}
		if strings.HasSuffix(text, " same") {
			r.MD5 = "the same bytes"
		}
		if strings.HasSuffix(text, " bare") {
			r.Listed = nil
		}
		in.Records = append(in.Records, r)
		folder.files[w.Path] = r.MD5
		if listed.Metadata != "" {
			folder.files[w.Path+sidecarEnd] = listed.Metadata
		}
	}
	for _, path := range elements(c.folder) {
		if lost, ok := strings.CutPrefix(path, "-"); ok {
			delete(folder.files, lost)
		} else if link, ok := strings.CutPrefix(path, "@"); ok {
			folder.files[link] = "a link"
		} else {
			folder.files[path] = "something else"
		}
	}
	in.Folder = folder
	for _, option := range strings.Fields(c.with) {
		c.option(t, &in, option)
	}
	return in
}

func (planCase) option(t *testing.T, in *Input, option string) {
	t.Helper()
	name, value, _ := strings.Cut(option, "=")
	switch name {
	case "delete":
		in.Delete = true
		if value != "" {
			scan(t, value, &in.MaxDelete)
		}
	case "adopt":
		in.Adopt = true
	case "metadata":
		in.Metadata = true
	case "folds":
		in.Folder.(*memory).folds = true
	default:
		in.Gone[name] = Verdict(value)
	}
}

func elements(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, "; ")
}

func scan(t *testing.T, text string, value any) {
	t.Helper()
	if _, err := fmt.Sscan(text, value); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
}

func parseWanted(t *testing.T, text string) Wanted {
	t.Helper()
	words := strings.Fields(text)
	if len(words) < 2 {
		t.Fatalf("%q has no path", text)
	}
	w := Wanted{File: download.FileID{Portal: testPortal, MediaID: words[0]}, Path: words[1], Key: words[0]}
	if w.Path == "-" {
		w.Path = ""
	}
	for _, word := range words[2:] {
		switch letter, value := word[:1], word[1:]; {
		case word == "same", word == "bare": // of a record
		case word == "err":
			w.Err = &download.Error{Code: download.CodeNotFound, Err: errors.New("no such file")}
		case word == "meta":
			w.Listed.Metadata = "metadata of " + words[0]
		case word == "other:":
			w.File.Portal = "another.example"
		case strings.HasPrefix(word, "d:"):
			w.Selector = bynder.Selector{Kind: bynder.Derivative, Name: word[2:]}
			w.Key = words[0] + "-" + word[2:]
		case strings.HasPrefix(word, "t:"):
			w.Selector = bynder.Selector{Kind: bynder.Transform, Name: word[2:]}
		case strings.HasPrefix(word, "x:"):
			w.Chosen = word[2:]
		case letter == "v":
			scan(t, value, &w.Listed.Version)
		case letter == "s":
			w.Listed.Size = new(int64)
			scan(t, value, w.Listed.Size)
		case letter == "u":
			w.Listed.URL = "https://cdn.example/" + value
		case letter == "m":
			w.Listed.Modified = value
		case letter == "c":
			var year int
			scan(t, value, &year)
			w.Created = time.Date(2000+year, 1, 1, 0, 0, 0, 0, time.UTC)
		default:
			t.Fatalf("%q: what is %q?", text, word)
		}
	}
	w.File.Selector = w.Selector.String()
	return w
}

// stepText is a step in short text: a fetch is "+ path", one that replaces a file "~ path", a move "> from -> path", or
// ">> " if it goes through another name. A deletion is "- path (why)", or "-- " if it comes first. What cannot be fetched is "fail path: code".
func stepText(s Step) string {
	gone := ""
	if s.Displaces != nil {
		gone = fmt.Sprintf(", - %s (%s)", s.Displaces.Path, s.Why)
	}
	code := ""
	if failure := (*download.Error)(nil); errors.As(s.Err, &failure) {
		code = string(failure.Code)
	}
	switch {
	case s.Action == download.ActionFetch && s.Err != nil:
		return fmt.Sprintf("fail %s: %s", s.Path, code) + gone
	case s.Action == download.ActionFetch && (s.Replaces || s.Displaces != nil):
		return "~ " + s.Path + gone
	case s.Action == download.ActionFetch:
		return "+ " + s.Path
	case s.Action == download.ActionMove && s.Via:
		return fmt.Sprintf(">> %s -> %s", s.From, s.Path) + gone
	case s.Action == download.ActionMove:
		return fmt.Sprintf("> %s -> %s", s.From, s.Path) + gone
	case s.Action == download.ActionDelete && s.First:
		return fmt.Sprintf("-- %s (%s)", s.Path, s.Why)
	case s.Action == download.ActionDelete:
		return fmt.Sprintf("- %s (%s)", s.Path, s.Why)
	case s.Action == download.ActionKeep:
		return fmt.Sprintf("keep %s: %s", s.Path, code)
	case s.Action == "" && s.Wanted != nil:
		return "note " + s.Path
	case s.Action == "":
		return "close " + s.Path
	default:
		return string(s.Action) + " " + s.Path
	}
}

func stepsText(steps []Step) string {
	var lines []string
	for _, s := range steps {
		lines = append(lines, stepText(s))
	}
	return strings.Join(lines, "; ")
}
