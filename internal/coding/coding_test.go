package coding

import (
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestOf(t *testing.T) {
	for _, tt := range []struct {
		want   string
		values []string
	}{
		{"", nil},
		{"", []string{""}},
		{"", []string{"identity"}},
		{"", []string{" Identity ", "aws-chunked"}},
		{"gzip", []string{"gzip"}},
		{"gzip", []string{"X-GZip"}},
		{"gzip", []string{"aws-chunked, gzip"}},
		{"gzip", []string{"gzip,identity,"}},
		{"deflate", []string{"deflate"}},
		{"br", []string{"BR"}},
		{"gzip, gzip", []string{"gzip,gzip"}},
		{"deflate, gzip", []string{"deflate", "gzip"}},
		{"utf-8", []string{"utf-8"}},
	} {
		if got := Of(http.Header{"Content-Encoding": tt.values}); got != tt.want {
			t.Errorf("%q is %q, want %q", tt.values, got, tt.want)
		}
	}
}

func TestIsFormat(t *testing.T) {
	for name, want := range map[string]bool{
		"logo.svg": false, "logo.svgz": true, "LOGO.SVGZ": true, "a.tar.gz": true, "a.tgz": true, "gz": false, "a.gz.svg": false, "": false, "drawing.emz": true,
	} {
		if got := IsFormat(Gzip, name); got != want {
			t.Errorf("%q with gzip: %v", name, got)
		}
		if IsFormat(Deflate, name) {
			t.Errorf("%q is in the format of deflate", name)
		}
	}
}

// drawing is text as an SVG file has it, of about size bytes.
func drawing(size int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	b.WriteString("<svg>")
	for b.Len() < size {
		fmt.Fprintf(&b, `<path d="M%d %dL%d %d"/>`, random.IntN(1000), random.IntN(1000), random.IntN(1000), random.IntN(1000))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// pack returns plain in a coding: gzip, zlib or deflate without a header.
func pack(tb testing.TB, how string, plain []byte) []byte {
	var b bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	case "deflate":
		w, _ = flate.NewWriter(&b, flate.BestCompression)
	}
	if _, err := w.Write(plain); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

var errBroken = errors.New("connection reset")

func TestReader(t *testing.T) {
	small, large := drawing(200), drawing(200<<10)
	noise := make([]byte, 100_000)
	rand.NewChaCha8([32]byte{}).Read(noise)
	flipped := func(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 4; return b }
	gz, zl, raw := pack(t, "gzip", large), pack(t, "zlib", large), pack(t, "deflate", large)
	bomb := pack(t, "gzip", make([]byte, 6<<20))
	for _, tt := range []struct {
		name   string
		coding string
		body   []byte
		breaks error  // how the body ends; nil for io.EOF
		want   []byte // nil for a failure
		asIs   bool   // it is not in that coding
		err    error
	}{
		{name: "gzip", coding: Gzip, body: gz, want: large},
		{name: "gzip, small", coding: Gzip, body: pack(t, "gzip", small), want: small},
		{name: "gzip of nothing", coding: Gzip, body: pack(t, "gzip", nil), want: []byte{}},
		{name: "gzip in two members", coding: Gzip, body: slices.Concat(gz, pack(t, "gzip", small)), want: slices.Concat(large, small)},
		{name: "zlib", coding: Deflate, body: zl, want: large},
		{name: "zlib, small", coding: Deflate, body: pack(t, "zlib", small), want: small},
		{name: "deflate", coding: Deflate, body: raw, want: large},
		{name: "deflate, small", coding: Deflate, body: pack(t, "deflate", small), want: small},
		{name: "deflate of noise", coding: Deflate, body: pack(t, "deflate", noise), want: noise},
		{name: "deflate of nothing", coding: Deflate, body: pack(t, "deflate", nil), want: []byte{}},

		{name: "a drawing said to be gzip", coding: Gzip, body: large, want: large, asIs: true},
		{name: "noise said to be gzip", coding: Gzip, body: noise, want: noise, asIs: true},
		{name: "zlib said to be gzip", coding: Gzip, body: zl, want: zl, asIs: true},
		{name: "two bytes said to be gzip", coding: Gzip, body: gz[:2], want: gz[:2], asIs: true},
		{name: "nothing said to be gzip", coding: Gzip, body: nil, want: []byte{}, asIs: true},
		{name: "a drawing said to be deflate", coding: Deflate, body: large, want: large, asIs: true},
		{name: "a small one said to be deflate", coding: Deflate, body: small, want: small, asIs: true},
		{name: "JSON said to be deflate", coding: Deflate, body: []byte(`{"a": [1, 2, 3], "b": "some text"}`), want: []byte(`{"a": [1, 2, 3], "b": "some text"}`), asIs: true},
		{name: "a JPEG said to be deflate", coding: Deflate, body: slices.Concat([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), noise), want: slices.Concat([]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), noise), asIs: true},
		{name: "noise said to be deflate", coding: Deflate, body: noise, want: noise, asIs: true},
		{name: "gzip said to be deflate", coding: Deflate, body: gz, want: gz, asIs: true},
		{name: "nothing said to be deflate", coding: Deflate, body: nil, want: []byte{}, asIs: true},

		{name: "a wrong bit", coding: Gzip, body: flipped(gz, len(gz)/2), err: ErrCorrupt},
		{name: "a wrong header", coding: Gzip, body: []byte{0x1f, 0x8b, 8, 4, 0, 0}, err: ErrCorrupt},
		{name: "a wrong checksum", coding: Gzip, body: flipped(gz, len(gz)-6), err: ErrCorrupt},
		{name: "a wrong length", coding: Gzip, body: flipped(gz, len(gz)-2), err: ErrCorrupt},
		{name: "gzip without its end", coding: Gzip, body: gz[:len(gz)-1], err: ErrCorrupt},
		{name: "gzip without its second half", coding: Gzip, body: gz[:len(gz)/2], err: ErrCorrupt},
		{name: "gzip with other bytes behind it", coding: Gzip, body: slices.Concat(gz, small), err: ErrCorrupt},
		{name: "zlib with a wrong bit", coding: Deflate, body: flipped(zl, len(zl)/2), err: ErrCorrupt},
		{name: "zlib without its end", coding: Deflate, body: zl[:len(zl)-1], err: ErrCorrupt},
		{name: "zlib with much behind it", coding: Deflate, body: slices.Concat(zl, noise), err: ErrCorrupt},
		{name: "deflate without its end", coding: Deflate, body: raw[:len(raw)-1], err: ErrCorrupt},
		{name: "zeros without end", coding: Gzip, body: bomb, err: ErrTooLarge},

		{name: "the body breaks", coding: Gzip, body: gz[:len(gz)/2], breaks: errBroken, err: errBroken},
		{name: "the body breaks at its beginning", coding: Gzip, body: gz[:2], breaks: errBroken, err: errBroken},
		{name: "the body breaks before it", coding: Deflate, body: nil, breaks: errBroken, err: errBroken},
		{name: "a body as it is breaks", coding: Gzip, body: large, breaks: errBroken, asIs: true, err: errBroken},
	} {
		for _, length := range []int64{int64(len(tt.body)), -1} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, length), func(t *testing.T) {
				body := io.MultiReader(bytes.NewReader(tt.body), iotest.ErrReader(cmp.Or(tt.breaks, io.EOF)))
				r, labelled, err := NewReader(io.NopCloser(iotest.HalfReader(body)), tt.coding, length)
				if err != nil {
					if !errors.Is(err, tt.err) || tt.breaks == nil {
						t.Fatal(err)
					}
					return
				}
				if labelled == tt.asIs {
					t.Errorf("in the coding: %v", labelled)
				}
				var coded bytes.Buffer
				r.CopyTo(&coded)
				got, err := io.ReadAll(r)
				if n, again := r.Read(make([]byte, 10)); n != 0 || again == nil || err != nil && !errors.Is(again, err) {
					t.Errorf("after %v, %d bytes and %v", err, n, again)
				}
				if !errors.Is(err, tt.err) || tt.err == nil && err != nil {
					t.Fatalf("error %v, want %v", err, tt.err)
				}
				if tt.err == nil && !bytes.Equal(got, tt.want) {
					t.Errorf("%d bytes, want %d", len(got), len(tt.want))
				}
				if tt.err == nil && !tt.asIs && !bytes.Equal(coded.Bytes(), tt.body) {
					t.Errorf("%d coded bytes were copied, want %d", coded.Len(), len(tt.body))
				}
				if limit := maxRatio*max(len(tt.body), 1) + 64<<10; len(got) > limit {
					t.Errorf("%d bytes, of at most %d", len(got), limit)
				}
			})
		}
	}
}

