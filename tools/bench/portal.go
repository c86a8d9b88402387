package main

import (
	"context"
	"fmt"
	"io"
	"log"
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

// portal is as much of the portal's API as the rows need: locations of originals, lists of assets, and the current
// user. It answers from memory, so that its own time is not measured, and its URLs are those of other servers.
type portal struct {
	listener net.Listener
	server   *http.Server
	ids      []string          // in the order of lists
	urls     map[string]string // of files, by media id
	assets   map[string]string // as lists have them
	calls    atomic.Int64      // since the last reset
}

// mediaID returns the id of the asset with a number, in the portal's own form.
func mediaID(n int) string { return fmt.Sprintf("%08X-0B3C-4F10-%016X", n, n*7919) }

// startPortal serves an asset for each URL of a file of size bytes, over TLS, as portals do.
func (s *site) startPortal(ctx context.Context, urls []string, size int64) (*portal, error) {
	l, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	p := &portal{listener: l, urls: make(map[string]string, len(urls)), assets: make(map[string]string, len(urls))}
	for i, u := range urls {
		id := mediaID(i)
		p.ids = append(p.ids, id)
		p.urls[id], p.assets[id] = u, asset(i, size, u)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v4/media/{id}/download/{$}", p.location)
	mux.HandleFunc("GET /api/v4/media/{$}", p.list)
	mux.HandleFunc("GET /api/v4/currentUser/{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id":"B0000000-0001-4F10-8A0B9C8D7E6F5A01","username":"a.person","email":"a.person@example.com"}`)
	})
	p.server = newServer(ctx, p.authorized(mux))
	go func() { _ = p.server.ServeTLS(l, s.cert(), s.key()) }()
	return p, nil
}

// newServer returns a server for ServeTLS. It says nothing about clients that end in the middle of a handshake.
func newServer(ctx context.Context, h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
}

func (p *portal) addr() string { return p.listener.Addr().String() }
func (p *portal) close()       { _ = p.server.Close() }

func (p *portal) authorized(next http.Handler) http.Handler {
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

// location answers with a URL as long as those that S3 signs.
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

// list answers with the assets of ids=, or with a page of all assets.
func (p *portal) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 || limit > assetsPerPage {
		http.Error(w, `{"message":"Invalid limit","statuscode":"400"}`, http.StatusBadRequest)
		return
	}
	ids := p.ids
	if q.Has("ids") {
		ids = strings.Split(q.Get("ids"), ",")
	}
	total := len(ids)
	page := 1
	if q.Has("page") {
		page, _ = strconv.Atoi(q.Get("page"))
	}
	from := min(max(page-1, 0)*limit, total)
	var listed []string
	for _, id := range ids[from:min(from+limit, total)] {
		if a, ok := p.assets[id]; ok {
			listed = append(listed, a)
		}
	}
	body := "[" + strings.Join(listed, ",") + "]"
	if q.Get("total") == "1" {
		body = fmt.Sprintf(`{"total":{"count":%d},"media":%s}`, total, body)
	}
	_, _ = io.WriteString(w, body)
}

// asset returns the asset with a number as portals list it. Its derivative webimage is at u.
func asset(n int, size int64, u string) string {
	folder, name := path.Split(u)
	return fmt.Sprintf(`{"id":%[1]q,"idHash":"1f2e3d4c5b6a7988","name":"Campaign picture %[2]d","description":"For the web, print and social media",`+
		`"copyright":"","type":"image","brandId":"3A1E5B0C-7C33-4A5F-8D3E1B2C3D4E5F60","orientation":"landscape","userCreated":"A. Person",`+
		`"dateCreated":"2024-03-22T13:40:36Z","dateModified":"2025-01-15T08:00:00Z","datePublished":"2024-03-22T13:40:36Z",`+
		`"width":4000,"height":3000,"fileSize":%[5]d,"views":12,"downloads":3,"activeVersion":1,"archive":0,"limited":0,"isPublic":1,"watermarked":0,`+
		`"extension":["jpg"],"tags":["campaign","spring","outdoor"],"propertyOptions":["C0110000-0001-4F10-8A0B9C8D7E6F5A01"],"property_Channel":["Web","Print"],`+
		`"thumbnails":{"mini":"%[3]smini-%[4]s","thul":"%[3]sthul-%[4]s","webimage":"%[3]s%[4]s"}}`, mediaID(n), n, folder, name, size)
}
