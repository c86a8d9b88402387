package sandbox

import (
	"strconv"
	"strings"
	"time"
)

// describe is an asset as the API shows it, without its files. The quirks of real
// payloads are spread over the assets by their index, so that each page has them
// all: flags as 0/1 or booleans, sizes as numbers or strings, properties as
// strings or arrays, focus points as integers or floats.
func (s *Sandbox) describe(a *asset) object {
	iso := func(t time.Time) string { return t.Format("2006-01-02T15:04:05Z") }
	flag := func(on bool) any {
		switch {
		case a.index%2 == 1:
			return on
		case on:
			return 1
		default:
			return 0
		}
	}
	fields := object{
		"id": a.id, "idHash": idHash(a.id), "name": s.nameOf(a), "description": a.description,
		"copyright": a.copyright, "type": a.kind, "brandId": brands[a.brand].id, "subBrandId": "",
		"orientation": a.orientation(), "userCreated": "Sandbox User",
		"dateCreated": iso(a.created), "dateModified": iso(a.modified()), "datePublished": iso(a.created),
		"width": a.width, "height": a.height, "fileSize": a.size, "views": a.index % 100, "downloads": a.index % 10,
		"activeVersion": a.versions, "extension": []string{a.ext}, "tags": a.tags,
		"propertyOptions": a.optionIDs(), "videoPreviewURLs": []string{},
		"archive": flag(a.archived), "limited": flag(a.limited), "isPublic": flag(a.public),
		"watermarked": flag(a.watermarked), "activeOriginalFocusPoint": object{"x": a.width / 2, "y": a.height / 2},
		"thumbnails": object{},
	}
	if a.index%5 == 3 {
		fields["fileSize"] = strconv.FormatInt(a.size, 10)
	}
	if a.index%3 == 1 {
		fields["activeOriginalFocusPoint"] = object{"x": float64(a.width) * 0.382, "y": 0.5}
	}
	if _, lacks := s.faults.selected("no-transform", a.id); a.kind == "image" && !lacks {
		fields["transformBaseUrl"] = s.transformBase(a)
	}
	if a.region != "" {
		fields["property_region"] = a.region
	}
	if n := len(a.photographers); n == 1 && a.index%2 == 0 {
		fields["property_photographer"] = a.photographers[0]
	} else if n > 0 {
		fields["property_photographer"] = a.photographers
	}
	if it, ok := a.original(0); ok {
		fields["thumbnails"], fields["videoPreviewURLs"] = s.derivatives(a, it)
		if a.public {
			fields["original"] = s.presign(a.object(it), s.now())
		}
	}
	return fields
}

func (s *Sandbox) nameOf(a *asset) string {
	if f, ok := s.faults.selected("hostile-name", a.id); ok {
		return hostileNames[f.Text]
	}
	return a.name
}

// derivatives are the URLs of an item's renditions: by name, and those of a video in a list.
func (s *Sandbox) derivatives(a *asset, it item) (thumbnails object, previews []string) {
	thumbnails, previews = object{}, []string{}
	hostile, isHostile := s.faults.selected("hostile-name", a.id)
	for d, o := range a.derivativesOf(it) {
		if isHostile {
			o = o.renamed(hostileNames[hostile.Text])
		}
		location := s.spell(s.presignDerivative(d, s.spelledName(o)), a.id, false)
		switch {
		case s.faults.selectedText("no-derivative", a.id, d.name):
		case d.preview:
			previews = append(previews, location)
		default:
			thumbnails[d.name] = location
		}
	}
	return thumbnails, previews
}

