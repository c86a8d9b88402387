package terminal

import (
	"context"
	"fmt"
	"image"
	"strings"

	"golang.org/x/image/draw"
)

// Pictures is how pictures are shown on a terminal.
type Pictures string

// The ways to show pictures.
const (
	PicturesAuto   Pictures = "auto"
	PicturesKitty  Pictures = "kitty"  // kitty's graphics protocol
	PicturesBlocks Pictures = "blocks" // half blocks, on each terminal with colors
	PicturesOff    Pictures = "off"
)

// ParsePictures returns the Pictures that a flag's value names.
func ParsePictures(s string) (Pictures, error) {
	switch p := Pictures(s); p {
	case PicturesAuto, PicturesKitty, PicturesBlocks, PicturesOff:
		return p, nil
	}
	return "", fmt.Errorf("invalid value %.80q: must be auto, kitty, blocks or off", s)
}

// Canvas is the part of a page that a picture may take.
type Canvas struct {
	kind          Pictures // kitty or blocks
	columns, rows int
	hasTrueColor  bool
}

// Bounds of a picture. It leaves room for text on the page.
const (
	maxColumns, minRows   = 80, 8
	cellWidth, cellHeight = 10, 20 // pixels of a cell, about: terminals report it only if they are asked
)

// NewCanvas returns the Canvas on a page; ok is false if there is none. In a file or pipe, and where the environment asks for
// text without colors, there is one only if isForced is set: the user has asked for this kind of pictures, for this command.
// kitty's protocol is used in terminals that have it, but not in tmux, screen and fzf, which do not pass it on.
func NewCanvas(page Page, kind Pictures, isForced bool, getenv func(string) string) (c Canvas, ok bool) {
	isForced = isForced && kind != PicturesAuto
	switch {
	case kind == PicturesOff:
		return Canvas{}, false
	case isForced:
	case getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" || page.Columns == 0:
		return Canvas{}, false
	case !page.IsTerminal:
		kind = PicturesBlocks
	case kind == PicturesAuto && hasKitty(getenv):
		kind = PicturesKitty
	case kind == PicturesAuto:
		kind = PicturesBlocks
	}
	c = Canvas{kind: kind, columns: maxColumns, rows: maxColumns / 4}
	if page.Columns > 0 {
		c.columns, c.rows = min(page.Columns, maxColumns), max(page.Rows*2/3, min(page.Rows, minRows))
	}
	color := getenv("COLORTERM")
	c.hasTrueColor = color == "truecolor" || color == "24bit"
	return c, true
}

// hasKitty reports whether the terminal shows pictures by kitty's protocol.
func hasKitty(getenv func(string) string) bool {
	name := getenv("TERM")
	switch {
	case getenv("TMUX") != "" || strings.HasPrefix(name, "tmux") || strings.HasPrefix(name, "screen"):
		return false
	case getenv("KITTY_WINDOW_ID") != "", name == "xterm-kitty", name == "xterm-ghostty":
		return true
	}
	program := getenv("TERM_PROGRAM")
	return program == "ghostty" || program == "WezTerm"
}

// size returns the most pixels of a picture.
func (c Canvas) size() (width, height int) {
	if c.kind == PicturesKitty {
		return c.columns * cellWidth, c.rows * cellHeight
	}
	return c.columns, 2 * c.rows
}

// Side returns how many pixels the longer side of a picture has that fills the canvas and has the proportions of
// width and height, which may be 0 if they are unknown.
func (c Canvas) Side(width, height int64) int {
	w, h := c.size()
	if width <= 0 || height <= 0 || width > maxSide || height > maxSide {
		return min(w, h)
	}
	return max(fit(int(width), int(height), w, h))
}

// fit returns the largest size of the same proportions within w and h.
func fit(width, height, w, h int) (int, int) {
	if int64(width)*int64(h) > int64(height)*int64(w) {
		return w, max(height*w/width, 1)
	}
	return max(width*h/height, 1), h
}

// Render returns what shows an image, which may be hostile: an error after ctx has ended, or if it is too large. The text
// ends with a newline.
func (c Canvas) Render(ctx context.Context, data []byte) ([]byte, error) {
	picture, err := decode(ctx, data)
	if err != nil {
		return nil, err
	}
	width, height := c.size()
	scaled := scale(picture, width, height)
	if c.kind == PicturesKitty {
		return kitty(scaled)
	}
	return blocks(scaled, c.hasTrueColor), nil
}

// oversampling is how many times as wide and as high as the result an image is that is scaled well. A larger one is first
// reduced to that by leaving out pixels, or it would take seconds, and gigabytes if it is very high and narrow.
const oversampling = 4

// scale returns a picture in the largest size within width and height, but not enlarged.
func scale(picture image.Image, width, height int) *image.RGBA {
	bounds := picture.Bounds()
	w, h := bounds.Dx(), bounds.Dy()
	if w > width || h > height {
		w, h = fit(w, h, width, height)
	}
	if bounds.Dx() > oversampling*w || bounds.Dy() > oversampling*h {
		reduced := image.NewRGBA(image.Rect(0, 0, min(bounds.Dx(), oversampling*w), min(bounds.Dy(), oversampling*h)))
		draw.NearestNeighbor.Scale(reduced, reduced.Rect, picture, bounds, draw.Src, nil)
		picture, bounds = reduced, reduced.Rect
	}
	scaled := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(scaled, scaled.Rect, picture, bounds, draw.Src, nil)
	return scaled
}
