package sandbox

import (
	"fmt"
	"net/http"
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

// accountEndpoints are the calls whose answer depends on nothing.
var accountEndpoints = map[string]func(*Sandbox) any{
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
func isAccountList(name string) bool { return accountEndpoints[name] != nil }

// breakAccountList answers a list of the account as a fault wants it.
func (s *Sandbox) breakAccountList(w http.ResponseWriter, e endpoint, f activeFault) {
	answer := accountEndpoints[e.name](s)
	switch {
	case f.Name == "many-options" && e.name == "metaproperties":
		answer = metaproperties(f.Value)
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
	writeJSON(w, http.StatusOK, answer)
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
