package mirror

import (
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
)

// recordedIn is a place whose journal is of the objects in a store.
type recordedIn struct {
	*place
	*store
}

// verify returns what is found; see foundBy.
func (r recordedIn) verify(t *testing.T, o Options) []string {
	t.Helper()
	return foundBy(t, func(each func(Finding) error) error { return r.each(t, o, each) })
}

func (r recordedIn) each(t *testing.T, o Options, each func(Finding) error) error {
	t.Helper()
	if err := os.WriteFile(r.file, []byte(r.lines.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	files, err := journal.OpenObjects(t.Context(), journal.Source{Name: r.file})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	return VerifyBucket(t.Context(), r.Client, r.at, files, o, each)
}

// requests returns the requests of an operation so far.
func (r recordedIn) requests(operation string) int64 {
	return r.sandbox.Stats().BucketRequests[operation]
}

func of(path, etag string) []string {
	return []string{"Bynder-Portal", "p", "Bynder-Media-Id", path, "Bynder-Selector", "original", "Bynder-Etag", etag}
}

func sums(content string) string { return fmt.Sprintf(`,"md5":"%x"`, md5.Sum([]byte(content))) }

// TestVerifyBucket holds the comparison with a list, with a HEAD for each object whose ETag is not its MD5, and with the bytes.
func TestVerifyBucket(t *testing.T) {
	r := recordedIn{newPlace(t), newStore(t)}
	long := inParts("a")
	r.put(t, "ok", "whole")
	r.put(t, "sub/ok", "")
	r.put(t, "flipped", "wHole", of("flipped", "%22v1%22")...)
	r.put(t, "longer", "wholes")
	r.put(t, "sums", "whole")
	r.put(t, "wrong", "wHole")
	r.put(t, "none", "whole")
	r.put(t, "tagged", "whole")
	r.putParts(t, "parts/ours", "a", of("parts/ours", "%22v1%22")...)
	r.putParts(t, "parts/damaged", "b", of("parts/damaged", "%22v1%22")...)
	r.putParts(t, "parts/newer", "b", of("parts/newer", "%22v2%22")...)
	r.putParts(t, "parts/other file", "b", of("parts/ours", "%22v1%22")...)
	r.putParts(t, "parts/foreign", "b")
	r.putParts(t, "parts/weak", "a", of("parts/weak", "W/%22v1%22")...)
	r.putParts(t, "parts/same", "a")
	r.putParts(t, "parts/unhashed", "a", of("parts/unhashed", "%22v1%22")...)
	r.put(t, "extra", "1")
	r.put(t, "extra.part", "1")
	r.put(t, "ok.metadata.json", "{}")
	r.put(t, "extra.metadata.json", "{}")
	r.put(t, ".bynder/lock", "1")

	r.received("ok", "whole")
	r.received("sub/ok", "")
	r.received("gone", "whole")
	r.received("flipped", "whole")
	r.received("longer", "whole")
	r.record("sums", 5, fmt.Sprintf(`,"checksum":"sha256:%x"`, sha256.Sum256([]byte("whole"))))
	r.record("wrong", 5, fmt.Sprintf(`,"checksum":"sha256:%x"`, sha256.Sum256([]byte("whole"))))
	r.record("none", 5, "")
	r.record("tagged", 5, fmt.Sprintf(`,"etag":"\"%x\""`, md5.Sum([]byte("whole"))))
	for _, name := range []string{"ours", "damaged", "newer", "other file", "foreign"} {
		r.record("parts/"+name, len(long), `,"etag":"\"v1\""`+sums(long))
	}
	r.record("parts/weak", len(long), `,"etag":"W/\"v1\""`+sums(long))
	r.putParts(t, "parts/tagged", "a")
	r.putParts(t, "parts/again", "b", of("parts/again", "%22v1%22")...)
	r.record("parts/tagged", len(long), `,"objectEtag":"`+etagOfParts(long)+`"`+sums(long))
	r.record("parts/again", len(long), `,"etag":"\"v1\"","objectEtag":"`+etagOfParts(long)+`"`+sums(long))
	r.record("parts/same", len(long), `,"etag":"\"`+etagOfParts(long)+`\""`+sums(long))
	r.record("parts/unhashed", len(long), `,"etag":"\"`+etagOfParts(long)+`\""`)

	wantFound(t, r.verify(t, Options{Extra: true}),
		"ok ok", "ok sub/ok", "missing gone", "changed flipped md5", "changed longer size", "unknown sums", "unknown wrong", "unknown none", "ok tagged",
		"ok parts/ours", "ok parts/damaged", "changed parts/newer version", "changed parts/other file version", "changed parts/foreign version",
		"unknown parts/weak", "ok parts/tagged", "changed parts/again version", "ok parts/same", "ok parts/unhashed", "extra extra", "extra extra.metadata.json", "extra extra.part")
	if lists, heads, gets := r.requests("ListObjectsV2"), r.requests("HeadObject"), r.requests("GetObject"); lists != 1 || heads != 11 || gets != 0 {
		t.Errorf("%d lists, %d HEAD and %d GET requests, want 1, 11 and 0", lists, heads, gets)
	}
	wantFound(t, r.verify(t, Options{Fast: true}),
		"ok ok", "ok sub/ok", "missing gone", "ok flipped", "changed longer size", "ok sums", "ok wrong", "ok none", "ok tagged",
		"ok parts/ours", "ok parts/damaged", "ok parts/newer", "ok parts/other file", "ok parts/foreign", "ok parts/weak", "ok parts/tagged", "ok parts/again", "ok parts/same", "ok parts/unhashed")
	read := new(atomic.Int64)
	wantFound(t, r.verify(t, Options{Full: true, Read: func(n int64) { read.Add(n) }}),
		"ok ok", "ok sub/ok", "missing gone", "changed flipped md5", "changed longer size", "ok sums", "changed wrong sha256", "unknown none", "ok tagged",
		"ok parts/ours", "changed parts/damaged md5", "changed parts/newer md5", "changed parts/other file md5", "changed parts/foreign md5",
		"ok parts/weak", "ok parts/tagged", "changed parts/again md5", "ok parts/same", "ok parts/unhashed")
	if want := int64(5*5 + 10*len(long)); read.Load() != want {
		t.Errorf("%d bytes were read, want %d", read.Load(), want)
	}
	if lists, heads := r.requests("ListObjectsV2"), r.requests("HeadObject"); lists != 3 || heads != 11 {
		t.Errorf("%d lists and %d HEAD requests in all, want 3 and 11", lists, heads)
	}
}

// etagOfParts returns the ETag that S3 gives to an object of putParts.
func etagOfParts(content string) string {
	first, second := md5.Sum([]byte(content[:5<<20])), md5.Sum([]byte(content[5<<20:]))
	return fmt.Sprintf("%x-2", md5.Sum(append(first[:], second[:]...)))
}

// TestVerifyBucketMetadata holds the comparison of objects with metadata that sync writes beside a file.
func TestVerifyBucketMetadata(t *testing.T) {
	r := recordedIn{newPlace(t), newStore(t)}
	for _, name := range []string{"a", "b", "c"} {
		r.put(t, name, "whole")
		r.record(name, 5, sums("whole")+fmt.Sprintf(`,"listed":{"metadata":"%x"}`, md5.Sum([]byte("{}"))))
	}
	r.put(t, "a.metadata.json", "{}")
	r.put(t, "b.metadata.json", "{ }")
	for _, o := range []Options{{Extra: true}, {Full: true}} {
		wantFound(t, r.verify(t, o), "ok a", "ok a.metadata.json", "ok b", "changed b.metadata.json md5", "ok c", "missing c.metadata.json")
	}
	wantFound(t, r.verify(t, Options{Fast: true}), "ok a", "ok a.metadata.json", "ok b", "ok b.metadata.json", "ok c", "missing c.metadata.json")
}

// TestVerifyBucketKeyed holds the comparison where ETags are not digests.
func TestVerifyBucketKeyed(t *testing.T) {
	r := recordedIn{newPlace(t), newStore(t, "s3-etag")}
	r.put(t, "ours", "whole", of("ours", "%22v1%22")...)
	r.put(t, "newer", "wHole", of("newer", "%22v2%22")...)
	r.put(t, "foreign", "wHole")
	r.put(t, "foreign.metadata.json", "{}")
	r.fault(t)
	r.record("ours", 5, `,"etag":"\"v1\""`+sums("whole"))
	r.record("newer", 5, `,"etag":"\"v1\""`+sums("whole"))
	r.record("foreign", 5, `,"etag":"\"v1\""`+sums("whole")+fmt.Sprintf(`,"listed":{"metadata":"%x"}`, md5.Sum([]byte("{}"))))
	wantFound(t, r.verify(t, Options{}), "ok ours", "changed newer version", "changed foreign version", "unknown foreign.metadata.json")
	wantFound(t, r.verify(t, Options{Full: true}), "ok ours", "changed newer md5", "changed foreign md5", "ok foreign.metadata.json")
}

// TestVerifyBucketFails: no list is an error; an object that cannot be looked at or read is unknown, and says why; one that
// has gone since the list is missing.
func TestVerifyBucketFails(t *testing.T) {
	r := recordedIn{newPlace(t), newStore(t)}
	r.put(t, "a", "wHole")
	r.received("a", "whole")
	r.fault(t, "s3-denied=get")
	for _, o := range []Options{{}, {Full: true}} {
		wantFound(t, r.verify(t, o), "unknown a unreadable")
	}
	r.fault(t, "s3-denied=list")
	if err := r.each(t, Options{}, func(f Finding) error { t.Errorf("found %+v", f); return nil }); err == nil || !strings.Contains(err.Error(), "no permission") {
		t.Errorf("without a list: %v", err)
	}
	r.fault(t)
	objects, err := ListObjects(t.Context(), r.Client, r.at, nil)
	if err != nil {
		t.Fatal(err)
	}
	look := func(o Options) Finding {
		l := &objectLooker{objects, o}
		return l.look(t.Context(), Finding{Record: download.Result{MediaID: "a", Path: "a", Bytes: new(int64(5))}, Size: -1}, strings.Repeat("0", 32), InMD5)
	}
	r.put(t, "a", "other")
	if got := look(Options{Full: true}); got.Status != Unknown || !errors.Is(got.Err, bucket.ErrCondition) {
		t.Errorf("an object that was replaced since the list: %+v", got)
	}
	r.put(t, "a", "longer")
	if got := look(Options{}); got.Status != Changed || got.Differ != InSize || got.Size != 6 {
		t.Errorf("an object that was replaced by a longer one since the list: %+v", got)
	}
	if err := r.Delete(t.Context(), "p/a"); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {Full: true}} {
		if got := look(o); got.Status != Missing || got.Size != -1 || got.Err != nil {
			t.Errorf("an object that was removed since the list: %+v", got)
		}
	}
}
