package sandbox

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

func TestObjectReaderKeepsItsContract(t *testing.T) {
	for _, size := range []int64{0, 1, 15, 16, 17, blockSize - 1, blockSize, blockSize + 1, 3*blockSize + 5} {
		o := Object{Size: size, seed: 7}
		want := content(t, o)
		if int64(len(want)) != size {
			t.Fatalf("%d bytes of %d", len(want), size)
		}
		if err := iotest.TestReader(o.Reader(), want); err != nil {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

func TestObjectReadAtAnyOffset(t *testing.T) {
	o := Object{Size: 5*blockSize + 99, seed: 42}
	want := content(t, o)
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		off := random.Int64N(o.Size)
		got := make([]byte, random.IntN(2*blockSize))
		n, err := o.ReadAt(got, off)
		end := min(off+int64(len(got)), o.Size)
		if !bytes.Equal(got[:n], want[off:end]) || (n < len(got)) != errors.Is(err, io.EOF) {
			t.Fatalf("ReadAt(%d bytes, %d) = %d, %v", len(got), off, n, err)
		}
	}
	if _, err := o.ReadAt(make([]byte, 1), -1); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("negative offset: %v", err)
	}
}

func TestObjectsDiffer(t *testing.T) {
	a := content(t, Object{Size: 4 * blockSize, seed: 1})
	b := content(t, Object{Size: 4 * blockSize, seed: 2})
	for i := range 4 {
		block := a[i*blockSize : (i+1)*blockSize]
		for j := range 4 {
			if bytes.Equal(block, b[j*blockSize:(j+1)*blockSize]) || i != j && bytes.Equal(block, a[j*blockSize:(j+1)*blockSize]) {
				t.Errorf("block %d is there twice", i)
			}
		}
	}
	o := Object{Size: 100, seed: 3}
	if bytes.Equal(content(t, o), content(t, o.changed())) || o.ETag() == o.changed().ETag() {
		t.Error("changed is the same")
	}
}

func TestETags(t *testing.T) {
	plain := Object{Size: 100_000, seed: 5}
	sum := md5.Sum(content(t, plain))
	check(t, "plain", plain.ETag(), `"`+hex.EncodeToString(sum[:])+`"`)

	parts := Object{Size: 2*blockSize + 10, seed: 5, partSize: blockSize}
	all := content(t, parts)
	var sums []byte
	for _, part := range [][]byte{all[:blockSize], all[blockSize : 2*blockSize], all[2*blockSize:]} {
		sum := md5.Sum(part)
		sums = append(sums, sum[:]...)
	}
	check(t, "parts", parts.ETag(), fmt.Sprintf(`"%x-3"`, md5.Sum(sums)))
	check(t, "one part", Object{Size: 10, partSize: uploadPart}.ETag()[33:], `-1"`)
	check(t, "empty", Object{}.ETag(), `"d41d8cd98f00b204e9800998ecf8427e"`)
}

func TestRecordedDigests(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes 1.25 GiB")
	}
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		id   string
		size int64
	}{{VideoAsset, VideoSize}, {LargeAsset, LargeSize}} {
		o, ok := s.Object(test.id, "original")
		check(t, test.id, ok, true)
		check(t, test.id, o.Size, test.size)
		check(t, test.id, o.ETag(), `"`+o.digest()+`"`)
	}
}

func TestDigestsAreBounded(t *testing.T) {
	var c digestCache
	for seed := range uint64(maxDigests + 10) {
		o := Object{Size: 1, seed: seed}
		if got := c.get(o); got != o.digest() || got != c.get(o) {
			t.Fatal("wrong digest")
		}
	}
	if len(c.known) > maxDigests {
		t.Errorf("%d digests remembered", len(c.known))
	}
}

func TestObjectsArePackedOnce(t *testing.T) {
	var c packingCache
	for seed := range uint64(maxPackings + 2) {
		o := Object{Size: 1000, seed: seed}
		once, again := c.get(o, "gzip"), c.get(o, "gzip")
		if &once[0] != &again[0] {
			t.Error("packed twice")
		}
		r, err := gzip.NewReader(bytes.NewReader(once))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		want, _ := io.ReadAll(o.Reader())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("packed is not the object: %v", err)
		}
	}
	if len(c.known) > maxPackings {
		t.Errorf("%d packings remembered", len(c.known))
	}
}

func BenchmarkReadAt(b *testing.B) {
	o := Object{Size: 1 << 40, seed: 1}
	buf := make([]byte, 256<<10)
	b.SetBytes(int64(len(buf)))
	off := int64(0)
	for b.Loop() {
		_, _ = o.ReadAt(buf, off)
		off += int64(len(buf))
	}
}

func BenchmarkServeLarge(b *testing.B) {
	c := start(b, Options{})
	location := c.location(LargeAsset)
	b.SetBytes(LargeSize)
	buf := make([]byte, 1<<20)
	for b.Loop() {
		resp, err := c.http.Get(location)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = resp.Body.Read(buf)
		}
		resp.Body.Close()
	}
}

func BenchmarkPage(b *testing.B) {
	c := start(b, Options{Assets: 1_000_000, NoRateLimit: true})
	for b.Loop() {
		check(b, "status", c.api("/api/v4/media/?limit=1000&page=900").StatusCode, 200)
	}
}
