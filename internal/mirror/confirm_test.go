package mirror

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/sandbox"
)

// fakeWitness answers from tables.
type fakeWitness struct {
	filtered, all map[string]bool // what lists have with filters, and without
	broken        map[string]error
	one           map[string]error // of calls for one asset; an asset without entry exists
	asked         []string
	more          []string // lists have these, too, whatever they are asked for
}

func (f *fakeWitness) AssetsListed(_ context.Context, q bynder.Query) iter.Seq2[*bynder.Asset, error] {
	kind, has := "all", f.all
	if q.HasFilters() {
		kind, has = "filtered", f.filtered
	}
	f.asked = append(f.asked, kind+" "+strings.Join(q.IDs, ","))
	return func(yield func(*bynder.Asset, error) bool) {
		for _, id := range append(slices.Clone(f.more), q.IDs...) {
			if (has[id] || slices.Contains(f.more, id)) && !yield(&bynder.Asset{ID: strings.ToLower(id)}, nil) {
				return
			}
		}
		if err := f.broken[kind]; err != nil {
			yield(nil, err)
		}
	}
}

func (f *fakeWitness) Asset(_ context.Context, id string) (*bynder.Asset, error) {
	f.asked = append(f.asked, id)
	return &bynder.Asset{ID: id}, f.one[id]
}

func status(code int) error { return &bynder.APIError{Status: code} }

