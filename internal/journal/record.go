package journal

import (
	"bytes"
	"encoding/json"
	"hash/maphash"

	"github.com/bynder-cli/bynder/internal/download"
)

// parse reads a line. ok is false for a line that is neither a result nor an intent.
func parse(line []byte) (_ record, ok bool) {
	var r record
	if !scan(line, &r) {
		if r, ok = unmarshal(line); !ok {
			return record{}, false
		}
	}
	return r, len(r.mediaID.raw) > 0 && len(r.status.raw) > 0
}

// unmarshal reads a line as encoding/json does.
func unmarshal(line []byte) (record, bool) {
	var v *struct {
		Portal, MediaID, Selector, ItemID, Status, Path, ETag, Suspect, MD5, Verified, Checksum string

		Bytes *int64
		Error struct{ Code string }
	}
	if err := json.Unmarshal(line, &v); err != nil || v == nil {
		return record{}, false
	}
	plain := func(s string) text { return text{raw: []byte(s)} }
	r := record{
		portal: plain(v.Portal), mediaID: plain(v.MediaID), selector: plain(v.Selector),
		itemID: plain(v.ItemID), status: plain(v.Status), path: plain(v.Path),
		etag: plain(v.ETag), suspect: plain(v.Suspect), md5: plain(v.MD5), verified: plain(v.Verified), checksum: plain(v.Checksum),
		cause: plain(v.Error.Code),
	}
	if v.Bytes != nil {
		r.bytes, r.sized = *v.Bytes, true
	}
	return r, true
}

// intended reports whether the record is an intent.
func (r *record) intended() bool { return r.status.is(string(intended)) }

// about reports whether the record is about a file.
func (r *record) about(file download.FileID) bool {
	return r.mediaID.is(file.MediaID) && r.selector.is(file.Selector) && r.portal.is(file.Portal)
}

// sameFile reports whether two records are about one file.
func sameFile(a, b *record) bool {
	return bytes.Equal(a.mediaID.bytes(), b.mediaID.bytes()) &&
		bytes.Equal(a.selector.bytes(), b.selector.bytes()) && bytes.Equal(a.portal.bytes(), b.portal.bytes())
}

// fingerprint returns that of the file that the record is about, as fingerprintOf does.
func (r *record) fingerprint(seed maphash.Seed) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, t := range [...]text{r.portal, r.mediaID, r.selector} {
		_, _ = h.Write(t.bytes())
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

// fingerprintOf returns a 64-bit hash of a file's identity.
func fingerprintOf(file download.FileID, seed maphash.Seed) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, s := range [...]string{file.Portal, file.MediaID, file.Selector} {
		_, _ = h.WriteString(s)
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

// result is the record as this run tells it: the file is at path, nothing was done.
func (r *record) result(status download.Status, path string) download.Result {
	size := r.bytes
	return download.Result{
		Portal: r.portal.String(), MediaID: r.mediaID.String(), Selector: r.selector.String(), ItemID: r.itemID.String(),
		Status: status, Path: path, Bytes: &size, ETag: r.etag.String(), MD5: r.md5.String(),
		Verified: download.Verified(r.verified.String()), Checksum: r.checksum.String(),
	}
}
