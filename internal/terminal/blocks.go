package terminal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// xterm256 are the colors 16 to 255 of terminals with 256 colors: a cube of six values per channel, and 24 grays. The first 16
// differ between terminals.
var xterm256 = func() color.Palette {
	var all color.Palette
	values := []uint8{0, 95, 135, 175, 215, 255}
	for i := range 6 * 6 * 6 {
		all = append(all, color.RGBA{values[i/36], values[i/6%6], values[i%6], 255})
	}
	for i := range uint8(24) {
		all = append(all, color.RGBA{8 + 10*i, 8 + 10*i, 8 + 10*i, 255})
	}
	return all
}

// blocks returns a picture as half blocks: each cell shows two pixels, as the colors of the upper half block and of its
// background. Transparent pixels have the background of the terminal.
func blocks(picture *image.RGBA, hasTrueColor bool) []byte {
	parameters := func(c color.RGBA) string { return fmt.Sprintf("2;%d;%d;%d", c.R, c.G, c.B) }
	if !hasTrueColor {
		palette := xterm256()
		parameters = func(c color.RGBA) string { return fmt.Sprintf("5;%d", 16+palette.Index(c)) }
	}
	var b bytes.Buffer
	for y := 0; y < picture.Rect.Dy(); y += 2 {
		last := "0"
		for x := range picture.Rect.Dx() {
			upper, lower := picture.RGBAAt(x, y), picture.RGBAAt(x, y+1) // below the picture it is transparent
			style, text := "0", " "
			switch hasUpper, hasLower := isOpaque(upper), isOpaque(lower); {
			case hasUpper && hasLower:
				style, text = "0;38;"+parameters(upper)+";48;"+parameters(lower), "▀"
			case hasUpper:
				style, text = "0;38;"+parameters(upper), "▀"
			case hasLower:
				style, text = "0;38;"+parameters(lower), "▄"
			}
			if style != last {
				b.WriteString("\x1b[" + style + "m")
				last = style
			}
			b.WriteString(text)
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.Bytes()
}

// isOpaque reports whether a pixel is shown.
func isOpaque(c color.RGBA) bool { return c.A >= 128 }

// kitty returns a picture in kitty's graphics protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol/): a PNG in chunks
// of base64, which the terminal shows in as many columns as the picture needs and does not answer.
func kitty(picture *image.RGBA) ([]byte, error) {
	const chunk = 4096
	var file, b bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return nil, err
	}
	text := base64.StdEncoding.EncodeToString(file.Bytes())
	columns := max((picture.Rect.Dx()+cellWidth-1)/cellWidth, 1)
	keys := fmt.Sprintf("a=T,f=100,q=2,c=%d,", columns)
	for more := 1; more == 1; keys = "" {
		n := min(len(text), chunk)
		if n == len(text) {
			more = 0
		}
		fmt.Fprintf(&b, "\x1b_G%sm=%d;%s\x1b\\", keys, more, text[:n])
		text = text[n:]
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