// describeItems are an asset's files. Lists show them without ids.
func (s *Sandbox) describeItems(a *asset, ids bool) []object {
	hostile, isHostile := s.faults.selected("hostile-name", a.id)
	described := []object{}
	for i, it := range a.allItems() {
		fields := object{
			"version": it.version, "fileName": it.file, "dateCreated": it.created.Format("2006-01-02T15:04:05Z"),
			"size": it.size, "width": nullable(it.width), "height": nullable(it.height), "name": it.file, "type": it.kind,
			"active": 0,
		}
		if it.active {
			fields["active"] = 1
		}
		if a.index%2 == 1 {
			fields["active"] = it.active
		}
		if isHostile {
			fields["fileName"] = hostileNames[hostile.Text]
		}
		if it.unnamed {
			fields["fileName"] = nil
		}
		if it.kind == "web" && a.index%6 == 5 {
			delete(fields, "active") // missing means true
		}
		if it.kind == "" {
			delete(fields, "type")
		}
		if it.kind != "additional" {
			fields["thumbnails"], _ = s.derivatives(a, it)
		}
		if a.index%7 == 4 && i == 0 {
			fields["size"] = strconv.FormatInt(it.size, 10)
		}
		if ids {
			fields["id"] = it.id
		}
		described = append(described, fields)
	}
	return described
}

func nullable(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// optionIDs are the ids of the property options that an asset has.
func (a *asset) optionIDs() []string {
	ids := []string{}
	for _, name := range a.photographers {
		ids = append(ids, optionID("photographer", name))
	}
	if a.region != "" {
		ids = append(ids, optionID("region", a.region))
	}
	return ids
}

func optionID(property, option string) string {
	return numberedID(itemSalt, seedOf("option", property, option))
}

// brand is a brand of the portal.
type brand struct{ id, name string }

var brands = []brand{
	{"95E9C4D6-A53F-4576-9579EFF875D6026E", "House"},
	{"2B1F3A44-6E0C-4D2B-8C7D1E9F0A3B5C6D", "Premium"},
	{"5D4C3B2A-1F0E-4A9B-A8C7D6E5F4031221", "Outlet"},
}

// accountEndpoints are the calls whose answer depends on nothing.
var accountEndpoints = map[string]func(*Sandbox) any{
	"currentUser": func(*Sandbox) any {
		return object{
			"id": "6A1B2C3D-4E5F-4061-8273645546372819", "username": "sandbox", "email": "sandbox@example.com",
			"firstName": "Sandbox", "lastName": "User", "companyName": "Example", "profileId": "standard", "active": true,
			"language": "en_US", "roles": []string{
				"MEDIAHIGHRES", "ARCHIVEDOWNLOAD", "DOWNLOADWATERMARK", "KEYVISUALSDOWNLOAD",
			},
		}
	},
	"account/derivatives": func(*Sandbox) any {
		all := []object{}
		for i, d := range derivatives {
			all = append(all, object{
				"id": numberedID(itemSalt, seedOf("derivative", d.name)), "prefix": d.name, "extension": d.ext,
				"isPublic": strconv.Itoa(map[bool]int{true: 0, false: 1}[d.signed]), "order": i,
				"isOnTheFly": false,
			})
		}
		return all
	},
	"metaproperties": func(*Sandbox) any {
		property := func(name, label string, many any, options []string) object {
			all := []object{}
			for _, option := range options {
				all = append(all, object{
					"id": optionID(name, option), "name": strings.ReplaceAll(option, " ", "_"), "label": option,
					"displayLabel": option, "isSelectable": true,
				})
			}
			return object{
				"id": numberedID(itemSalt, seedOf("property", name)), "name": name, "label": label, "type": "select",
				"isMultiselect": many, "isRequired": 0, "options": all,
			}
		}
		return object{
			"photographer": property("photographer", "Photographer", 1, people),
			"region":       property("region", "Region", false, regions),
		}
	},
	"brands": func(*Sandbox) any {
		all := []object{}
		for _, b := range brands {
			all = append(all, object{"id": b.id, "name": b.name, "description": "", "image": nil, "subBrands": []object{}})
		}
		return all
	},
	"tags": func(*Sandbox) any {
		all := []object{}
		for _, tag := range append([]string{"fixed", "generated", "social", "twitter", "finance"}, placeTags()...) {
			all = append(all, object{"id": numberedID(itemSalt, seedOf("tag", tag)), "tag": tag, "mediaCount": "12"})
		}
		return all
	},
}

func placeTags() []string {
	tags := []string{}
	for _, place := range places {
		tags = append(tags, tagOf(place))
	}
	return tags
}

func tagOf(place string) string { return strings.ToLower(strings.ReplaceAll(place, " ", "-")) }
