package bynder_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// onePage is a portal whose list is one page.
type onePage struct {
	body  []byte
	given bool
}

func (p *onePage) RoundTrip(*http.Request) (*http.Response, error) {
	body := p.body
	if p.given {
		body = []byte("[]")
	}
	p.given = true
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

// fullPage is a page of n assets with all that portals say of one in a list.
func fullPage(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		separator := ","
		if i == 0 {
			separator = "["
		}
		fmt.Fprintf(&b, `%s{"id":"%08X-141B-47D2-98B4FECDA8894CB2","idHash":"1f2e3d4c5b6a%04x","name":"Campaign picture %d","description":"For the web, print and social media",`+
			`"copyright":"","type":"image","brandId":"3A1E5B0C-7C33-4A5F-8D3E1B2C3D4E5F60","orientation":"landscape","userCreated":"A. Person",`+
			`"dateCreated":"2024-03-22T13:40:36Z","dateModified":"2025-01-15T08:00:00Z","datePublished":"2024-03-22T13:40:36Z",`+
			`"width":4000,"height":"3000","fileSize":102400,"views":12,"downloads":3,"activeVersion":1,"archive":0,"limited":false,"isPublic":1,"watermarked":0,`+
			`"extension":["jpg"],"tags":["campaign","spring","outdoor"],"propertyOptions":["C0110000-0001-4F10-8A0B9C8D7E6F5A01"],"property_Channel":["Web","Print"],"property_Year":"2024",`+
			`"thumbnails":{"mini":"https://media.example/m/%[4]d/mini.jpg","thul":"https://media.example/m/%[4]d/thul.jpg","webimage":"https://media.example/m/%[4]d/webimage.jpg"}}`,
			separator, i, i, i)
	}
	b.WriteString("]")
	return b.Bytes()
}

// BenchmarkPage decodes a page as large as portals give it, 1,000 assets: what a search
// costs, and with JSON what `search --json` does.
func BenchmarkPage(b *testing.B) {
	const n = 1000
	body := fullPage(n)
	b.Run("decode", func(b *testing.B) { decode(b, body, n, func(*bynder.Asset) error { return nil }) })
	b.Run("json", func(b *testing.B) {
		decode(b, body, n, func(a *bynder.Asset) error {
			_, err := a.JSON(nil, false)
			return err
		})
	})
}

func decode(b *testing.B, body []byte, n int, each func(*bynder.Asset) error) {
	list := &onePage{body: body}
	c := bynder.New(&url.URL{Scheme: "https", Host: "portal.example"}, &http.Client{Transport: list})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		list.given = false
		found := 0
		for asset, err := range c.Assets(bynder.Query{}).Each(b.Context()) {
			if err == nil {
				err = each(asset)
			}
			if err != nil {
				b.Fatal(err)
			}
			found++
		}
		if found != n {
			b.Fatalf("%d assets, want %d", found, n)
		}
	}
}
