package transfer

import (
	"crypto/sha1"
	"crypto/sha512"
	"encoding"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
)

// states returns the states of all that a Digest computes.
func states(t *testing.T, d *Digest) (all [][]byte) {
	t.Helper()
	for _, h := range d.Hashes() {
		state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, state)
	}
	return all
}

// TestDigestGoesOn continues digests, of each algorithm that storage may send, after each part of a file.
func TestDigestGoesOn(t *testing.T) {
	content := make([]byte, 21*mib+12345)
	_, _ = rand.NewChaCha8([32]byte{3}).Read(content)
	sha1Sum, sha512Sum := sha1.Sum(content), sha512.Sum512(content)
	obj := Object{Size: int64(len(content)), ETag: multipartETag(content, 5*mib), Checksums: []Checksum{
		{BySHA512, string(sha512Sum[:])}, {BySHA1, string(sha1Sum[:])},
		{ByCRC64NVME, string(big(8, crc64.Checksum(content, crc64.MakeTable(crc64NVME))))},
		{ByCRC32C, string(big(4, uint64(crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli)))))},
		{ByCRC32, string(big(4, uint64(crc32.ChecksumIEEE(content))))},
	}}
	for _, part := range []int64{8 * mib, 5 * mib, 7*mib + 1} {
		for _, sums := range [][]Checksum{obj.Checksums, nil} {
			obj := obj
			obj.Checksums = sums
			options := DigestOptions{Verify: true, MD5: true, SHA256: true}
			saved := map[int64][][]byte{}
			whole := NewDigest(obj, options)
			whole.Follow(0, part, func(length int64) { saved[length] = states(t, whole) })
			for piece := range slices.Chunk(content, 300_000) {
				whole.Write(piece)
			}
			if want := int(obj.Size / part); len(saved) != want {
				t.Fatalf("called %d times for parts of %d bytes, want %d", len(saved), part, want)
			}
			want, err := whole.Check()
			if err != nil || sums == nil && want != ByMultipart {
				t.Fatalf("%q, %v", want, err)
			}
			for length, all := range saved {
				d := NewDigest(obj, options)
				for i, h := range d.Hashes() {
					if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(all[i]); err != nil {
						t.Fatal(err)
					}
				}
				var ends []int64
				d.Follow(length, part, func(n int64) { ends = append(ends, n) })
				for piece := range slices.Chunk(content[length:], 300_000) {
					d.Write(piece)
				}
				got, err := d.Check()
				if got != want || err != nil || d.MD5() != whole.MD5() || d.SHA256() != whole.SHA256() {
					t.Errorf("continued after %d bytes: %q, %v, %s, want %q, %s", length, got, err, d.MD5(), want, whole.MD5())
				}
				if n := int(obj.Size/part - length/part); len(ends) != n || n > 0 && ends[0] != length+part {
					t.Errorf("continued after %d bytes: called after %d", length, ends)
				}
			}
		}
	}
}

// big returns the last n bytes of a number, the highest first.
func big(n int, sum uint64) (all []byte) {
	for i := n - 1; i >= 0; i-- {
		all = append(all, byte(sum>>(8*i)))
	}
	return all
}

// TestCopyGoesOn copies the rest of a file, whose beginning cannot be read, to a digest that goes on from there.
func TestCopyGoesOn(t *testing.T) {
	f := randomFile(3*mib, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
	for _, wrong := range []bool{false, true} {
		stream := open(t, newStorage(t, f))
		d := NewDigest(stream.Object(), DigestOptions{Verify: true})
		begun := slices.Clone(f.bytes[:2*mib])
		if wrong {
			begun[0]++
		}
		for _, h := range d.Hashes() {
			h.Write(begun)
		}
		d.Follow(2*mib, mib, func(int64) {})
		stream.Continue(2 * mib)
		if err := Copy(t.Context(), io.Discard, stream, d, nil, nil); err != nil {
			t.Fatal(err)
		}
		if by, err := d.Check(); fmt.Sprint(by) != map[bool]string{false: "md5", true: ""}[wrong] || (err != nil) != wrong {
			t.Errorf("with a wrong beginning (%t): %q, %v", wrong, by, err)
		}
	}
}
