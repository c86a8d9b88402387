package journal

import (
	"context"
	"crypto/md5" //nolint:gosec // it recognizes a file that this program wrote, and guards against accidents only
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"

	"github.com/bynder-cli/bynder/internal/download"
)

// intended is the status of an intent. No result has it.
const intended download.Status = "intent"

// Intend implements download.Recorder: it adds the intent to put r's file at r.Path, with
// one write. It is on disk when the results that follow are, but no kill loses it.
func (j *Journal) Intend(r download.Result) error {
	e, ok := j.entry(r)
	if !ok || e.name == "" {
		return nil // its result would not be recorded either
	}
	e.result.Status = intended
	lines, err := j.lines([]entry{e})
	if err == nil {
		err = j.append(lines)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &download.Error{Code: download.CodeDiskFull, Err: err, Advice: "free some space where the journal is, then run the same command again to continue"}
	default:
		return &download.Error{Code: download.CodeLocal, Err: err, Advice: "see that the journal can be written, then run the same command again to continue"}
	}
}

// settleIntents makes results of the intents that came true: a process was killed after it
// had published their files. Those whose path has another file of that size are superseded.
// The others stay until a result follows: the file may be in another folder than the run's.
func (j *Journal) settleIntents(ctx context.Context) error {
	var came []entry
	for print, offset := range j.view.pending {
		line := j.view.line(offset)
		r, ok := parse(line)
		if !ok || !r.is(intended) {
			delete(j.view.pending, print)
			continue
		}
		name, inside := j.place.local(string(r.path))
		if !inside || !j.place.stands(name, &r) {
			continue
		}
		delete(j.view.pending, print)
		var result download.Result
		if json.Unmarshal(line, &result) != nil {
			continue
		}
		same, err := j.place.hasMD5(ctx, name, string(r.md5))
		if err != nil {
			return err
		}
		if same {
			j.view.index.Put(print, offset)
			result.Status, result.Path = download.Downloaded, j.place.path(name)
			came = append(came, entry{result, name})
		}
	}
	if j.opts.DryRun {
		return nil
	}
	for group := range slices.Chunk(came, half) {
		if err := j.flush(group); err != nil {
			return err
		}
	}
	return nil
}

// hasMD5 reports whether a file has the MD5, in hexadecimal digits. A file that cannot be
// read does not; the only error is that of ctx.
func (p *place) hasMD5(ctx context.Context, name, want string) (bool, error) {
	f, err := p.root.Open(name)
	if err != nil {
		return false, nil // it is not known to be the file
	}
	defer f.Close()
	h := md5.New() //nolint:gosec // see the import
	for {
		if ctx.Err() != nil {
			return false, fmt.Errorf("checking the files of a run that was killed: %w", context.Cause(ctx))
		}
		_, err := io.CopyN(h, f, chunk)
		if err == io.EOF { //nolint:errorlint // io.CopyN does not wrap it
			return hex.EncodeToString(h.Sum(nil)) == want, nil
		}
		if err != nil {
			return false, nil
		}
	}
}
