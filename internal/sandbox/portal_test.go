package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestErrorsOfThePortal(t *testing.T) {
	c := start(t, Options{})
	media := "/api/v4/media/" + DocumentedAsset
	for _, test := range []struct {
		path    string
		status  int
		message string
	}{
		{media + "/download/?type=web", 400, `{"message":"Invalid type","statuscode":"400"}`},
		{media + "/7/download/", 404, `{"message":"Original file not available","statuscode":"404"}`},
		{media + "/x/download/", 400, `{"message":"Invalid version","statuscode":"400"}`},
		{media + "/download/nothing/", 404, `{"message":"Media item not found","statuscode":"404"}`},
		{"/api/v4/media/" + NoOriginalAsset + "/download/", 404, `{"message":"Original file not available","statuscode":"404"}`},
		{"/api/v4/media/" + DeletedAsset + "/download/", 404, `{"message":"Media not found","statuscode":"404"}`},
		{"/api/v4/media/" + DeletedAsset + "/1/download/", 404, `{"message":"Media not found","statuscode":"404"}`},
		{"/api/v4/media/" + DeletedAsset + "/download/x/", 404, `{"message":"Media not found","statuscode":"404"}`},
		{"/api/v4/media/..%2Fx/", 404, `{"message":"Media not found","statuscode":"404"}`},
		{"/api/v4/collections/none/", 404, `{"message":"Collection not found","statuscode":404}`},
		{"/api/v4/collections/none/media/", 404, `{"message":"Collection not found","statuscode":404}`},
		{"/api/v4/collections/?limit=x", 400, `{"message":"Invalid limit or page","statuscode":400}`},
		{"/api/v4/nothing/", 404, `{"message":"Not found","statuscode":"404"}`},
		{"/api/v4/media/?orderBy=size", 400, `{"message":"invalid orderBy","statuscode":"400"}`},
		{"/api/v4/media/?dateModified=yesterday", 400, `{"message":"invalid dateModified","statuscode":"400"}`},
		{"/api/v4/media/?cursor=x", 400, `{"message":"invalid cursor","statuscode":"400"}`},
	} {
		a := c.api(test.path)
		check(t, test.path, a.StatusCode, test.status)
		check(t, test.path, string(a.body), test.message)
	}
}

func TestMethodsOfThePortal(t *testing.T) {
	c := start(t, Options{})
	bearer := "Bearer " + c.opts.Credentials.PermanentToken
	a := c.do("DELETE", c.PortalURL()+"/api/v4/media/"+DocumentedAsset+"/", "Authorization", bearer)
	check(t, "DELETE", a.StatusCode, 405)
	check(t, "Allow", a.Header.Get("Allow"), "GET")
}

func TestMissingSlashIsRedirected(t *testing.T) {
	c := start(t, Options{})
	a := c.api("/api/v4/media/" + DocumentedAsset + "/download?type=original")
	check(t, "status", a.StatusCode, 301)
	check(t, "Location", a.Header.Get("Location"), "/api/v4/media/"+DocumentedAsset+"/download/?type=original")
}

func TestLongRequestLineIsRefused(t *testing.T) {
	c := start(t, Options{})
	line := func(n int) int { // a request line of n bytes in all
		path := "/api/v4/media/?limit=1&ids="
		return c.api(path + strings.Repeat("x", n-len("GET  HTTP/1.1")-len(path))).StatusCode
	}
	check(t, "8192 bytes", line(8192), 200)
	check(t, "8193 bytes", line(8193), 414)
}

func TestLocations(t *testing.T) {
	c := start(t, Options{})
	media := "/api/v4/media/" + DocumentedAsset
	for _, test := range []struct{ path, selector string }{
		{media + "/download/", "original"},
		{media + "/download/?type=original", "original"},
		{media + "/download/?type=additional", "additional"},
		{media + "/2/download/", "version/2"},
		{media + "/download/" + DocumentedItem + "/", "item/" + DocumentedItem},
		{media + "/download/" + idHash(DocumentedItem) + "/?hash=1", "item/" + DocumentedItem},
		{"/api/v4/media/" + url.PathEscape(UUIDAsset) + "/download/", ""},
	} {
		var answer struct {
			Location string `json:"s3_file"`
		}
		c.json(test.path, &answer)
		a := c.do("GET", answer.Location)
		check(t, test.path, a.StatusCode, 200)
		if test.selector != "" {
			check(t, test.path, a.Header.Get("ETag"), c.object(DocumentedAsset, test.selector).ETag())
		}
	}
	check(t, "a plain id is no hash", c.api(media+"/download/"+DocumentedItem+"/?hash=1").StatusCode, 404)
	check(t, "a hash is no id", c.api(media+"/download/"+idHash(DocumentedItem)+"/").StatusCode, 404)
}

