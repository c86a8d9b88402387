package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// token is the permanent token that portals here accept.
const token = "bench-4f1d0c7b9a6e4d52"

// portal is as much of the portal's API as the rows ask for: locations of originals, and
// lists of assets by their ids. It answers from memory, so that its own time is not
// measured, and points at files on other servers.
type portal struct {
	listener net.Listener
	server   *http.Server
	urls     map[string]string // of files, by media id
	assets   map[string]string // as lists have them
	calls    atomic.Int64
}

// mediaID is the id of the file with a number, in the portal's own form.
func mediaID(n int) string { return fmt.Sprintf("%08X-0B3C-4F10-%016X", n, n*7919) }

// startPortal serves an asset for each URL of a file.
func startPortal(ctx context.Context, urls []string) (*portal, error) {
	l, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	p := &portal{listener: l, urls: make(map[string]string, len(urls)), assets: make(map[string]string, len(urls))}
	for i, u := range urls {
		id := mediaID(i)
		p.urls[id], p.assets[id] = u, asset(id, u)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v4/media/{id}/download/{$}", p.location)
	mux.HandleFunc("GET /api/v4/media/{$}", p.list)
	p.server = &http.Server{Handler: p.authorised(mux), ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

func (p *portal) addr() string { return p.listener.Addr().String() }
func (p *portal) close()       { _ = p.server.Close() }

func (p *portal) authorised(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.Add(1)
		if r.Header.Get("Authorization") != "Bearer "+token {
			http.Error(w, `{"message":"Unauthorized","statuscode":401}`, http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		next.ServeHTTP(w, r)
	})
}

// location answers as long a URL as those that S3 signs.
func (p *portal) location(w http.ResponseWriter, r *http.Request) {
	u, ok := p.urls[r.PathValue("id")]
	if !ok {
		http.Error(w, `{"message":"Media not found","statuscode":"404"}`, http.StatusNotFound)
		return
	}
	fmt.Fprintf(w, `{"s3_file":"%s?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=%s&X-Amz-SignedHeaders=host&X-Amz-Expires=3600`+
		`&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%%2F20260101%%2Feu-west-1%%2Fs3%%2Faws4_request&X-Amz-Signature=%064x","disclaimer":""}`,
		u, time.Now().UTC().Format("20060102T150405Z"), len(u))
}

// list answers the assets that ids= names, as one page.
func (p *portal) list(w http.ResponseWriter, r *http.Request) {
	ids := strings.Split(r.URL.Query().Get("ids"), ",")
	if limit, err := strconv.Atoi(r.URL.Query().Get("limit")); err != nil || len(ids) > limit {
		http.Error(w, `{"message":"Invalid limit","statuscode":"400"}`, http.StatusBadRequest)
		return
	}
	var page strings.Builder
	for _, id := range ids {
		if a, ok := p.assets[id]; ok {
			page.WriteString(",")
			page.WriteString(a)
		}
	}
	fmt.Fprintf(w, "[%s]", strings.TrimPrefix(page.String(), ","))
}

// asset is an asset as portals list it, whose derivative webimage is at u.
func asset(id, u string) string {
	folder, name := path.Split(u)
	return fmt.Sprintf(`{"id":%q,"idHash":"1f2e3d4c5b6a7988","name":"Campaign picture","description":"For the web, print and social media",`+
		`"copyright":"","type":"image","brandId":"3A1E5B0C-7C33-4A5F-8D3E1B2C3D4E5F60","orientation":"landscape","userCreated":"A. Person",`+
		`"dateCreated":"2024-03-22T13:40:36Z","dateModified":"2025-01-15T08:00:00Z","datePublished":"2024-03-22T13:40:36Z",`+
		`"width":4000,"height":3000,"fileSize":102400,"views":12,"downloads":3,"activeVersion":1,"archive":0,"limited":0,"isPublic":1,"watermarked":0,`+
		`"extension":["jpg"],"tags":["campaign","spring","outdoor"],"propertyOptions":["C0110000-0001-4F10-8A0B9C8D7E6F5A01"],"property_Channel":["Web","Print"],`+
		`"thumbnails":{"mini":"%[2]smini-%[3]s","thul":"%[2]sthul-%[3]s","webimage":"%[2]s%[3]s"}}`, id, folder, name)
}
