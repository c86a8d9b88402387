package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"  // the formats of derivatives
	_ "image/jpeg" // see gif
	_ "image/png"  // see gif
	"io"

	_ "golang.org/x/image/webp" // see gif
)

const (
	maxPixels  = 40_000_000
	maxDecoded = 320 << 20 // bytes in memory
	maxSide    = 1 << 20   // pixels
	// pieces is how many bytes a decoder gets before it is seen whether time is up.
	pieces = 512
)

// decode decodes a JPEG, PNG, GIF or WebP, of which it reads the measures first. A decoder may also panic: none is free of
// mistakes.
func decode(ctx context.Context, data []byte) (picture image.Image, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			picture, err = nil, fmt.Errorf("cannot decode it: %v", cause)
		}
	}()
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case errors.Is(err, image.ErrFormat):
		return nil, errors.New("it is not a JPEG, PNG, GIF or WebP image")
	case err != nil:
		return nil, fmt.Errorf("cannot decode it: %w", err)
	case config.Width < 1 || config.Height < 1:
		return nil, errors.New("it has no pixels")
	}
	if n := int64(config.Width) * int64(config.Height); n > maxPixels || n*int64(decodedBytes(format, config, data)) > maxDecoded {
		return nil, fmt.Errorf("it is too large: %d x %d pixels", config.Width, config.Height)
	}
	picture, _, err = image.Decode(&pieceReader{ctx, bytes.NewReader(data)})
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("cannot decode it: %w", err)
	}
	return picture, nil
}

// decodedBytes returns at least how many bytes per pixel an image takes while it is decoded. A progressive JPEG, which has the
// marker SOF2 (ITU-T T.81, table B.1), keeps four bytes for each of up to four colors, beside the picture.
func decodedBytes(format string, config image.Config, data []byte) int {
	switch {
	case format == "jpeg" && bytes.Contains(data, []byte{0xff, 0xc2}):
		return 4 * (4 + 1)
	case config.ColorModel == color.NRGBA64Model, config.ColorModel == color.RGBA64Model:
		return 8
	}
	return 4
}

// pieceReader reads in pieces until ctx ends.
type pieceReader struct {
	ctx context.Context
	r   io.Reader
}

func (p *pieceReader) Read(b []byte) (int, error) {
	if p.ctx.Err() != nil {
		return 0, context.Cause(p.ctx)
	}
	return p.r.Read(b[:min(len(b), pieces)])
}
