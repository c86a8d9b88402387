package download_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sandbox"
)

// row is something that goes wrong, and what has to come of it.
type row struct {
	what        string // in a user's words
	faults      string // as --fault takes them, apart by spaces
	asset       string // another one than sandbox.DocumentedAsset
	idle        time.Duration
	connections int // how many the file may use, where that is more than one
	// most is the bound of what is fetched, in all, by the size of the file, where that depends on
	// moments; 0 where it does not.
	most float64
	// play gets the file; nil is a plain get. It may skip the row.
	play func(context.Context, *rig) (download.Result, error)
	// mend takes away, before the next run, what is in the way beside the faults.
	mend func(*rig) error
	// content is what is expected of the bytes where the file is there.
	content content
	want    outcome
}

// content is what the bytes of a file are.
type content int

const (
	asStored content = iota // those that storage has without faults
	replaced                // those of the other file that storage has meanwhile
	shorter                 // fewer: what storage has is not the file
	damaged                 // wrong, and nothing tells
)

// outcome is a row of the table, apart from the words.
type outcome struct {
	status   string // or "failed: " and the code
	verified download.Verified
	fetched  string // bytes of the file that were read, by its size
	folder   string // what is in it afterwards
	next     string // what the next run does, and what both have fetched
	// connections that brought the file at the same time; "" where there can be only one.
	connections string
}

// errSkipped says that a row cannot be played here.
var errSkipped = errors.New("cannot be played here")

// measured is what became of a row.
type measured struct {
	outcome
	several bool  // connections did bring the file at the same time
	err     error // what must not be, whatever the row
}

// TestFaults plays every row: the engine and all that it uses, against the sandbox. It
// holds the table in docs/reliability.md to what it measures; -update writes it.
func TestFaults(t *testing.T) {
	got := playAll(t)
	for i, r := range rows {
		t.Run(fmt.Sprintf("%s/%s", r.faults, r.what), func(t *testing.T) {
			switch {
			case errors.Is(got[i].err, errSkipped):
				t.Skip(got[i].err)
			case got[i].err != nil:
				t.Error(got[i].err)
			}
			if got[i].outcome != r.want {
				t.Errorf("\n got %+v\nwant %+v", got[i].outcome, r.want)
			}
		})
	}
	checkSeveral(t, got)
	if !t.Failed() {
		holdTable(t, got)
	}
	goleak.VerifyNone(t)
}

// checkSeveral sees that most of the rows in which several connections may bring the file have been
// played with several.
func checkSeveral(t *testing.T, got []measured) {
	may, did := 0, 0
	for _, m := range got {
		if m.connections == upToEight {
			may++
		}
		if m.several {
			did++
		}
	}
	t.Logf("several connections at the same time in %d rows of %d", did, may)
	if 2*did <= may {
		t.Errorf("several connections at the same time in %d rows, want more than half of %d", did, may)
	}
}

// playAll plays the rows beside each other, for most of them wait most of the time; fewer of
// those that move a large file.
func playAll(t *testing.T) []measured {
	got := make([]measured, len(rows))
	small, large := make(chan struct{}, 16), make(chan struct{}, 12)
	var playing sync.WaitGroup
	for i, r := range rows {
		root, turns := t.TempDir(), small
		if r.connections > 1 {
			turns = large
		}
		playing.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			if r.asset == sandbox.PartsAsset && strings.Contains(r.faults, "encoding=gzip") {
				packPartsAsset() // before any client waits for it
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			got[i] = r.measure(ctx, root)
		})
	}
	playing.Wait()
	return got
}

// packPartsAsset has the sandbox pack its large file, which it does once. Under the race detector, on a busy
// machine, that takes longer than clients wait for the header of an answer.
func packPartsAsset() {
	s, err := sandbox.New(sandbox.Options{Assets: -1})
	if err != nil {
		panic(err)
	}
	o, _ := s.Object(sandbox.PartsAsset, "original")
	o.Packed("gzip")
}

