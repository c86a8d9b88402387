package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/terminal"
)

const (
	maxPicture     = 8 << 20 // bytes
	pictureTimeout = 5 * time.Second
)

// errPictureTime is why a picture that takes too long is not shown.
var errPictureTime = fmt.Errorf("it took longer than %s", pictureTimeout)

// pictureSides are the derivatives that every portal makes, with about how many pixels their longer sides have.
var pictureSides = []struct {
	name string
	side int
}{{"mini", 80}, {"thul", 250}, {"webimage", 800}}

// addImageFlag adds --image, which [defaults] may set.
func addImageFlag(f *pflag.FlagSet, image *string) {
	f.StringVar(image, "image", string(terminal.PicturesAuto), "show a picture on a terminal: auto, kitty, blocks or off")
}

// picture returns what shows an asset on the canvas, nil if that is not possible; with -v it says why.
func (s *showing) picture(ctx context.Context, asset *bynder.Asset) []byte {
	name := pictureOf(asset, s.canvas)
	if name == "" {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, pictureTimeout, errPictureTime)
	defer cancel()
	data, err := s.portal.fetchPicture(ctx, asset.Derivatives[name])
	var text []byte
	if err == nil {
		text, err = s.canvas.Render(ctx, data)
	}
	if err != nil && s.verbose {
		s.screen.Say("%s: no picture: %s: %v", asset.ID, name, err)
	}
	return text
}

// pictureOf returns the name of the smallest derivative that fills the canvas, else of the largest, "" if there is none.
func pictureOf(asset *bynder.Asset, canvas terminal.Canvas) (name string) {
	needed := canvas.Side(asset.Pixels())
	for _, d := range pictureSides {
		if asset.Derivatives[d.name] == "" {
			continue
		}
		if name = d.name; d.side >= needed {
			break
		}
	}
	return name
}

// fetchPicture requests a small file from storage, once, and returns its bytes. Errors contain no URL.
func (p *portal) fetchPicture(ctx context.Context, link string) ([]byte, error) {
	location, err := p.client.Link(link)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location.URL.String(), http.NoBody)
	if err != nil {
		return nil, errors.New("invalid URL")
	}
	resp, err := p.storage.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if inURL, ok := errors.AsType[*url.Error](err); ok {
			err = inURL.Err // the URL is a permission to read
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("storage answered %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxPicture+1))
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	case len(data) > maxPicture:
		return nil, fmt.Errorf("it is larger than %d MiB", maxPicture>>20)
	}
	return data, nil
}
