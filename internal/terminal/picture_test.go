package terminal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// environ returns a function like os.Getenv for pairs such as "TERM=xterm".
func environ(pairs string) func(string) string {
	return func(name string) string {
		for pair := range strings.FieldsSeq(pairs) {
			if key, value, _ := strings.Cut(pair, "="); key == name {
				return value
			}
		}
		return ""
	}
}

func TestNewCanvas(t *testing.T) {
	tty, fzf, file := Page{100, 50, true}, Page{60, 20, false}, Page{}
	for _, tt := range []struct {
		page   Page
		flag   Pictures
		forced bool
		env    string
		want   Pictures // "" for no canvas
	}{
		{tty, "auto", false, "TERM=xterm-256color", "blocks"},
		{tty, "auto", true, "TERM=xterm-256color", "blocks"},
		{tty, "auto", false, "TERM=xterm-kitty", "kitty"},
		{tty, "auto", false, "TERM=xterm-256color KITTY_WINDOW_ID=1", "kitty"},
		{tty, "auto", false, "TERM_PROGRAM=WezTerm", "kitty"},
		{tty, "auto", false, "TERM=tmux-256color KITTY_WINDOW_ID=1 TMUX=/tmp/x", "blocks"},
		{tty, "auto", false, "TERM=screen KITTY_WINDOW_ID=1", "blocks"},
		{tty, "auto", false, "TERM=dumb", ""},
		{tty, "auto", false, "TERM=xterm NO_COLOR=1", ""},
		{tty, "off", true, "TERM=xterm-kitty", ""},
		{tty, "kitty", true, "TERM=tmux TMUX=x NO_COLOR=1", "kitty"},
		{tty, "kitty", false, "TERM=xterm", "kitty"}, // the user's default, in the config file
		{tty, "blocks", false, "NO_COLOR=1", ""},
		{file, "auto", false, "TERM=xterm", ""},
		{file, "auto", true, "TERM=xterm", ""},
		{file, "blocks", false, "TERM=xterm", ""},
		{file, "blocks", true, "TERM=xterm", "blocks"},
		{fzf, "auto", false, "TERM=xterm-kitty", "blocks"},
		{fzf, "kitty", false, "TERM=xterm-kitty", "blocks"},
		{fzf, "off", false, "", ""},
		{fzf, "auto", false, "NO_COLOR=1", ""},
	} {
		c, ok := NewCanvas(tt.page, tt.flag, tt.forced, environ(tt.env))
		if ok != (tt.want != "") || c.kind != tt.want {
			t.Errorf("%+v --image %s (%v), %s: %q", tt.page, tt.flag, tt.forced, tt.env, c.kind)
		}
	}
}

// The preview of fzf is a pipe, with a size that the environment tells.
func TestPageOfPreview(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const variables = "FZF_PREVIEW_COLUMNS=60 FZF_PREVIEW_LINES=20"
	for _, tt := range []struct {
		out  io.Writer
		env  string
		want Page
	}{
		{w, variables, Page{Columns: 60, Rows: 20}},
		{w, "", Page{}},
		{w, "FZF_PREVIEW_COLUMNS=60", Page{}},
		{w, "FZF_PREVIEW_COLUMNS=-60 FZF_PREVIEW_LINES=20", Page{}},
		{w, "FZF_PREVIEW_COLUMNS=60000 FZF_PREVIEW_LINES=20", Page{}},
		{file, variables, Page{}},
		{new(bytes.Buffer), variables, Page{}},
	} {
		if got := NewPage(tt.out, environ(tt.env)); got != tt.want {
			t.Errorf("%T, %s: %+v, want %+v", tt.out, tt.env, got, tt.want)
		}
	}
}

