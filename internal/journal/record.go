package journal

import (
	"bytes"
	"encoding/json"

	"github.com/bynder-cli/bynder/internal/download"
)

// record has the fields of a line that the journal uses. It is valid as long as the line is.
type record struct {
	portal, mediaID, selector []byte // the file
	itemID, status, path      []byte
	name, etag, suspect, md5  []byte
	chosen, encoding          []byte
	objectETag                []byte
	listed, upload            []byte // JSON
	verified, checksum        []byte
	finished                  []byte // RFC 3339
	cause                     []byte // error.code
	bytes                     int64
	sized                     bool // bytes is known
}

// parse reads a line. ok is false for a line that is neither a result nor an intent.
func parse(line []byte) (_ record, ok bool) {
	var r record
	if !scan(line, &r) {
		if r, ok = unmarshal(line); !ok {
			return record{}, false
		}
	}
	return r, len(r.mediaID) > 0 && len(r.status) > 0
}

// unmarshal reads a line as encoding/json does.
func unmarshal(line []byte) (record, bool) {
	var v *struct {
		Portal, MediaID, Selector, ItemID, Status, Name, Path, ETag, Suspect, MD5, Chosen, Verified, Checksum, Encoding, ObjectETag string

		Bytes          *int64
		Listed, Upload json.RawMessage
		Error          struct{ Code string }

		FinishedAt any // a string, unless another program wrote it
	}
	if err := json.Unmarshal(line, &v); err != nil || v == nil {
		return record{}, false
	}
	r := record{
		portal: []byte(v.Portal), mediaID: []byte(v.MediaID), selector: []byte(v.Selector),
		itemID: []byte(v.ItemID), status: []byte(v.Status), name: []byte(v.Name), path: []byte(v.Path),
		etag: []byte(v.ETag), suspect: []byte(v.Suspect), md5: []byte(v.MD5), chosen: []byte(v.Chosen), encoding: []byte(v.Encoding),
		verified: []byte(v.Verified), checksum: []byte(v.Checksum), cause: []byte(v.Error.Code), listed: v.Listed,
		objectETag: []byte(v.ObjectETag), upload: v.Upload,
	}
	if v.Bytes != nil {
		r.bytes, r.sized = *v.Bytes, true
	}
	if finished, ok := v.FinishedAt.(string); ok {
		r.finished = []byte(finished)
	}
	return r, true
}

// is reports whether the record has a status.
func (r *record) is(status download.Status) bool { return string(r.status) == string(status) }

// isFile reports whether the record is of a file that the program has, or an intent would have, put in place.
func (r *record) isFile() bool {
	return r.is(download.Downloaded) || r.is(download.Unchanged) || r.is(intended)
}

// file returns which file the record is about.
func (r *record) file() download.FileID {
	return download.FileID{Portal: string(r.portal), MediaID: string(r.mediaID), Selector: string(r.selector)}
}

// listsSame reports whether the record has what the portal's list told, and the MD5, of a result.
func (r *record) listsSame(other download.Result) bool {
	known := r.result(download.Unchanged, "")
	before, err := json.Marshal(known.Listed)
	now, err2 := json.Marshal(other.Listed)
	return err == nil && err2 == nil && bytes.Equal(before, now) && (other.MD5 == "" || other.MD5 == known.MD5)
}

// result returns the record as a result of this run with a status and the file's path.
func (r *record) result(status download.Status, path string) download.Result {
	size, file := r.bytes, r.file()
	var listed *download.Listed
	if len(r.listed) > 0 && json.Unmarshal(r.listed, &listed) != nil {
		listed = nil // another program wrote it, with fields of other types
	}
	return download.Result{
		Portal: file.Portal, MediaID: file.MediaID, Selector: file.Selector, ItemID: string(r.itemID),
		Status: status, Name: string(r.name), Path: path, Bytes: &size, ETag: string(r.etag), MD5: string(r.md5), Chosen: string(r.chosen),
		Verified: download.Verified(r.verified), Checksum: string(r.checksum), Suspect: string(r.suspect), Encoding: string(r.encoding), Listed: listed,
		ObjectETag: string(r.objectETag),
	}
}
