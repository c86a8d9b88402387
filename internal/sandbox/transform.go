package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/url"
	"strconv"
	"strings"
)

// Bounds of images that are made on demand.
const (
	maxTransformed = 4 << 20 // pixels
	maxSide        = 16383   // pixels, as many as WebP has
	sourceSide     = 96      // the longer side of the image that they are made of, in pixels
)

// transformBase returns the URL at which images of an asset are made on demand: its transformBaseUrl.
func (s *Sandbox) transformBase(a *asset) string {
	return s.opts.StorageURL + "/transform/" + url.PathEscape(a.id) + "/" + url.PathEscape(a.name)
}

// transformable returns the asset of an escaped path below transform/.
func transformable(all catalogue, escaped string) (asset, bool) {
	rest, ok := strings.CutPrefix(escaped, "/transform/")
	id, _, named := strings.Cut(rest, "/")
	if id, err := url.PathUnescape(id); ok && named && err == nil {
		a, found := all.find(id)
		return a, found && a.kind == "image"
	}
	return asset{}, false
}

// transformed returns the image that a query asks for, such as
// io=transform:fill,width:800,height:600&format=jpg&quality=85.
func (a *asset) transformed(query url.Values) (Object, error) {
	operation, ok := strings.CutPrefix(query.Get("io"), "transform:")
	if !ok {
		return Object{}, errors.New("io=transform:... is missing")
	}
	picture, err := a.picture().transform(operation)
	if err != nil {
		return Object{}, err
	}
	format, quality := query.Get("format"), 85
	setDefault(&format, "webp")
	if text := query.Get("quality"); text != "" {
		if quality, err = strconv.Atoi(text); err != nil || quality < 1 || quality > 100 {
			return Object{}, errors.New("invalid quality")
		}
	}
	content, err := encodeImage(picture, format, quality)
	if err != nil {
		return Object{}, err
	}
	return Object{
		Key:  "transform/" + url.PathEscape(a.id) + "/" + url.PathEscape(a.name),
		Name: a.name + "." + format, Size: int64(len(content)), LastModified: a.active().created,
		mediaID: a.id, seed: seedOf("transform", a.id, a.active().id, operation, format, strconv.Itoa(quality)), content: content,
	}, nil
}

// picture returns a small image of the asset's proportions, unlike that of any other asset.
func (a *asset) picture() raster {
	width, height := sourceSide, sourceSide
	if a.width > a.height {
		height = max(sourceSide*a.height/a.width, 1)
	} else if a.height > 0 {
		width = max(sourceSide*a.width/a.height, 1)
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	seed := seedOf("picture", a.id, a.active().id)
	for y := range height {
		for x := range width {
			img.SetNRGBA(x, y, color.NRGBA{uint8(seed) + uint8(2*x), uint8(seed>>8) + uint8(2*y), uint8(seed>>16) + uint8(x^y), 255})
		}
	}
	return raster{img}
}

// raster is an image that can be transformed.
type raster struct{ *image.NRGBA }

// transform does fill, fit, scale or crop, with width, height, x and y in pixels.
func (r raster) transform(text string) (raster, error) {
	operation, rest, _ := strings.Cut(text, ",")
	size := map[string]int{}
	for rest != "" {
		var pair string
		pair, rest, _ = strings.Cut(rest, ",")
		key, value, _ := strings.Cut(pair, ":")
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > maxTransformed || key != "width" && key != "height" && key != "x" && key != "y" {
			return r, fmt.Errorf("invalid parameter %.80q of %.80q", pair, operation)
		}
		size[key] = n
	}
	width, height := size["width"], size["height"]
	bounds := r.Bounds()
	switch {
	case width == 0 && height == 0:
		return r, errors.New("width or height is missing")
	case width == 0:
		width = max(height*bounds.Dx()/bounds.Dy(), 1)
	case height == 0:
		height = max(width*bounds.Dy()/bounds.Dx(), 1)
	}
	if width > maxSide || height > maxSide || width*height > maxTransformed {
		return r, errors.New("the image would be too large")
	}
	from := bounds
	switch operation {
	case "scale":
	case "crop":
		from = image.Rect(size["x"], size["y"], size["x"]+width, size["y"]+height).Intersect(bounds)
		if from.Empty() {
			return r, errors.New("nothing is left of the image")
		}
		width, height = from.Dx(), from.Dy()
	case "fill": // all of the new image, and as much of the middle of the old one as fits
		if w := bounds.Dy() * width / height; w < bounds.Dx() {
			from = image.Rect(0, 0, max(w, 1), bounds.Dy()).Add(image.Pt((bounds.Dx()-w)/2, 0))
		} else {
			h := bounds.Dx() * height / width
			from = image.Rect(0, 0, bounds.Dx(), max(h, 1)).Add(image.Pt(0, (bounds.Dy()-h)/2))
		}
	case "fit": // all of the old image, within the new measures
		if w := height * bounds.Dx() / bounds.Dy(); w < width {
			width = max(w, 1)
		} else {
			height = max(width*bounds.Dy()/bounds.Dx(), 1)
		}
	default:
		return r, fmt.Errorf("unknown operation %.80q", operation)
	}
	return r.scaled(from, width, height), nil
}

// scaled returns a part of the image in another size, each pixel that of its nearest neighbor.
func (r raster) scaled(from image.Rectangle, width, height int) raster {
	to := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			to.SetNRGBA(x, y, r.NRGBAAt(from.Min.X+x*from.Dx()/width, from.Min.Y+y*from.Dy()/height))
		}
	}
	return raster{to}
}

// encodeImage writes an image in a format.
func encodeImage(r raster, format string, quality int) ([]byte, error) {
	var b bytes.Buffer
	var err error
	switch format {
	case "jpg", "jpeg":
		err = jpeg.Encode(&b, r, &jpeg.Options{Quality: quality})
	case "png":
		err = png.Encode(&b, r)
	case "gif":
		err = gif.Encode(&b, r, nil)
	case "webp":
		b.Write(encodeWebP(r.NRGBA))
	default:
		err = fmt.Errorf("unknown format %.80q", format)
	}
	return b.Bytes(), err
}
