package sandbox

import (
	"bytes"
	"encoding/hex"
	"image"
	"image/color"
	"net/http"
	"strings"
	"testing"
)

func TestTransform(t *testing.T) {
	c := start(t, Options{})
	var listed []struct{ TransformBaseURL, ID, Type string }
	c.json("/api/v4/media/?limit=20", &listed)
	for _, a := range listed {
		check(t, a.ID+" has a transformBaseUrl", a.TransformBaseURL != "", a.Type == "image")
	}
	base := listed[0].TransformBaseURL
	for _, tt := range []struct {
		query         string
		mediaType     string
		width, height int
	}{
		{"io=transform:fill,width:80,height:60&format=jpg&quality=85", "image/jpeg", 80, 60},
		{"io=transform:fill,width:30,height:90&format=png", "image/png", 30, 90},
		{"io=transform:fit,width:80,height:80&format=gif", "image/gif", 80, 40},
		{"io=transform:fit,width:80,height:20&format=png", "image/png", 40, 20},
		{"io=transform:scale,width:48&format=png", "image/png", 48, 24},
		{"io=transform:scale,width:48,height:5&format=png", "image/png", 48, 5},
		{"io=transform:crop,width:10,height:90,x:5,y:3&format=png", "image/png", 10, 45},
		{"io=transform:fill,width:80,height:60", "image/webp", 0, 0},
	} {
		a := c.do(http.MethodGet, base+"?"+tt.query)
		check(t, tt.query, a.StatusCode, 200)
		check(t, tt.query, a.Header.Get("Content-Type"), tt.mediaType)
		check(t, tt.query, a.Header.Get("Content-Disposition"), "")
		if tt.width > 0 {
			got, _, err := image.DecodeConfig(bytes.NewReader(a.body))
			check(t, tt.query, err, nil)
			check(t, tt.query, [2]int{got.Width, got.Height}, [2]int{tt.width, tt.height})
		}
		spec := strings.TrimPrefix(tt.query, "io=transform:")
		wantWhole(t, a, c.object(DocumentedAsset, "transform/"+spec))
	}
	for _, query := range []string{
		"", "io=fill", "io=transform:", "io=transform:blur,width:8", "io=transform:fill", "io=transform:fill,width:x", "io=transform:fill,color:8",
		"io=transform:fill,width:-8", "io=transform:fill,width:999999,height:9", "io=transform:fill,width:9000,height:9000",
		"io=transform:crop,width:8,height:8,x:5000", "io=transform:fill,width:8&format=exe", "io=transform:fill,width:8&quality=101",
	} {
		check(t, query, c.do(http.MethodGet, base+"?"+query).StatusCode, 400)
	}
	check(t, "no image", c.do(http.MethodGet, c.StorageURL()+"/transform/"+EmptyAsset+"/Empty?io=transform:fill,width:8").StatusCode, 404)
}

// What the encoder writes was read with golang.org/x/image/webp, which found the same pixels.
func TestEncodeWebP(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	img.SetNRGBA(0, 0, color.NRGBA{1, 2, 3, 255})
	img.SetNRGBA(1, 0, color.NRGBA{250, 128, 7, 255})
	got := encodeWebP(img)
	const want = "524946468c000000574542505650384c800000002f010000008040000000e2ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff1f0000000201000088ffffffff" +
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffff7f0804000020fefffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffb1f4080c0015fe0"
	if hex.EncodeToString(got) != want {
		t.Errorf("%x, want %s", got, want)
	}
}
