package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// A collection that cannot be read may be the one that was named.
func TestFindCollection(t *testing.T) {
	for _, tt := range []struct {
		name, list, find, want, fails string
	}{
		{"by its name", `[{"id":"C","name":"x"},{"id":"D","name":"y"}]`, "Y", "D", ""},
		{"by its id", `[{"id":"C","name":"x"},{"id":"D","name":"y"}]`, "c", "C", ""},
		{"two of one name", `[{"id":"C","name":"y"},{"id":"D","name":"y"}]`, "y", "", "several collections"},
		{"one that comes twice", `[{"id":"C","name":"y"},{"id":"C","name":"y"}]`, "y", "C", ""},
		{"none", `[{"id":"C","name":"x"}]`, "y", "", "no collection"},
		{"beside one that cannot be read", `[{"id":"C","name":"y","collectionCount":"many"},{"id":"D","name":"y"}]`, "y", "", `collection "C"`},
		{"none, and one that cannot be read", `[null]`, "y", "", "cannot read"},
		{"by its id, beside one that cannot be read", `[null,{"id":"D"}]`, "D", "D", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("page") {
					fmt.Fprint(w, "[]")
					return
				}
				fmt.Fprint(w, tt.list)
			}))
			defer server.Close()
			origin, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			got, err := findCollection(t.Context(), bynder.New(origin, server.Client()), tt.find)
			if got != tt.want || (err != nil) != (tt.fails != "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("collection %q, error %v; want %q, %q", got, err, tt.want, tt.fails)
			}
		})
	}
}