func TestMediaItems(t *testing.T) {
	c := start(t, Options{})
	var without map[string]any
	c.json("/api/v4/media/"+DocumentedAsset+"/", &without)
	if _, ok := without["mediaItems"]; ok {
		t.Error("items without versions=1")
	}
	var with struct {
		MediaItems []map[string]any `json:"mediaItems"`
	}
	c.json("/api/v4/media/"+DocumentedAsset+"/?versions=1", &with)
	check(t, "items", len(with.MediaItems), 6)
	var found map[string]any
	for _, it := range with.MediaItems {
		if it["id"] == DocumentedItem {
			found = it
		}
	}
	for key, want := range map[string]any{
		"height": 220.0, "width": 440.0, "version": 1.0, "size": 21348.0, "active": 1.0, "type": "web",
		"fileName": "Twitter-1364b483-a8c2-41fa-8feb-b8a797696990.jpg", "dateCreated": "2017-03-22T13:40:36Z",
	} {
		check(t, key, found[key], want)
	}
	thumbnails := found["thumbnails"].(map[string]any)
	for _, name := range []string{"mini", "webimage", "thul", "webshop", "print_rgb"} {
		a := c.do("GET", thumbnails[name].(string))
		check(t, name, a.StatusCode, 200)
		check(t, name, a.Header.Get("ETag"), c.object(DocumentedAsset, "item/"+DocumentedItem+"/derivative/"+name).ETag())
	}

	c.json("/api/v4/media/"+PresentationAsset+"/?versions=1", &with)
	twin := with.MediaItems[1]
	for _, key := range []string{"fileName", "width", "height"} {
		if value, ok := twin[key]; !ok || value != nil {
			t.Errorf("%s of the PDF twin is %v", key, value)
		}
	}
}

// Each page of assets holds all the quirks that payloads are known for.
func TestQuirks(t *testing.T) {
	c := start(t, Options{})
	var assets []map[string]any
	c.json("/api/v4/media/?limit=200&tags=generated&includeMediaItems=1", &assets)
	seen := map[string]bool{}
	kind := func(what string, v any) {
		switch v := v.(type) {
		case bool:
			seen[what+" bool"] = true
		case float64:
			seen[what+" number"] = true
			if v != float64(int64(v)) {
				seen[what+" fraction"] = true
			}
		case string:
			seen[what+" string"] = true
		case []any:
			seen[what+" array"] = true
		case nil:
			seen[what+" null"] = true
		}
	}
	for _, a := range assets {
		kind("flag", a["isPublic"])
		kind("size", a["fileSize"])
		kind("property", a["property_photographer"])
		kind("focus", a["activeOriginalFocusPoint"].(map[string]any)["x"])
		for _, it := range a["mediaItems"].([]any) {
			fields := it.(map[string]any)
			kind("active", fields["active"])
			kind("file name", fields["fileName"])
			kind("width", fields["width"])
			if _, ok := fields["id"]; ok {
				t.Fatal("an item of a list has an id")
			}
		}
	}
	for _, want := range []string{
		"flag bool", "flag number", "size number", "size string", "property string", "property array", "property null",
		"focus number", "focus fraction", "active bool", "active number", "active null", "file name string",
		"file name null", "width number", "width null",
	} {
		if !seen[want] {
			t.Errorf("no %s", want)
		}
	}
}

func TestAccount(t *testing.T) {
	c := start(t, Options{})
	var user struct{ Username string }
	c.json("/api/v4/currentUser/", &user)
	check(t, "user", user.Username, "sandbox")
	guest := c.do("GET", c.PortalURL()+userPath, "Authorization", "Bearer "+c.opts.Credentials.GuestToken)
	if err := json.Unmarshal(guest.body, &user); err != nil {
		t.Error(err)
	}
	check(t, "another user", user.Username, "guest")
	var derivatives []struct{ Prefix string }
	c.json("/api/v4/account/derivatives/", &derivatives)
	check(t, "derivatives", len(derivatives), 7)
	var properties map[string]struct {
		ID      string
		Options []struct {
			ID, Name string
			Options  []struct{ Name string }
		}
	}
	c.json("/api/v4/metaproperties/", &properties)
	check(t, "options", len(properties["region"].Options), 3)
	check(t, "options of options", len(properties["product"].Options[0].Options), 2)
	var brands []struct{ ID string }
	c.json("/api/v4/brands/", &brands)
	check(t, "brands", len(brands), 3)
	var tags []struct{ Tag string }
	c.json("/api/v4/tags/", &tags)
	if len(tags) < 10 {
		t.Errorf("%d tags", len(tags))
	}
	var found []map[string]any
	c.json("/api/v4/media/?propertyOptionId="+properties["region"].Options[0].ID, &found)
	if len(found) == 0 || found[0]["property_region"] != regions[0] {
		t.Errorf("by option: %v", found)
	}
}

func TestPublicOriginal(t *testing.T) {
	c := start(t, Options{})
	var a struct{ Original string }
	c.json("/api/v4/media/"+UnicodeAsset+"/", &a)
	got := c.do("GET", a.Original)
	check(t, "status", got.StatusCode, http.StatusOK)
	check(t, "name", got.Header.Get("Content-Disposition"),
		`attachment; filename="_n_c_d_ _ na_ve ___.jpg"; filename*=UTF-8''%C3%9Cn%C3%AFc%C3%B6d%C3%A9%20%E2%80%93%20na%C3%AFve%20`+
			`%E6%97%A5%E6%9C%AC%E8%AA%9E.jpg`)
}