func TestConfirm(t *testing.T) {
	has := func(ids ...string) map[string]bool {
		all := map[string]bool{}
		for _, id := range ids {
			all[id] = true
		}
		return all
	}
	filters := bynder.Query{Tags: []string{"a"}, Order: "dateCreated asc", Limit: 1000}
	network := errors.New("connection reset")
	for _, tt := range []struct {
		name    string
		filters bynder.Query
		witness fakeWitness
		ids     string
		want    string // id=verdict
		asked   string
		err     error
	}{
		{
			name: "each way to be gone", filters: filters, ids: "A,B,C,D,E",
			witness: fakeWitness{filtered: has("A"), all: has("A", "B"), one: map[string]error{"C": status(404), "D": status(403)}},
			want:    "A= B=left C=deleted D=hidden E=", asked: "filtered A,B,C,D,E; all B,C,D,E; C; D; E",
		},
		{
			name: "without filters nothing can have left", ids: "A,B,C",
			witness: fakeWitness{all: has("A"), one: map[string]error{"B": status(404)}},
			want:    "A= B=deleted C=", asked: "all A,B,C; B; C",
		},
		{
			name: "the list breaks off", filters: filters, ids: "A,B",
			witness: fakeWitness{broken: map[string]error{"filtered": status(500)}, all: has("A"), one: map[string]error{"B": status(404)}},
			want:    "A= B=", asked: "filtered A,B",
		},
		{
			name: "the list has an element that cannot be read", filters: filters, ids: "A,B",
			witness: fakeWitness{broken: map[string]error{"filtered": &bynder.ProtocolError{Err: errors.New("no id")}}, one: map[string]error{"B": status(404)}},
			want:    "A= B=", asked: "filtered A,B",
		},
		{
			name: "the portal ignores ids", filters: filters, ids: "A,B",
			witness: fakeWitness{more: []string{"Z"}, all: has("A"), one: map[string]error{"B": status(404)}},
			want:    "A= B=", asked: "filtered A,B",
		},
		{
			name: "the list without filters breaks off", filters: filters, ids: "A,B,C",
			witness: fakeWitness{all: has("A"), broken: map[string]error{"all": network}, one: map[string]error{"B": status(404)}},
			want:    "A=left B=deleted C=", asked: "filtered A,B,C; all A,B,C; B; C",
		},
		{
			name: "the list leaves out what it counts", filters: filters, ids: "A,B,C,D",
			witness: fakeWitness{broken: map[string]error{"filtered": bynder.ErrMiscounted}, all: has("A", "B"), one: map[string]error{"C": status(404), "D": status(403)}},
			want:    "A= B= C= D=hidden", asked: "filtered A,B,C,D; all A,B,C,D; C; D",
		},
		{
			name: "the list without filters leaves out what it counts", filters: filters, ids: "A,B,C,D,E",
			witness: fakeWitness{
				filtered: has("E"), broken: map[string]error{"all": bynder.ErrMiscounted}, all: has("A"), one: map[string]error{"B": status(404), "C": status(403)},
			},
			want: "A=left B= C=hidden D= E=", asked: "filtered A,B,C,D,E; all A,B,C,D; B; C; D",
		},
		{
			name: "the only list leaves out what it counts", ids: "A,B,C",
			witness: fakeWitness{broken: map[string]error{"all": bynder.ErrMiscounted}, one: map[string]error{"A": status(404), "B": status(403)}},
			want:    "A= B=hidden C=", asked: "all A,B,C; A; B; C",
		},
		{
			name: "errors of one asset", ids: "A,B,C,D,E,F",
			witness: fakeWitness{one: map[string]error{
				"A": status(500), "B": network, "C": &bynder.ProtocolError{Err: errors.New("another asset")}, "D": status(410), "E": status(400), "F": status(404),
			}},
			want: "A= B= C= D= E= F=deleted", asked: "all A,B,C,D,E,F; A; B; C; D; E; F",
		},
		{
			name: "pages of a firewall", ids: "A,B,C,D,E",
			witness: fakeWitness{one: map[string]error{
				"A": &bynder.APIError{Status: 404, Foreign: true}, "B": status(403), "C": &bynder.APIError{Status: 403, Foreign: true}, "D": status(404),
			}},
			want: "A= B=hidden C= D=deleted E=", asked: "all A,B,C,D,E; A; B; C; D; E",
		},
		{
			name: "nothing but pages of a firewall", ids: "A,B,C,D",
			witness: fakeWitness{one: map[string]error{
				"A": &bynder.APIError{Status: 404, Foreign: true}, "B": &bynder.APIError{Status: 403, Foreign: true}, "C": &bynder.APIError{Status: 403, Foreign: true},
			}},
			want: "A= B= C= D=", asked: "all A,B,C,D; A; B; C",
		},
		{
			name: "silence", ids: "A,B,C,D,E",
			witness: fakeWitness{one: map[string]error{"A": status(404), "B": network, "C": network, "D": status(503), "E": status(404)}},
			want:    "A=deleted B= C= D= E=", asked: "all A,B,C,D,E; A; B; C; D",
		},
		{
			name: "credentials that are refused", ids: "A,B",
			witness: fakeWitness{one: map[string]error{"A": status(401)}}, err: status(401), want: "A= B=", asked: "all A,B; A",
		},
		{
			name: "credentials that are refused in a list", filters: filters, ids: "A,B",
			witness: fakeWitness{broken: map[string]error{"filtered": status(401)}}, err: status(401), want: "A= B=", asked: "filtered A,B",
		},
		{
			name: "an allowance that is used up", filters: filters, ids: "A,B",
			witness: fakeWitness{broken: map[string]error{"all": status(429)}}, err: status(429), want: "A= B=", asked: "filtered A,B; all A,B",
		},
		{
			name: "the end", ids: "A,B", witness: fakeWitness{one: map[string]error{"A": context.Canceled}}, err: context.Canceled, want: "A= B=", asked: "all A,B; A",
		},
		{name: "an id in two cases", filters: filters, ids: "A,a", witness: fakeWitness{filtered: has("a")}, want: "A= a=", asked: "filtered A,a"},
		{name: "nothing", filters: filters, want: "", asked: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ids []string
			if tt.ids != "" {
				ids = strings.Split(tt.ids, ",")
			}
			got, err := Confirm(t.Context(), &tt.witness, tt.filters, ids)
			if tt.err == nil && err != nil || tt.err != nil && (err == nil || err.Error() != tt.err.Error()) {
				t.Errorf("the error is %v, want %v", err, tt.err)
			}
			var verdicts []string
			for _, id := range ids {
				verdict, known := got[id]
				if !known {
					t.Errorf("there is no verdict of %s", id)
				}
				verdicts = append(verdicts, fmt.Sprintf("%s=%s", id, verdict))
			}
			if diff := cmp.Diff(tt.want, strings.Join(verdicts, " ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(tt.asked, strings.Join(tt.witness.asked, "; ")); diff != "" {
				t.Errorf("asked, -want +got:\n%s", diff)
			}
		})
	}
}

