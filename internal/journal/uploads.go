package journal

import (
	"encoding/json"

	"github.com/bynder-cli/bynder/internal/download"
)

// OwnsUploads reports whether no other process has the uploads that the journal records: it is a file that is locked for this
// process, and the lock of a process that was killed ends with it. Segments have no lock, nor have some file systems.
func (j *Journal) OwnsUploads() bool { return j.locked }

// Upload returns the upload in the latest intent of a file without a result since; ok is false if there is none.
func (j *Journal) Upload(file download.FileID) (u download.Upload, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	offset, pending := j.view.pending[j.view.print(file)]
	if !pending {
		return u, false
	}
	r, ok := parse(j.view.line(offset))
	if !ok || r.file() != file || len(r.upload) == 0 || json.Unmarshal(r.upload, &u) != nil {
		return download.Upload{}, false // such as one that another program wrote
	}
	return u, u.ID != ""
}
