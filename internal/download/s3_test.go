package download_test

import (
	"context" //nolint:gosec // it is what S3 computes
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
)

// TestS3 gets files from a real S3 server instead of the sandbox, which is our own idea
// of one. BYNDER_CHECK_S3 is the path of a versitygw program; `make check-s3` builds
// one and sets it.
func TestS3(t *testing.T) {
	program := os.Getenv("BYNDER_CHECK_S3")
	if program == "" {
		t.Skip("BYNDER_CHECK_S3 names no versitygw; make check-s3 builds one")
	}
	s := startS3(t, program)
	for name, test := range map[string]func(*testing.T, *s3World){
		"an object put whole is verified by its MD5": wholeObject,
		"an empty object": emptyObject,
		"an object put in parts is verified by its multipart ETag":   objectInParts,
		"parts of no usual size leave the length to verify":          objectInOddParts,
		"a run continues what an interrupted one left":               continuedWhole,
		"a run continues an object put in parts":                     continuedParts,
		"a location that expired in mid-file is replaced in advance": expiredInMidFile,
		"a location that storage calls expired is replaced":          expiredBehindRedirect,
		"a location that has expired when it is given is replaced":   expiredWhenGiven,
		"an object that changed between runs is not continued":       changedBetweenRuns,
		"an object that changed in mid-file is started over":         changedInMidFile,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newS3World(t, s))
		})
	}
}

func wholeObject(t *testing.T, w *s3World) {
	want := w.put(t, 3*mib+7)
	disposition := url.Values{"response-content-disposition": {`attachment; filename*=UTF-8''Caf%C3%A9%20%E2%80%93%20final.bin`}}
	w.locate = func(int) string { return w.presign(disposition, time.Now(), time.Hour) }
	r := w.get(t)
	w.expect(t, r, want, download.VerifiedMD5)
	if name := filepath.Base(r.Path); name != "Café – final.bin" {
		t.Errorf("the file is called %q", name)
	}
	if r.ETag != `"`+md5Hex(want)+`"` {
		t.Errorf("the ETag is %s", r.ETag)
	}
	w.expectWire(t, exchange{status: 200})
	w.expectUnchanged(t)
}

func emptyObject(t *testing.T, w *s3World) {
	want := w.put(t, 0)
	w.expect(t, w.get(t), want, download.VerifiedMD5)
}

func objectInParts(t *testing.T, w *s3World) {
	want := w.putParts(t, 5*mib, 5*mib, 2*mib)
	r := w.get(t)
	w.expect(t, r, want, download.VerifiedMultipart)
	if !strings.HasSuffix(r.ETag, `-3"`) {
		t.Errorf("the ETag is %s", r.ETag)
	}
	w.expectUnchanged(t)
}

func objectInOddParts(t *testing.T, w *s3World) {
	want := w.putParts(t, 5*mib+1, 5*mib+1, 1000)
	w.expect(t, w.get(t), want, "size")
}

func continuedWhole(t *testing.T, w *s3World) {
	w.continued(t, w.put(t, 24*mib), download.VerifiedMD5)
}

func continuedParts(t *testing.T, w *s3World) {
	w.continued(t, w.putParts(t, 8*mib, 8*mib, 8*mib), download.VerifiedMultipart)
}

// continued interrupts a run after held bytes and lets another one bring the rest.
func (w *s3World) continued(t *testing.T, want []byte, by download.Verified) {
	const held = 9*mib + 3
	w.interrupt(t, held)
	before := w.fetched.Load()
	r := w.get(t)
	w.expect(t, r, want, by)
	if r.ResumedFrom != held {
		t.Errorf("resumed from %d, want %d", r.ResumedFrom, held)
	}
	if n, rest := w.fetched.Load()-before, int64(len(want)-held); n != rest {
		t.Errorf("the second run read %d bytes from connections, want the %d that were missing", n, rest)
	}
	w.expectWire(t,
		exchange{status: 200},
		exchange{status: 200}, // whose body is not read
		exchange{status: 206, ranged: fmt.Sprintf("bytes=%d-", held), ifMatch: r.ETag})
}

func expiredInMidFile(t *testing.T, w *s3World) {
	want := w.put(t, 6*mib)
	signed := time.Now()
	w.locate = w.firstThenLasting(func() string { return w.presign(nil, signed, shortLife) })
	w.cut(2*mib, untilExpired(signed))
	r := w.get(t)
	w.expect(t, r, want, download.VerifiedMD5)
	w.expectLocations(t, 2)
	w.expectWire(t,
		exchange{status: 200},
		exchange{status: 206, ranged: fmt.Sprintf("bytes=%d-", 2*mib), ifMatch: r.ETag})
}

// expiredBehindRedirect has a location that does not tell when it expires, so that
// storage is the one who says so.
func expiredBehindRedirect(t *testing.T, w *s3World) {
	want := w.put(t, 6*mib)
	signed := time.Now()
	w.locate = w.firstThenLasting(func() string {
		return w.wire.URL + redirector + url.QueryEscape(w.presign(nil, signed, shortLife))
	})
	w.cut(2*mib, untilExpired(signed))
	r := w.get(t)
	w.expect(t, r, want, download.VerifiedMD5)
	w.expectLocations(t, 2)
	rest := exchange{ranged: fmt.Sprintf("bytes=%d-", 2*mib), ifMatch: r.ETag}
	refused, continued := rest, rest
	refused.status, continued.status = 403, 206
	w.expectWire(t, exchange{status: 200}, refused, continued)
}

func expiredWhenGiven(t *testing.T, w *s3World) {
	want := w.put(t, mib)
	w.locate = w.firstThenLasting(func() string { return w.presign(nil, time.Now().Add(-time.Hour), time.Second) })
	w.expect(t, w.get(t), want, download.VerifiedMD5)
	w.expectLocations(t, 2)
	w.expectWire(t, exchange{status: 403}, exchange{status: 200})
}

func changedBetweenRuns(t *testing.T, w *s3World) {
	w.put(t, 4*mib)
	w.interrupt(t, mib)
	want := w.put(t, 4*mib)
	r := w.get(t)
	w.expect(t, r, want, download.VerifiedMD5)
	if r.ResumedFrom != 0 {
		t.Errorf("resumed from %d of another object", r.ResumedFrom)
	}
	w.expectWire(t, exchange{status: 200}, exchange{status: 200})
}

func changedInMidFile(t *testing.T, w *s3World) {
	was := w.put(t, 4*mib)
	want := w.content(4 * mib)
	w.cut(mib, func(context.Context) { w.server.do(t, http.MethodPut, w.key, nil, want) })
	w.expect(t, w.get(t), want, download.VerifiedMD5)
	rest := fmt.Sprintf("bytes=%d-", mib)
	w.expectWire(t,
		exchange{status: 200},
		exchange{status: 412, ranged: rest, ifMatch: `"` + md5Hex(was) + `"`},
		exchange{status: 206, ranged: rest}, // of the new object: for all that is known, If-Match was the trouble
		exchange{status: 200})
}
