package sandbox

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
)

// storedImages are what the fault image stores in place of a file. Formats first, then images that take much memory or
// time to decode, or that cannot be decoded.
var storedImages = map[string]func(scene) []byte{
	"jpeg": func(s scene) []byte {
		var b bytes.Buffer
		_ = jpeg.Encode(&b, s.image(), nil) // into memory: it cannot fail
		return b.Bytes()
	},
	"gif": func(s scene) []byte {
		var b bytes.Buffer
		_ = gif.Encode(&b, s.image(), nil)
		return b.Bytes()
	},
	"webp": func(s scene) []byte {
		picture := image.NewNRGBA(image.Rect(0, 0, s.width, s.height))
		draw.Draw(picture, picture.Rect, s.image(), image.Point{}, draw.Src)
		return encodeWebP(picture)
	},
	"bomb": func(scene) []byte {
		const side = 60_000
		header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, side), side)
		return append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(header, 8, 6, 0, 0, 0))...)
	},
	"gif-bomb": func(scene) []byte {
		return []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x08")
	},
	// A small canvas (RFC 9649, section 2.7) around an image of 16,384 pixels a side.
	"webp-bomb": func(scene) []byte {
		return []byte("RIFF\x28\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x63\x00\x00\x63\x00\x00" +
			"VP8L\x0a\x00\x00\x00\x2f\xff\xff\xff\x0f\x00\x00\x00\x00\x00")
	},
	"jpeg-bomb": func(scene) []byte { return progressive(6000, 1) },
	"scans":     func(scene) []byte { return progressive(4000, 7<<20) },
	"half":      func(s scene) []byte { return s.png()[:len(s.png())/2] },
	"svg": func(scene) []byte {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>`)
	},
	"large": nil, // see storedImage
}

// largeImage is the size of a picture that is too large to be shown, in bytes. Its end is made while it is read.
const largeImage = 64 << 20

// storedImage returns what the fault image stores in place of o.
func storedImage(o Object, text string) Object {
	s := o.scene
	if s.width == 0 {
		s = scene{320, 200, o.seed}
	}
	o.recorded, o.partSize, o.seed = "", 0, seedOf("image", o.Key, text)
	if text == "large" {
		o.content, o.scene, o.Size, o.recorded = nil, s, largeImage, undigested(o.seed)
		return o
	}
	o.content, o.scene = storedImages[text](s), scene{}
	o.Size = int64(len(o.content))
	return o
}

func pngChunk(kind string, data []byte) []byte {
	body := append([]byte(kind), data...)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), body...)
	return binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
}

// progressive returns a progressive JPEG (ITU-T T.81, annexes B and G) of a side in pixels and of at least size bytes.
// A decoder holds all of its coefficients, and goes through all of its blocks in each scan, which has some fifty bytes.
func progressive(side, size int) []byte {
	segment := func(marker byte, data []byte) []byte {
		return append([]byte{0xff, marker, byte((len(data) + 2) >> 8), byte(len(data) + 2)}, data...)
	}
	b := []byte{0xff, 0xd8}
	b = append(b, segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...))...)
	b = append(b, segment(0xc2, []byte{8, byte(side >> 8), byte(side), byte(side >> 8), byte(side), 1, 1, 0x11, 0})...)
	// One code, of one bit: the end of a band of 2^14 blocks and as many as the next 14 bits say, which are 0 as the code is.
	const endOfBand, blocksPerCode, bitsPerCode = 0xe0, 1 << 14, 15
	b = append(b, segment(0xc4, append(append([]byte{0x10, 1}, make([]byte, 15)...), endOfBand))...)
	blocks := (side + 7) / 8 * ((side + 7) / 8)
	codes := (blocks + blocksPerCode - 1) / blocksPerCode
	scan := append(segment(0xda, []byte{1, 1, 0, 1, 63, 0}), make([]byte, (codes*bitsPerCode+7)/8)...)
	for more := true; more; more = len(b) < size {
		b = append(b, scan...)
	}
	return append(b, 0xff, 0xd9)
}
