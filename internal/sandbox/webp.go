package sandbox

import (
	"encoding/binary"
	"image"
	"math/bits"
)

// encodeWebP writes an opaque image of at most 16,384 pixels a side as lossless WebP, uncompressed: each color
// of a pixel is a code of eight bits (RFC 9649, sections 3 and 2.7).
func encodeWebP(img *image.NRGBA) []byte {
	bounds := img.Bounds()
	w := bitWriter{bytes: []byte{0x2f}}
	w.write(uint64(bounds.Dx()-1), 14)
	w.write(uint64(bounds.Dy()-1), 14)
	w.write(0, 1+3)   // no alpha, version 0
	w.write(0, 1+1+1) // no transform, no color cache, one group of codes
	const lengths = 24
	w.eightBits(256 + lengths) // green, and lengths of repetitions
	w.eightBits(256)           // red
	w.eightBits(256)           // blue
	w.write(0b101, 3)          // alpha: a simple code of one symbol of eight bits
	w.write(255, 8)
	w.write(0b001, 3) // distance: one symbol of one bit
	w.write(0, 1)
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			c := img.NRGBAAt(x, y)
			for _, value := range []uint8{c.G, c.R, c.B} {
				w.write(uint64(bits.Reverse8(value)), 8)
			}
		}
	}
	w.write(0, 7) // up to the next byte
	data := w.bytes
	size := len(data)
	if size%2 == 1 {
		data = append(data, 0)
	}
	file := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len("WEBPVP8L")+4+len(data)))
	file = binary.LittleEndian.AppendUint32(append(file, "WEBPVP8L"...), uint32(size))
	return append(file, data...)
}

// bitWriter writes numbers bit by bit, the lowest first.
type bitWriter struct {
	bytes []byte
	held  uint64
	count int
}

func (w *bitWriter) write(value uint64, n int) {
	w.held |= value << w.count
	for w.count += n; w.count >= 8; w.count -= 8 {
		w.bytes = append(w.bytes, byte(w.held))
		w.held >>= 8
	}
}

// eightBits writes a code in which the first 256 symbols have eight bits each, and all further ones none.
func (w *bitWriter) eightBits(symbols int) {
	w.write(0, 1) // not a simple code
	// Lengths are written in a code of their own, whose lengths come in this order: 17, 18, 0 to 5, 16, 6, 7, 8.
	const order = 12
	w.write(order-4, 4)
	for i := range order {
		w.write(map[int]uint64{2: 1, 11: 1}[i], 3) // one bit each for the lengths 0 and 8
	}
	w.write(0, 1) // the lengths of all symbols follow
	for i := range symbols {
		w.write(map[bool]uint64{true: 1, false: 0}[i < 256], 1)
	}
}
