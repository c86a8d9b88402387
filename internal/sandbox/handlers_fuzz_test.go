package sandbox

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// FuzzHandlers sends what no client should send: it is answered all the same.
func FuzzHandlers(f *testing.F) {
	f.Add("/api/v4/media/"+DocumentedAsset+"/download/", "type=original")
	f.Add("/api/v4/media/..%2F/9999999999999999999/download/", "hash=1")
	f.Add("/api/v4/media/", "page=2147483648&limit=1000&orderBy=name desc&ids=,,&cursor=c2FuZGJveDox")
	f.Add("/api/v4/collections/x/media/", "")
	f.Add("/hop/-1/media/"+DocumentedAsset+"/"+DocumentedItem+"/", "X-Amz-Signature=&Signature=")
	f.Add("/derivatives/"+DocumentedAsset+"/"+DocumentedItem+"/mini/x", "")
	s, err := New(Options{NoRateLimit: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		u, err := url.ParseRequestURI(path + "?" + query)
		if err != nil || u.Host != "" {
			t.Skip()
		}
		for _, handler := range []http.Handler{s.Portal(), s.Storage()} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.URL, r.RequestURI = u, path+"?"+query
			if r.URL.Path[0] == '/' && len(path) > 4 && path[:5] == "/api/" {
				r.Header.Set("Authorization", "Bearer "+s.opts.Credentials.PermanentToken)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code < 200 || w.Code >= 500 {
				t.Errorf("status %d", w.Code)
			}
		}
	})
}
