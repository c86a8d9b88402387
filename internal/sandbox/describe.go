package sandbox

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// variants is after how many variants each combination of spellings comes again.
const variants = 2 * 3 * 5 * 7

// describe returns an asset as the API shows it, without its files. The quirks of real
// payloads are spread over the assets by their variant, so that each page has them
// all: flags as 0/1 or booleans, sizes as numbers or strings, properties as
// strings or arrays, focus points as integers or floats.
func (s *Sandbox) describe(a *asset) object {
	iso := func(t time.Time) string { return t.Format("2006-01-02T15:04:05Z") }
	flag := func(on bool) any {
		switch {
		case a.variant%2 == 1:
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
		"width": a.width, "height": a.height, "fileSize": a.size, "views": a.variant % 100, "downloads": a.variant % 10,
		"activeVersion": a.versions, "extension": []string{a.ext}, "tags": a.tags,
		"propertyOptions": a.optionIDs(), "videoPreviewURLs": []string{},
		"archive": flag(a.archived), "limited": flag(a.limited), "isPublic": flag(a.public),
		"watermarked": flag(a.watermarked), "activeOriginalFocusPoint": object{"x": a.width / 2, "y": a.height / 2},
		"thumbnails": object{},
	}
	if a.variant%5 == 3 {
		fields["fileSize"] = strconv.FormatInt(a.size, 10)
	}
	if a.variant%3 == 1 {
		fields["activeOriginalFocusPoint"] = object{"x": float64(a.width) * 0.382, "y": 0.5}
	}
	if _, lacks := s.faults.selected("no-transform", a.id); a.kind == "image" && !lacks {
		fields["transformBaseUrl"] = s.transformBase(a)
	}
	if a.region != "" {
		fields["property_region"] = a.region
	}
	if n := len(a.photographers); n == 1 && a.variant%2 == 0 {
		fields["property_photographer"] = a.photographers[0]
	} else if n > 0 {
		fields["property_photographer"] = a.photographers
	}
	for name, values := range a.properties {
		if fields["property_"+name] = values; len(values) == 1 {
			fields["property_"+name] = values[0]
		}
	}
	if it, ok := a.original(0); ok {
		fields["thumbnails"], fields["videoPreviewURLs"] = s.derivatives(a, it)
		if a.public && a.rights == rightsDownload {
			fields["original"] = s.publicOriginal(a.object(it))
		}
	}
	for _, name := range a.lacks {
		delete(fields, name)
	}
	return fields
}

func (s *Sandbox) nameOf(a *asset) string {
	if f, ok := s.faults.selected("hostile-name", a.id); ok {
		return hostileNames[f.Text]
	}
	return a.name
}

// derivatives returns the URLs of an item's renditions: by name, and those of a video in a list.
func (s *Sandbox) derivatives(a *asset, it item) (thumbnails object, previews []string) {
	thumbnails, previews = object{}, []string{}
	hostile, isHostile := s.faults.selected("hostile-name", a.id)
	for d, o := range a.derivativesOf(it) {
		if isHostile {
			o = o.renamed(hostileNames[hostile.Text])
		}
		location := s.spell(s.presignDerivative(d, s.spelledName(o)), a.id, false)
		switch {
		case s.faults.selectedText("no-derivative", a.id, d.name), slices.Contains(a.lacks, d.name):
		case d.preview:
			previews = append(previews, location)
		default:
			thumbnails[d.name] = location
		}
	}
	return thumbnails, previews
}

// describeItems returns the files of an asset, without their ids for lists.
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
		if a.variant%2 == 1 {
			fields["active"] = it.active
		}
		if isHostile {
			fields["fileName"] = hostileNames[hostile.Text]
		}
		if it.unnamed {
			fields["fileName"] = nil
		}
		if it.kind == "web" && a.variant%6 == 5 {
			delete(fields, "active") // missing means true
		}
		if it.kind == "" {
			delete(fields, "type")
		}
		if it.kind != "additional" {
			fields["thumbnails"], _ = s.derivatives(a, it)
		}
		if a.variant%7 == 4 && i == 0 {
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

// optionIDs returns the ids of the property options that an asset has.
func (a *asset) optionIDs() []string {
	ids := []string{}
	for _, name := range a.photographers {
		ids = append(ids, optionID("photographer", name))
	}
	if a.region != "" {
		ids = append(ids, optionID("region", a.region))
	}
	for _, name := range slices.Sorted(maps.Keys(a.properties)) {
		if property, _ := knownProperties()[name].(object); len(property["options"].([]object)) > 0 {
			for _, value := range a.properties[name] {
				ids = append(ids, optionID(name, value))
			}
		}
	}
	return ids
}

// knownProperties returns the metaproperties of the portal.
var knownProperties = sync.OnceValue(func() object { return metaproperties(0) })

func optionID(property, option string) string {
	return numberedID(itemSalt, seedOf("option", property, option))
}
