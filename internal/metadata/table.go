package metadata

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/sink"
)

// fileColumns and assetColumns are the columns of every table. Those of the portal's own fields that occur follow.
var (
	fileColumns  = []string{"path", "status", "mediaId", "itemId", "selector", "bytes", "md5"}
	assetColumns = []string{
		"name", "description", "type", "dateCreated", "dateModified", "tags", "brandId", "copyright",
		"archive", "limited", "isPublic", "watermarked",
	}
)

// maxProperties is the largest number of columns of the portal's own fields that a table may have.
const maxProperties = 10_000

// Table is a file of CSV with a row for each file of a run and its asset's metadata. The columns are known when all
// rows are, so the rows stay in a temporary file until then. Its memory is 24 bytes for each row.
type Table struct {
	file, final string
	to          *os.File

	mu         sync.Mutex
	rows       sink.Spool
	positions  []position
	properties map[string]bool
	err        error // the first one
}

// position is where a row stands among the rows.
type position struct {
	number, at int64
	length     int32
}

// row is one row without its position.
type row struct {
	Fields     []string          `json:"f"` // of fileColumns and assetColumns
	Properties map[string]string `json:"p"` // by the names of their columns
}

// OpenTable opens the file at a path, or a temporary file that replaces it in Finish. If the path is a FIFO, OpenTable
// waits for its reader until ctx ends. Finish or Discard must be called.
func OpenTable(ctx context.Context, file string) (*Table, error) {
	pattern := ".metadata-" + hash16(filepath.Base(sink.Destination(file))) + "-*.part"
	to, final, err := sink.OpenReplacing(ctx, file, pattern)
	if err != nil {
		return nil, err
	}
	t := &Table{file: file, final: final, to: to, properties: map[string]bool{}, rows: sink.Spool{Dir: os.TempDir()}}
	if t.replaces() {
		t.rows.Dir = filepath.Dir(final)
		_ = filelock.Try(to) // without locks, the temporary files of killed processes stay
		sweepTables(filepath.Dir(final))
	}
	return t, nil
}

// leftBehind is how long ago a temporary file was changed that a killed process has left: another process may have
// created a younger one, and lock it next.
const leftBehind = time.Minute

// sweepTables removes the temporary files that killed processes have left of tables in a folder, whatever the tables are
// called.
func sweepTables(folder string) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return
	}
	defer func() { _ = root.Close() }()
	filelock.Sweep(root, ".", leftBehind, func(name string) bool {
		matches, _ := filepath.Match(".metadata-*-*.part", name)
		return matches
	})
}

// replaces reports whether the table is written to a file of its own first.
func (t *Table) replaces() bool { return t.to.Name() != t.final }

// Add adds the row of a result, whose path is written as it is; a is nil if the asset's metadata are not known. The rows
// of lower numbers come first, those of one number as they are added. Finish returns the error.
func (t *Table) Add(number int64, r download.Result, a *bynder.Asset) {
	each := row{Fields: []string{r.Path, string(r.Status), r.MediaID, r.ItemID, r.Selector, "", r.MD5}}
	if r.Bytes != nil {
		each.Fields[5] = strconv.FormatInt(*r.Bytes, 10)
	}
	if a == nil {
		each.Fields = append(append(each.Fields, r.Name), make([]string, len(assetColumns)-1)...)
	} else {
		each.Fields = append(each.Fields, a.Texts(assetColumns, false)...)
		each.Properties = map[string]string{}
		if names := a.PropertyFields(); len(names) > 0 {
			for i, value := range a.Texts(names, false) {
				each.Properties[names[i]] = value
			}
		}
	}
	line, err := json.Marshal(each)
	t.mu.Lock()
	defer t.mu.Unlock()
	for name := range each.Properties {
		t.properties[name] = true
	}
	at := t.rows.Size()
	if err == nil && len(t.properties) > maxProperties {
		err = fmt.Errorf("there are more than %d metaproperties", maxProperties)
	}
	if err == nil && t.err == nil {
		_, err = t.rows.Write(line)
	}
	t.err = cmp.Or(t.err, err)
	t.positions = append(t.positions, position{number, at, int32(len(line))})
}

// Replaces reports whether Finish would replace a file that is not empty.
func (t *Table) Replaces() bool {
	info, err := os.Stat(t.final)
	return t.replaces() && err == nil && info.Size() > 0
}

// Refuse makes Finish return an error in place of writing the table. Without an error it does nothing.
func (t *Table) Refuse(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = cmp.Or(t.err, err)
}

// Finish writes the table, which replaces the file if the content differs. If ctx ends first, the file stays as it was.
func (t *Table) Finish(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.rows.Close()
	out := bufio.NewWriter(t.to)
	err := t.err
	if err == nil {
		err = t.write(ctx, out)
	}
	if err == nil {
		err = out.Flush()
	}
	same := err == nil && t.replaces() && sameContent(t.to, t.final)
	err = errors.Join(err, t.to.Close())
	if err == nil && !same && t.replaces() {
		err = os.Rename(t.to.Name(), t.final)
	}
	if err != nil || same {
		t.remove()
	}
	if err != nil {
		return fmt.Errorf("%s was not written: %w", t.file, named(t.file, err))
	}
	return nil
}

// write writes all rows below the header.
func (t *Table) write(ctx context.Context, out io.Writer) error {
	slices.SortStableFunc(t.positions, func(a, b position) int { return cmp.Compare(a.number, b.number) })
	var properties []string
	for name := range t.properties {
		properties = append(properties, name)
	}
	slices.Sort(properties)
	listing := report.NewCSV(out, titles(slices.Concat(fileColumns, assetColumns, properties)))
	if err := listing.Header(); err != nil {
		return err
	}
	var line bytes.Buffer
	for _, at := range t.positions {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line.Reset()
		var each row
		if err := t.rows.CopyTo(&line, at.at, int64(at.length)); err != nil {
			return err
		}
		if err := json.Unmarshal(line.Bytes(), &each); err != nil {
			return err
		}
		for _, name := range properties {
			each.Fields = append(each.Fields, each.Properties[name])
		}
		if err := listing.Row(report.Row{Fields: each.Fields}); err != nil {
			return err
		}
	}
	return nil
}

// titles returns the names of columns, with a number after those that would be written as an earlier one is.
func titles(columns []string) []string {
	seen := map[string]bool{}
	all := make([]string, len(columns))
	for i, name := range columns {
		title := report.Clean(name)
		for n := 2; seen[title]; n++ {
			title = fmt.Sprintf("%s (%d)", report.Clean(name), n)
		}
		seen[title], all[i] = true, title
	}
	return all
}

// sameContent reports whether a file that was written has the bytes of the one at a path.
func sameContent(written *os.File, path string) bool {
	old, err := os.Open(path)
	if err != nil {
		return false
	}
	defer old.Close()
	if _, err := written.Seek(0, io.SeekStart); err != nil {
		return false
	}
	a, b := bufio.NewReader(written), bufio.NewReader(old)
	for {
		one, err := a.ReadByte()
		other, failed := b.ReadByte()
		if err != nil || failed != nil {
			return err == io.EOF && failed == io.EOF
		}
		if one != other {
			return false
		}
	}
}

// Discard leaves the file as it was.
func (t *Table) Discard() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows.Close()
	t.to.Close()
	t.remove()
}

// remove removes the file that was to become the table.
func (t *Table) remove() {
	if t.replaces() {
		_ = os.Remove(t.to.Name())
	}
}