// What is not damaged comes back as it was, what is damaged is an error, and nothing is larger than it may be.
func FuzzReader(f *testing.F) {
	f.Add("gzip", []byte("<svg></svg>"), uint(0), byte(0))
	f.Add("zlib", []byte(strings.Repeat("a", 1000)), uint(9), byte(1))
	f.Add("deflate", []byte("{}"), uint(1), byte(128))
	f.Fuzz(func(t *testing.T, how string, plain []byte, at uint, flip byte) {
		if how != "gzip" && how != "zlib" && how != "deflate" {
			t.Skip()
		}
		coding := Deflate
		if how == "gzip" {
			coding = Gzip
		}
		packed := pack(t, how, plain)
		packed[at%uint(len(packed))] ^= flip
		r, labelled, err := NewReader(io.NopCloser(bytes.NewReader(packed)), coding, int64(len(packed)))
		if err != nil {
			t.Fatal(err)
		}
		if !labelled && flip == 0 {
			t.Fatal("not recognized")
		}
		got, err := io.ReadAll(r)
		if n, again := r.Read(make([]byte, 10)); n != 0 || again == nil {
			t.Errorf("after %v, %d bytes and %v", err, n, again)
		}
		if flip == 0 && (err != nil || !bytes.Equal(got, plain)) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("error %v", err)
		}
		if len(got) > maxRatio*len(packed)+len(plain)+64<<10 {
			t.Errorf("%d bytes of %d", len(got), len(packed))
		}
	})
}

// Whatever a body holds, reading ends, without more bytes than there may be.
func FuzzAnyBody(f *testing.F) {
	f.Add(true, []byte{0x1f, 0x8b, 8, 4, 0, 0}, int64(6))
	f.Add(false, []byte{0x78, 0x9c, 3, 0, 0, 0, 0, 1}, int64(-1))
	f.Add(false, []byte{3, 0}, int64(2))
	f.Fuzz(func(t *testing.T, zipped bool, body []byte, length int64) {
		coding := Deflate
		if zipped {
			coding = Gzip
		}
		r, labelled, err := NewReader(io.NopCloser(bytes.NewReader(body)), coding, max(min(length, int64(len(body))), -1))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if !labelled && (err != nil || !bytes.Equal(got, body)) {
			t.Errorf("as it is: %d bytes of %d, %v", len(got), len(body), err)
		}
		if len(got) > maxRatio*len(body)+64<<10 {
			t.Errorf("%d bytes of %d", len(got), len(body))
		}
	})
}