// measure plays a row and then, where the file is not there, the next run with nothing
// wrong any more.
func (r row) measure(ctx context.Context, root string) (m measured) {
	g, stop, err := newRig(ctx, root, r.faults)
	if err != nil {
		return measured{err: err}
	}
	defer func() {
		stop()
		if g.atEnd != nil {
			g.atEnd()
		}
	}()
	g.idle, g.connections, g.undated = r.idle, r.connections, strings.Contains(r.faults, "no-last-modified")
	if r.asset != "" {
		g.asset = r.asset
	}
	play := r.play
	if play == nil {
		play = func(ctx context.Context, g *rig) (download.Result, error) { return g.get(ctx) }
	}
	result, err := play(ctx, g)
	if err != nil {
		return measured{err: err}
	}
	m.status, m.verified = string(result.Status), result.Verified
	if result.Suspect != "" && result.Error == nil {
		m.status += ", suspect"
	}
	m.fetched, m.folder = r.cost(g), g.listing()
	if r.connections > 1 {
		if m.connections = g.requests.atOnce(); r.want.connections == upToEight && m.connections != "none" {
			m.several, m.connections = m.connections == "several", upToEight
		}
	}
	if result.Error != nil {
		if m.status += ": " + string(result.Error.Code); result.Error.Code == codeKilled {
			m.status = string(codeKilled)
		}
		m.err = errors.Join(g.checkFailure(result), g.checkPartials(r.content))
	} else if g.out == nil {
		m.err = g.checkFile(result.Path, result.ETag, r.content)
	}
	if result.Status == download.Failed && g.out == nil {
		next, err := r.nextRun(ctx, g)
		m.next, m.err = next, errors.Join(m.err, err)
	}
	if leaks := g.sandbox.Stats().Leaks; len(leaks) > 0 {
		m.err = errors.Join(m.err, fmt.Errorf("storage was sent %v", leaks))
	}
	return m
}

// nextRun runs again when nothing is wrong any more: the file has to come, whole and
// alone.
func (r row) nextRun(ctx context.Context, g *rig) (string, error) {
	if err := g.sandbox.SetFaults(); err != nil {
		return "", err
	}
	if r.mend != nil {
		if err := r.mend(g); err != nil {
			return "", err
		}
	}
	g.hooks, g.idle = hooks{}, 0 // a busy machine may be silent for long
	result, err := g.get(ctx)
	if err != nil {
		return "", err
	}
	if result.Status == download.Failed {
		return "failed: " + string(result.Error.Code), fmt.Errorf("the next run failed: %+v", *result.Error)
	}
	err = g.checkFile(result.Path, result.ETag, asStored)
	if got := g.listing(); strings.Contains(got, ".part") {
		err = errors.Join(err, fmt.Errorf("the next run left %s", got))
	}
	return fmt.Sprintf("%s, %s in all", result.Status, r.cost(g)), err
}

// ratio is how much was read of the file, by its size.
func (g *rig) ratio() (float64, error) {
	fetched, err := g.fetched.sum()
	return float64(fetched) / float64(max(g.object().Size, 1)), err
}

var partialHashes = regexp.MustCompile(`\.[0-9a-f]{16}-[0-9a-f]{16}\.part$`)

