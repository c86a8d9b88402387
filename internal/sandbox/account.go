package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// brand is a brand of the portal.
type brand struct{ id, name string }

var brands = []brand{
	{"95E9C4D6-A53F-4576-9579EFF875D6026E", "House"},
	{"2B1F3A44-6E0C-4D2B-8C7D1E9F0A3B5C6D", "Premium"},
	{"5D4C3B2A-1F0E-4A9B-A8C7D6E5F4031221", "Outlet"},
}

// serveCurrentUser answers whose the credentials are.
func (s *Sandbox) serveCurrentUser(w http.ResponseWriter, r *http.Request, _ endpoint) {
	user := object{
		"id": "6A1B2C3D-4E5F-4061-8273645546372819", "username": "sandbox", "email": "sandbox@example.com",
		"firstName": "Sandbox", "lastName": "User", "companyName": "Example", "profileId": "standard", "active": true,
		"language": "en_US", "roles": []string{
			"MEDIAHIGHRES", "ARCHIVEDOWNLOAD", "DOWNLOADWATERMARK", "KEYVISUALSDOWNLOAD",
		},
	}
	if s.isGuest(r) {
		user["id"], user["username"], user["email"] = "7B2C3D4E-5F60-4172-9384756657483920", "guest", "guest@example.com"
		user["firstName"] = "Guest"
	}
	writeJSON(w, http.StatusOK, user)
}