// bearer adds a token to requests.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// The portal of the sandbox has assets that are gone in each way, and some that only seem to be.
func TestConfirmWithThePortal(t *testing.T) {
	for _, tt := range []struct {
		assets string
		want   map[string]Verdict
	}{
		{`[{"id": "living", "tags": ["a"]}, {"id": "retagged", "tags": ["b"]}, {"id": "trashed", "tags": ["a"], "trash": true},
		{"id": "hidden", "tags": ["a"], "rights": "none"}, {"id": "viewed", "tags": ["a"], "rights": "view"}, {"id": "archived", "tags": ["b"], "archive": true},
		{"id": "left-out", "tags": ["a"], "lists": "by-id"}, {"id": "unlisted", "tags": ["a"], "lists": "none"}]`, map[string]Verdict{
			"living": Unconfirmed, "retagged": AssetLeft, "trashed": AssetDeleted, "hidden": AssetHidden, "viewed": Unconfirmed, "archived": AssetLeft,
			"left-out": Unconfirmed, "unlisted": Unconfirmed, "never-there": AssetDeleted,
		}},
		// One that is counted and left out may be any.
		{`[{"id": "short", "tags": ["a"], "lists": "unfiltered"}]`, map[string]Verdict{"short": Unconfirmed}},
		{`[{"id": "short", "tags": ["a"], "lists": "counted"}]`, map[string]Verdict{"short": Unconfirmed}},
		{`[{"id": "short", "tags": ["a"], "lists": "unfiltered"}, {"id": "living", "tags": ["a"]}, {"id": "left", "tags": ["b"]},
			{"id": "hidden", "tags": ["a"], "rights": "none"}, {"id": "trashed", "tags": ["a"], "trash": true}]`, map[string]Verdict{
			"short": Unconfirmed, "living": Unconfirmed, "left": Unconfirmed, "hidden": AssetHidden, "trashed": Unconfirmed,
		}},
		{`[{"id": "short", "tags": ["b"], "lists": "counted"}, {"id": "left", "tags": ["b"]}, {"id": "trashed", "tags": ["a"], "trash": true}]`, map[string]Verdict{
			"short": Unconfirmed, "left": AssetLeft, "trashed": Unconfirmed,
		}},
	} {
		ids := slices.Collect(maps.Keys(tt.want))
		got := confirmWithPortal(t, tt.assets, ids)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tt.assets, diff)
		}
	}
}

// confirmWithPortal asks a sandbox with assets about ids, with the filter for the tag a.
func confirmWithPortal(t *testing.T, assets string, ids []string) map[string]Verdict {
	t.Helper()
	file := filepath.Join(t.TempDir(), "assets.json")
	if err := os.WriteFile(file, []byte(assets), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := sandbox.New(sandbox.Options{Catalogue: file})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := s.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	settings := map[string]string{}
	for _, pair := range s.Env("token") {
		name, value, _ := strings.Cut(pair, "=")
		settings[name] = value
	}
	origin, err := url.Parse(settings["BYNDER_DOMAIN"])
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: bearer(settings["BYNDER_PERMANENT_TOKEN"])}
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	got, err := Confirm(t.Context(), bynder.New(origin, client), bynder.Query{Tags: []string{"a"}}, ids)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
