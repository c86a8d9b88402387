package transfer

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// One chunk may be as long as a file, and a slow line bring it in no time that anybody would wait
// without a byte. They are read as they come.
func TestALongChunkOnASlowLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(20*maxUnsized, 1).with(func(f *file) { f.etag = "" })
		s := newStorage(t, f, func(f *file, w http.ResponseWriter, _ *http.Request) {
			conn, out, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n%x\r\n", len(f.bytes))
			for piece := range slices.Chunk(f.bytes, maxUnsized/2) {
				_, _ = out.Write(piece) // the client says how it went
				_ = out.Flush()
				time.Sleep(5 * time.Second) //nolint:forbidigo // the clock is the bubble's
			}
			fmt.Fprint(out, "\r\n0\r\n\r\n")
			_ = out.Flush()
		})
		stream, err := New(Options{Client: s.client, AllowHTTP: true}).Open(t.Context(), s.source(new(int)), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		dst := newPartial(t, nil)
		if err := Copy(t.Context(), dst, stream, nil, nil, nil); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(dst.content(t), f.bytes) {
			t.Error("the file is not what storage has")
		}
	})
}

// records is a body that yields one record a read, and knows how many bytes have arrived.
type records struct {
	sizes   []int
	arrived int
}

func (r *records) Waiting() int { return r.arrived }

func (r *records) Close() error { return nil }

func (r *records) Read(p []byte) (int, error) {
	if len(r.sizes) == 0 {
		return 0, io.EOF
	}
	n := min(len(p), r.sizes[0])
	r.sizes[0] -= n
	if r.sizes[0] == 0 {
		r.sizes = r.sizes[1:]
	}
	r.arrived = max(r.arrived-n, 0)
	return n, nil
}

// A read takes more than one record only where it does not have to wait for it.
func TestAnswerGathersWhatHasArrived(t *testing.T) {
	const record = 16 << 10
	ofMany := func() []int {
		sizes := make([]int, 40)
		for i := range sizes {
			sizes[i] = record
		}
		return sizes
	}
	tests := []struct {
		name    string
		arrived int
		sizes   []int
		buffer  int
		n       int
		err     error
	}{
		{"nothing else", record, ofMany(), mib, record, nil},
		{"less than one more", record + recordBytes - 1, ofMany(), mib, record, nil},
		{"one more", record + recordBytes, ofMany(), mib, 2 * record, nil},
		{"all", 40 * recordBytes, ofMany(), mib, gatherBytes, nil},
		{"a small buffer", 40 * recordBytes, ofMany(), 3*record - 100, 3*record - 100, nil},
		{"the end", recordBytes * 10, []int{record, 77}, mib, record + 77, io.EOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &records{sizes: tt.sizes, arrived: tt.arrived}
			a := &answer{sized: true, body: r, cancel: func() {}, arrivals: r, enough: recordBytes}
			defer a.close()
			if n, err := a.read(make([]byte, tt.buffer)); n != tt.n || err != tt.err { //nolint:errorlint // as it is
				t.Errorf("read = %d, %v; want %d, %v", n, err, tt.n, tt.err)
			}
		})
	}
	// Where nobody knows what has arrived, each read is one.
	r := &records{sizes: ofMany(), arrived: mib}
	a := &answer{sized: true, body: r, cancel: func() {}}
	defer a.close()
	if n, err := a.read(make([]byte, mib)); n != record || err != nil {
		t.Errorf("read = %d, %v; want one record", n, err)
	}
}