// listing is what is in the folder, and, which must not be, around it.
func (g *rig) listing() string {
	var found []string
	around := filepath.Dir(g.folder)
	_ = filepath.WalkDir(around, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			found = append(found, err.Error())
		case path == g.folder || path == around:
		case filepath.Dir(path) != g.folder:
			found = append(found, "outside: "+path)
		default:
			found = append(found, partialHashes.ReplaceAllString(entry.Name(), ".….part"))
		}
		return nil
	})
	if len(found) == 0 {
		return "nothing"
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

// checkFile reads the file at path and compares all of it.
func (g *rig) checkFile(path, etag string, want content) error {
	if filepath.Dir(path) != g.folder {
		return fmt.Errorf("the file is at %s, outside %s", path, g.folder)
	}
	if want == asStored {
		return g.checkStored(path)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	stored := make([]byte, g.object().Size)
	if _, err := io.ReadFull(g.object().Reader(), stored); err != nil {
		return err
	}
	switch want {
	case asStored: // seen to above
	case replaced:
		// That of a file that came in parts has a hyphen and is no MD5 of the whole.
		if sum := fmt.Sprintf(`"%x"`, md5.Sum(got)); sum != etag && etag != "" && !strings.Contains(etag, "-") {
			return fmt.Errorf("%s has the MD5 %s; want that of the new file, %s", path, sum, etag)
		}
		// Each 64 KiB begin with a stamp that tells of which object they are.
		for block := range slices.Chunk(got, 64<<10) {
			if stamp := block[:8]; !bytes.Equal(stamp, got[:8]) || bytes.Equal(stamp, stored[:8]) {
				return fmt.Errorf("%s: the %d bytes are not of the new file alone", path, len(got))
			}
		}
	case shorter:
		if len(got) == 0 || len(got) >= len(stored) {
			return fmt.Errorf("%s has %d bytes, want fewer than %d", path, len(got), len(stored))
		}
	case damaged:
		if len(got) != len(stored) || bytes.Equal(got, stored) {
			return fmt.Errorf("%s: the %d bytes are not wrong", path, len(got))
		}
	}
	return nil
}

// checkStored sees that the file at path is, byte for byte, that on storage, and of its date.
func (g *rig) checkStored(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if want := g.object().Size; info.Size() != want {
		return fmt.Errorf("%s has %d bytes, want %d", path, info.Size(), want)
	}
	if want := g.object().LastModified; !g.undated && !info.ModTime().Equal(want) {
		return fmt.Errorf("%s is of %v, want %v", path, info.ModTime(), want)
	}
	got, stored := make([]byte, 256<<10), make([]byte, 256<<10)
	for at, r := int64(0), g.object().Reader(); at < info.Size(); {
		n := min(int64(len(got)), info.Size()-at)
		_, err1 := io.ReadFull(f, got[:n])
		_, err2 := io.ReadFull(r, stored[:n])
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if !bytes.Equal(got[:n], stored[:n]) {
			return fmt.Errorf("%s is not as on storage in the %d bytes from %d on", path, n, at)
		}
		at += n
	}
	return nil
}

// checkPartials sees that what is left under the name of a partial is how the file
// begins.
func (g *rig) checkPartials(of content) error {
	partials, err := filepath.Glob(filepath.Join(g.folder, "*.part"))
	if err != nil || of != asStored {
		return err
	}
	for _, path := range partials {
		got, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		stored := make([]byte, len(got))
		if n, _ := g.object().ReadAt(stored, 0); n < len(got) || !bytes.Equal(got, stored) || len(got) == 0 {
			return fmt.Errorf("the %d bytes of %s are no beginning of the file", len(got), path)
		}
	}
	return nil
}

// checkFailure sees that a failure is fit to be shown, and tells where the file would have gone once that is known.
func (g *rig) checkFailure(r download.Result) error {
	message := r.Error.Message
	switch {
	case message == "" || strings.ContainsAny(message, "\n\r\x1b"):
		return fmt.Errorf("the message is %q", message)
	case strings.Contains(message, "X-Amz-") || strings.Contains(message, "secret@") || strings.Contains(message, permanentToken):
		return fmt.Errorf("the message tells a secret: %q", message)
	case r.Path != "" && (g.out != nil || filepath.Dir(r.Path) != g.folder || r.Name == ""):
		return fmt.Errorf("the failure of %q has the path %q", r.Name, r.Path)
	case r.Path == "" && g.begun && g.out == nil && r.Error.Code != codeKilled:
		return fmt.Errorf("the failure of %q, which was begun, has no path", r.Name)
	}
	return nil
}

// TestFaultsAreAllPlayed sees that no fault of the sandbox that a transfer can meet is
// missing.
func TestFaultsAreAllPlayed(t *testing.T) {
	played := map[string]bool{}
	for _, r := range rows {
		faults, err := parseFaults(r.faults)
		if err != nil {
			t.Errorf("%s: %v", r.what, err)
		}
		for _, f := range faults {
			played[f.Name] = true
		}
	}
	for _, kind := range sandbox.FaultKinds() {
		if !slices.Contains([]sandbox.Side{sandbox.OnList, sandbox.OnAccount}, kind.Side) && !played[kind.Name] {
			t.Errorf("no row has the fault %s: %s", kind.Name, kind.Doc)
		}
	}
}
