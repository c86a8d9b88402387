package sandbox

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"sync"
)

// scene is a picture of a landscape, unlike that of any other seed: the beginning of a derivative, which image
// decoders read, while the rest of its bytes is noise.
type scene struct {
	width, height int // pixels; 0: no picture
	seed          uint64
}

// builtIn are the longer sides, in pixels, of the derivatives that are pictures.
var builtIn = map[string]int{"mini": 80, "thul": 250, "webimage": 800}

// sceneOf returns the picture of a derivative, with the proportions of the asset.
func (a *asset) sceneOf(it item, name string) scene {
	side, ok := builtIn[name]
	if !ok {
		return scene{}
	}
	s := scene{side, side, seedOf("scene", a.id, it.id)}
	if a.width > a.height {
		s.height = max(side*a.height/a.width, 1)
	} else if a.height > 0 {
		s.width = max(side*a.width/a.height, 1)
	}
	return s
}

// The colors of a scene are sky, from above to below, sun, hills and meadow.
const skyColors = 16

// palette returns 19 colors: with more than 16, a PNG has a byte per pixel, which takes less time to write.
func (s scene) palette() color.Palette {
	hue := func(shift uint) float64 { return float64(s.seed>>shift&0xff) / 255 }
	mixed := func(from, to [3]float64, part float64) color.Color {
		channel := func(i int) uint8 { return uint8(from[i] + (to[i]-from[i])*part) }
		return color.NRGBA{channel(0), channel(1), channel(2), 255}
	}
	above, below := [3]float64{30 + 90*hue(0), 60 + 80*hue(8), 140 + 80*hue(16)}, [3]float64{255, 190 + 50*hue(24), 120 + 100*hue(32)}
	var all color.Palette
	for i := range skyColors {
		all = append(all, mixed(above, below, float64(i)/(skyColors-1)))
	}
	far, near := [3]float64{60 + 60*hue(40), 90, 110}, [3]float64{20, 70 + 70*hue(48), 50}
	return append(all, color.NRGBA{255, 244, 200, 255}, mixed(far, far, 0), mixed(near, near, 0))
}

// image draws the scene.
func (s scene) image() *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, s.width, s.height), s.palette())
	w, h := float64(s.width), float64(s.height)
	far, near := make([]int, s.width), make([]int, s.width) // where the hills begin, and the meadow
	phase := float64(s.seed>>8&0xff) / 40
	for x := range s.width {
		along := float64(x) / w * 2 * math.Pi
		far[x] = int(h * (0.62 + 0.08*math.Sin(1.5*along+phase)))
		near[x] = int(h * (0.78 + 0.07*math.Sin(2.3*along+2*phase)))
	}
	sunX, sunY := s.width/5+int(s.seed&0xff)*s.width*3/(5*255), s.height*35/100
	radius := min(s.width, s.height) * 12 / 100
	for y := range s.height {
		sky := uint8(min(y*10*skyColors/(7*s.height), skyColors-1))
		row := img.Pix[y*img.Stride : y*img.Stride+s.width]
		for x := range row {
			switch {
			case y >= near[x]:
				row[x] = skyColors + 2
			case y >= far[x]:
				row[x] = skyColors + 1
			default:
				row[x] = sky
			}
		}
		for x := max(sunX-radius, 0); x < min(sunX+radius, s.width); x++ {
			if dx, dy := x-sunX, y-sunY; dx*dx+dy*dy < radius*radius && y < far[x] {
				row[x] = skyColors
			}
		}
	}
	return img
}

// scenes remembers a bounded number of pictures as PNG: a file is read in several pieces.
var scenes = struct {
	mu    sync.Mutex
	known map[scene][]byte
}{known: map[scene][]byte{}}

const maxScenes = 256

// png returns the picture as PNG, nil if there is none.
func (s scene) png() []byte {
	if s.width == 0 {
		return nil
	}
	scenes.mu.Lock()
	data, ok := scenes.known[s]
	scenes.mu.Unlock()
	if ok {
		return data
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&b, s.image()); err != nil {
		panic(err) // a small image, into memory: it cannot fail
	}
	scenes.mu.Lock()
	defer scenes.mu.Unlock()
	if len(scenes.known) >= maxScenes {
		clear(scenes.known)
	}
	scenes.known[s] = b.Bytes()
	return b.Bytes()
}