// accountLists are the lists of the account, by the last element of their path.
var accountLists = map[string]func(*Sandbox) any{
	"derivatives": func(*Sandbox) any {
		all := []object{}
		for i, d := range derivatives {
			all = append(all, object{
				"id": numberedID(itemSalt, seedOf("derivative", d.name)), "prefix": d.name, "extension": d.ext,
				"isPublic": strconv.Itoa(map[bool]int{true: 0, false: 1}[d.signed]), "order": i,
				"isOnTheFly": false, "width": strconv.Itoa(d.width), "height": nil,
			})
		}
		return all
	},
	"metaproperties": func(*Sandbox) any { return metaproperties(0) },
	"brands": func(*Sandbox) any {
		all := []object{}
		for _, b := range brands {
			all = append(all, object{"id": b.id, "name": b.name, "description": "", "image": nil, "subBrands": []object{}})
		}
		return all
	},
	"tags": func(*Sandbox) any {
		all := []object{}
		for _, tag := range append([]string{"fixed", "generated", "social", "twitter", "finance", "logo"}, placeTags()...) {
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

// metaproperties returns those of the portal by name: three that assets have, one with options inside options, and two
// whose values are not chosen from options. Each property with options gets more additional ones.
func metaproperties(more int64) object {
	property := func(name, label, kind string, many any, options []object) object {
		for i := range more {
			if len(options) == 0 {
				break
			}
			options = append(options, describeOption(name, fmt.Sprintf("Option %d", i)))
		}
		return object{
			"id": numberedID(itemSalt, seedOf("property", name)), "name": name, "label": label, "type": kind,
			"isMultiselect": many, "isRequired": 0, "zindex": 1, "options": options,
		}
	}
	footwear := describeOption("product", "Footwear")
	footwear["options"] = []object{describeOption("product", "Running shoes"), describeOption("product", "Boots")}
	return object{
		"photographer": property("photographer", "Photographer", "select2", 1, describeOptions("photographer", people)),
		"region":       property("region", "Region", "select", false, describeOptions("region", regions)),
		"Season":       property("Season", "Season", "select", 0, describeOptions("Season", seasons)),
		"product":      property("product", "Product line", "select", 0, []object{footwear, describeOption("product", "Gift cards")}),
		"campaigncode": property("campaigncode", "Campaign code", "text", 0, []object{}),
		"shootdate":    property("shootdate", "Shoot date", "date", 0, []object{}),
	}
}

func describeOptions(property string, labels []string) []object {
	all := []object{}
	for _, label := range labels {
		all = append(all, describeOption(property, label))
	}
	return all
}

// describeOption returns an option of a property; its name is its label without spaces.
func describeOption(property, label string) object {
	return object{
		"id": optionID(property, label), "name": strings.ReplaceAll(label, " ", "_"), "label": label,
		"displayLabel": label, "isSelectable": true, "options": []object{},
	}
}

// isAccountList reports whether an endpoint answers a list of the account.
func isAccountList(name string) bool { return accountLists[name] != nil }

// serveAccountList answers a list of the account. Only tags have pages.
func (s *Sandbox) serveAccountList(w http.ResponseWriter, r *http.Request, e endpoint) {
	s.writeAccountList(w, r, e, accountLists[e.name](s))
}

func (s *Sandbox) writeAccountList(w http.ResponseWriter, r *http.Request, e endpoint, answer any) {
	if tags, ok := answer.([]object); ok && e.name == "tags" {
		s.writePaged(w, r.URL.Query(), e.name, tags)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// writePaged answers the page of a list that a call asks for.
func (s *Sandbox) writePaged(w http.ResponseWriter, values url.Values, endpoint string, all []object) {
	first, last, number, ok := s.pageBounds(endpoint, values, len(all))
	if !ok {
		writeError(w, http.StatusBadRequest, "Invalid limit or page")
		return
	}
	writeJSON(w, http.StatusOK, lacking(s, endpoint, all[first:last], number))
}

// serveOptions answers the options of the metaproperty with an id, those below others inside them.
func (s *Sandbox) serveOptions(w http.ResponseWriter, r *http.Request, e endpoint) {
	for _, property := range metaproperties(0) {
		if fields := property.(object); fields["id"] == e.path[0] {
			s.writePaged(w, r.URL.Query(), e.name, fields["options"].([]object))
			return
		}
	}
	writeError(w, http.StatusNotFound, "Metaproperty not found")
}

// breakAccountList answers a list of the account as a fault wants it.
func (s *Sandbox) breakAccountList(w http.ResponseWriter, r *http.Request, e endpoint, f activeFault) {
	answer := accountLists[e.name](s)
	switch {
	case f.Name == "many-options" && e.name == "metaproperties":
		answer = metaproperties(f.Value)
	case f.Name == "no-options" && e.name == "metaproperties":
		for _, property := range answer.(object) {
			delete(property.(object), "options")
		}
	case f.Name == "account-names":
		answer = renamed(e.name, answer, accountNames[f.Text])
	case f.Name == "account-shape":
		byName := object{}
		switch entries := answer.(type) {
		case object:
			byName = entries
		case []object:
			for i, entry := range entries {
				byName[strconv.Itoa(i+1)] = entry
			}
		}
		answer = reshape(byName, f.Text)
	}
	s.writeAccountList(w, r, e, answer)
}

// accountShapes are those of the fault account-shape: array and numbered can be understood, empty is how PHP
// writes an object without members.
var accountShapes = []string{"array", "numbered", "empty", "text", "texts", "null", "nameless"}

func reshape(entries object, shape string) any {
	list, numbered, texts, nameless := []any{}, object{}, object{}, []any{}
	for name, entry := range entries {
		list, texts[name] = append(list, entry), "none"
		numbered[strconv.Itoa(len(list))] = entry
		nameless = append(nameless, object{"label": "?"})
	}
	return map[string]any{
		"array": list, "numbered": numbered, "empty": []any{}, "text": "none", "texts": texts, "null": nil, "nameless": nameless,
	}[shape]
}

// accountNames are those that account-names gives to entries of each list.
var accountNames = map[string][]string{
	"shell": {
		"two words", "$(touch pwned)", "$(touch pwned) again", "`touch pwned`", "; touch pwned;", "| touch pwned", "'; touch pwned; '",
		"\"; touch pwned; \"", "${IFS}touch${IFS}pwned", "-rf", "a:b", "a=b", "a,b", "*", "~", "!!", "\\", "#", "{a,b}", "O'Neill & \"Sons\" (2024)", "%PATH%",
		"Rock & touch pwned 1", "Rock & touch pwned 2", "Ann's (touch pwned) 1", "Ann's (touch pwned) 2",
		"Foo™ – 50% O’Brien 1", "Foo™ – 50% O’Brien 2",
	},
	"control": {"line\nbreak", "tab\tbed", "nul\x00nul", "\x1b]0;title\x07", "\u202ebidi", "\u009b31m", "\u200bzero", "_activeHelp_ no", ":4"},
}

// renamed returns a list with an entry of each name more, in place of the name as its label too.
func renamed(list string, answer any, names []string) any {
	field := map[string]string{"derivatives": "prefix", "brands": "name", "tags": "tag", "metaproperties": "name"}[list]
	for i, name := range names {
		entry := object{"id": numberedID(itemSalt, seedOf(list, name, strconv.Itoa(i))), field: name, "label": name}
		switch all := answer.(type) {
		case object:
			region, _ := all["region"].(object)
			region["options"] = append(region["options"].([]object), describeOption("region", name))
			all[name] = entry
		case []object:
			all = append(all, entry)
			answer = all
		}
	}
	return answer
}