func TestSide(t *testing.T) {
	blocks := Canvas{kind: PicturesBlocks, columns: 80, rows: 20} // 80 x 40 pixels
	kitty := Canvas{kind: PicturesKitty, columns: 80, rows: 20}   // 800 x 400
	for _, tt := range []struct {
		canvas        Canvas
		width, height int64
		want          int
	}{
		{blocks, 1600, 900, 71},
		{blocks, 900, 1600, 40},
		{blocks, 100, 100, 40},
		{blocks, 4000, 100, 80},
		{blocks, 0, 0, 40},
		{blocks, -1, 5, 40},
		{kitty, 1600, 900, 711},
		{kitty, 1 << 40, 1, 400},
	} {
		if got := tt.canvas.Side(tt.width, tt.height); got != tt.want {
			t.Errorf("%v of %dx%d: %d, want %d", tt.canvas.kind, tt.width, tt.height, got, tt.want)
		}
	}
}

// quarters is a picture of four colors, the last one transparent.
func quarters(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	colors := []color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {}}
	for y := range height {
		for x := range width {
			img.SetNRGBA(x, y, colors[2*y/height*2+2*x/width])
		}
	}
	return img
}

func encoded(t *testing.T, encode func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBlocks(t *testing.T) {
	data := encoded(t, func(w io.Writer) error { return png.Encode(w, quarters(4, 6)) })
	c := Canvas{kind: PicturesBlocks, columns: 80, rows: 20, hasTrueColor: true}
	got, err := c.Render(t.Context(), data)
	const (
		redGreen = "\x1b[0;38;2;255;0;0;48;2;255;0;0m▀▀\x1b[0;38;2;0;255;0;48;2;0;255;0m▀▀\x1b[0m\n"
		border   = "\x1b[0;38;2;255;0;0;48;2;0;0;255m▀▀\x1b[0;38;2;0;255;0m▀▀\x1b[0m\n"
		blue     = "\x1b[0;38;2;0;0;255;48;2;0;0;255m▀▀\x1b[0m  \x1b[0m\n"
	)
	if want := redGreen + border + blue; string(got) != want || err != nil {
		t.Errorf("%q, %v\nwant %q", got, err, want)
	}
	c.hasTrueColor = false
	got, err = c.Render(t.Context(), data)
	if first, _, _ := strings.Cut(string(got), "\n"); first != "\x1b[0;38;5;196;48;5;196m▀▀\x1b[0;38;5;46;48;5;46m▀▀\x1b[0m" || err != nil {
		t.Errorf("%q, %v", first, err)
	}
}

// A picture fills the canvas, and is not enlarged.
func TestRenderFits(t *testing.T) {
	sequence := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, tt := range []struct{ width, height, columns, lines int }{
		{2000, 1000, 80, 20}, {1000, 2000, 20, 20}, {4000, 50, 80, 1}, {10, 7, 10, 4}, {1, 1, 1, 1}, {5, 4000, 1, 20},
	} {
		data := encoded(t, func(w io.Writer) error { return jpeg.Encode(w, quarters(tt.width, tt.height), nil) })
		got, err := Canvas{kind: PicturesBlocks, columns: 80, rows: 20}.Render(t.Context(), data)
		lines := strings.Split(strings.TrimSuffix(sequence.ReplaceAllString(string(got), ""), "\n"), "\n")
		if err != nil || len(lines) != tt.lines || len([]rune(lines[0])) != tt.columns {
			t.Errorf("%dx%d: %d lines of %d, %v", tt.width, tt.height, len(lines), len([]rune(lines[0])), err)
		}
	}
}

// A long and thin image takes no more memory to scale than another one of as many pixels.
func TestScaleThin(t *testing.T) {
	for _, size := range []image.Point{{1, 1_000_000}, {200, 5000}, {1_000_000, 1}} {
		thin := image.NewGray(image.Rectangle{Max: size})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := scale(thin, 80, 40)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 || got.Rect.Dx() > 80 || got.Rect.Dy() > 40 {
			t.Errorf("%v: %d bytes, %v", size, took, got.Rect)
		}
	}
}

func TestKitty(t *testing.T) {
	noise := image.NewNRGBA(image.Rect(0, 0, 800, 300))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(i * i >> 3)
	}
	data := encoded(t, func(w io.Writer) error { return png.Encode(w, noise) })
	got, err := Canvas{kind: PicturesKitty, columns: 40, rows: 20}.Render(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	parts := regexp.MustCompile("\x1b_G([^;]*);([^\x1b]*)\x1b\\\\").FindAllSubmatch(got, -1)
	var text []byte
	for i, part := range parts {
		want := "m=1"
		switch {
		case i == 0:
			want = "a=T,f=100,q=2,c=40,m=1"
		case i == len(parts)-1:
			want = "m=0"
		}
		if string(part[1]) != want || len(part[2]) > 4096 {
			t.Errorf("part %d: %q with %d bytes", i, part[1], len(part[2]))
		}
		text = append(text, part[2]...)
	}
	file, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || len(parts) < 2 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil || picture.Bounds().Dx() != 400 || picture.Bounds().Dy() != 150 {
		t.Errorf("%v, %v", picture.Bounds(), err)
	}
}

func TestDecodeFormats(t *testing.T) {
	picture := quarters(8, 8)
	for name, data := range map[string][]byte{
		"png":  encoded(t, func(w io.Writer) error { return png.Encode(w, picture) }),
		"gif":  encoded(t, func(w io.Writer) error { return gif.Encode(w, picture, nil) }),
		"jpeg": encoded(t, func(w io.Writer) error { return jpeg.Encode(w, picture, nil) }),
	} {
		if got, err := decode(t.Context(), data); err != nil || got.Bounds().Dx() != 8 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An image that is larger than it may be is refused before it is decoded, whatever it would take.
func TestDecodeRefuses(t *testing.T) {
	picture := encoded(t, func(w io.Writer) error { return png.Encode(w, quarters(8, 8)) })
	large := bytes.Clone(picture)
	copy(large[16:], "\x00\x00\xea\x60\x00\x00\xea\x60")
	for _, tt := range []struct {
		data []byte
		want string
	}{
		{nil, "not a JPEG"},
		{[]byte("<svg/>"), "not a JPEG"},
		{[]byte("\x89PNG\r\n\x1a\n"), "cannot decode"},
		{picture[:len(picture)/2], "cannot decode"},
		{large, "cannot decode"}, // its checksum is wrong
		{[]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00,"), "too large: 65535 x 65535"},
		{[]byte("GIF89a\x00\x00\x00\x00\x00\x00\x00,"), "no pixels"},
	} {
		if got, err := decode(t.Context(), tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.20q: %v, %v; want %q", tt.data, got, err, tt.want)
		}
	}
	for _, tt := range []struct {
		format string
		model  color.Model
		data   string
		want   int
	}{
		{"jpeg", color.YCbCrModel, "\xff\xd8\xff\xc0", 4},
		{"jpeg", color.YCbCrModel, "\xff\xd8\xff\xc2", 20},
		{"png", color.NRGBA64Model, "", 8},
		{"png", color.NRGBAModel, "\xff\xc2", 4},
	} {
		if got := decodedBytes(tt.format, image.Config{ColorModel: tt.model}, []byte(tt.data)); got != tt.want {
			t.Errorf("%s %q: %d bytes per pixel, want %d", tt.format, tt.data, got, tt.want)
		}
	}
}

// Decoding ends with its context.
func TestDecodeEnds(t *testing.T) {
	cause := errors.New("time is up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	data := encoded(t, func(w io.Writer) error { return png.Encode(w, quarters(80, 80)) })
	if _, err := decode(ctx, data); !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}

func FuzzRender(f *testing.F) {
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	f.Add([]byte("RIFF\x28\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x63\x00\x00\x63\x00\x00VP8L\x0a\x00\x00\x00\x2f\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Canvas{kind: PicturesBlocks, columns: 80, rows: 20}.Render(t.Context(), data)
		if lines := bytes.Count(got, []byte("\n")); err == nil && (lines < 1 || lines > 20) {
			t.Errorf("%d lines", lines)
		}
	})
}
