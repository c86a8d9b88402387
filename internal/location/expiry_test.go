package location

import (
	"fmt"
	"net/url"
	"testing"
	"time"
)

var lastYear = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func TestExpiry(t *testing.T) {
	unix := func(s int64) time.Time { return time.Unix(s, 0).UTC() }
	tests := []struct {
		query string
		want  time.Time
	}{
		{"", time.Time{}},
		{"X-Amz-Date=20240301T120000Z&X-Amz-Expires=900&X-Amz-Signature=a", lastYear.Add(15 * time.Minute)},
		{"X-Amz-Date=20240301T120000Z", time.Time{}},
		{"X-Amz-Date=20240301T120000Z&X-Amz-Expires=-900", time.Time{}},
		{"X-Amz-Date=20240301T120000Z&X-Amz-Expires=99999999999999999999", time.Time{}},
		{"X-Amz-Date=yesterday&X-Amz-Expires=900", time.Time{}},
		{"Expires=1709294400&Signature=a&Key-Pair-Id=b", unix(1709294400)},
		{"Expires=0", time.Time{}},
		{"Expires=99999999999999999999", time.Time{}},
		{"Expires=Fri,+01+Mar+2024", time.Time{}},
	}
	for _, tt := range tests {
		u := &url.URL{Scheme: "https", Host: "a", RawQuery: tt.query}
		if got := Expiry(u); !got.Equal(tt.want) {
			t.Errorf("%q expires at %v, want %v", tt.query, got, tt.want)
		}
	}
}

func TestStale(t *testing.T) {
	at := func(lifetime time.Duration) *url.URL {
		return &url.URL{RawQuery: fmt.Sprintf("Expires=%d", lastYear.Add(lifetime).Unix())}
	}
	tests := []struct {
		name string
		url  *url.URL
		age  time.Duration
		want bool
	}{
		{"no expiry", &url.URL{}, 1000 * time.Hour, false},
		{"fresh", at(15 * time.Minute), 0, false},
		{"good for a while", at(15 * time.Minute), 14 * time.Minute, false},
		{"within the margin", at(15 * time.Minute), 14*time.Minute + 50*time.Second, true},
		{"expired", at(15 * time.Minute), time.Hour, true},
		{"short life, good", at(10 * time.Second), 8 * time.Second, false},
		{"short life, within the margin", at(10 * time.Second), 9 * time.Second, true},
		{"expired when it was fresh: a clock is wrong", at(-time.Minute), time.Hour, false},
	}
	for _, tt := range tests {
		if got := Stale(tt.url, lastYear, lastYear.Add(tt.age)); got != tt.want {
			t.Errorf("%s: stale = %v", tt.name, got)
		}
	}
}

func FuzzExpiry(f *testing.F) {
	f.Add("X-Amz-Date=20240301T120000Z&X-Amz-Expires=900", int64(0))
	f.Add("Expires=1709294400", int64(1709294399))
	f.Add("%zz;Expires=1", int64(5))
	f.Fuzz(func(t *testing.T, query string, now int64) {
		u := &url.URL{Scheme: "https", Host: "a", RawQuery: query}
		at := time.Unix(now%(1<<40), 0)
		if Stale(u, at, at) && !Expiry(u).After(at) {
			t.Errorf("%q: what is fresh is given up", query)
		}
		if Expiry(u).IsZero() && Stale(u, at, at.Add(1<<62)) {
			t.Errorf("%q: stale without an expiry", query)
		}
	})
}
