package sandbox

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// encodings are the variants of the fault encoding.
var encodings = []string{"gzip", "deflate", "raw", "proxy", "lie", "br", "bomb"}

// encodeStored returns the object as storage has it with the fault encoding, and sets the headers that say so.
func encodeStored(h http.Header, o Object, active activeFaults) Object {
	f, ok := active.get("encoding")
	if !ok || f.Text == "proxy" || o.Size > largestDigested {
		return o
	}
	label := "gzip"
	switch f.Text {
	case "gzip":
		o = o.Packed(f.Text)
	case "deflate", "raw":
		o, label = o.Packed(f.Text), "deflate"
	case "bomb":
		o.content, o.Size, o.recorded, o.partSize, o.seed = zeros(), int64(len(zeros())), "", 0, seedOf("bomb")
	case "br":
		label = "br"
	}
	h.Set("Content-Encoding", label)
	h.Set("Content-Length", strconv.FormatInt(o.Size, 10)) // http.ServeContent leaves it out
	return o
}

// encodeOnTheWay returns what a proxy makes of a whole answer with the object: it packs the bytes, does not know their
// length, and changes no validator.
func encodeOnTheWay(h http.Header, r *http.Request, o Object, active activeFaults) Object {
	f, _ := active.get("encoding")
	if f.Text != "proxy" || r.Header.Get("Range") != "" || o.Size > largestDigested {
		return o
	}
	h.Set("Content-Encoding", "gzip")
	return o.Packed("gzip")
}

// Packed returns the object with its bytes packed by "gzip", by "deflate" (zlib), or by "raw" (deflate without a header).
// The first call for a large object takes a while, ten seconds and more under the race detector: a test that
// does not want its client to wait for storage calls it beforehand.
func (o Object) Packed(how string) Object {
	b := packings.get(o, how)
	o.content, o.Size, o.recorded = b, int64(len(b)), ""
	o.seed = mix64(o.seed ^ seedOf("encoding", how))
	return o
}

// pack returns the packed bytes of the object.
func (o Object) pack(how string) []byte {
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	switch how {
	case "deflate":
		w = zlib.NewWriter(&b)
	case "raw":
		w, _ = flate.NewWriter(&b, flate.DefaultCompression) // fails for unknown levels only
	}
	_, _ = io.Copy(w, o.Reader()) // neither end can fail
	_ = w.Close()
	return b.Bytes()
}

// packings remembers packed bytes.
var packings packingCache

type packingCache struct{ cache[packingKey, []byte] }

type packingKey struct {
	digestKey
	how string
}

const maxPackings = 8 // of up to 32 MiB

func (c *packingCache) get(o Object, how string) []byte {
	if o.content != nil { // drawn or read from a file: small, and not known by its seed
		return o.pack(how)
	}
	return c.once(packingKey{digestKey{o.seed, o.Size, o.partSize}, how}, maxPackings, func() []byte { return o.pack(how) })
}

// zeros are 20 MiB of zeros, packed: a thousandth of that.
var zeros = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(make([]byte, 20<<20))
	_ = w.Close()
	return b.Bytes()
})
