package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// account looks up what names stand for in a portal. Each of the portal's lists is requested once, when it is first
// needed. If the portal refuses a list, that is printed once, and names are used as they are given.
type account struct {
	client *bynder.Client
	say    func(format string, args ...any)

	properties, brands *nameList
	byName             map[string]bynder.Property
	said               map[*nameList]bool
}

func newAccount(client *bynder.Client, say func(format string, args ...any)) *account {
	return &account{client: client, say: say, byName: map[string]bynder.Property{}, said: map[*nameList]bool{}}
}

// propertyList returns the portal's metaproperties.
func (a *account) propertyList(ctx context.Context) (*nameList, error) {
	if a.properties == nil {
		all, err := a.client.Properties(ctx)
		if err == nil && len(all) == 0 { // probably these credentials may not see them
			err = &bynder.ProtocolError{Path: "/api/v4/metaproperties/", Err: errors.New("it lists none")}
		}
		list := &nameList{of: "the portal", noun: "metaproperty", many: "metaproperties", keyIsName: true}
		for _, p := range all {
			a.byName[p.Name] = p
			list.all = append(list.all, entry{p.Name, []string{p.Label}})
		}
		if a.properties, err = complete(list, err); err != nil {
			return nil, err
		}
	}
	return a.properties, nil
}

// property returns the name by which the API knows a metaproperty that is called by that name or by its label.
func (a *account) property(ctx context.Context, flag, name string) (string, error) {
	list, err := a.propertyList(ctx)
	if err != nil {
		return "", err
	}
	return a.find(list, flag, name)
}

// filter returns a metaproperty and values of it as the API knows them. A value is checked if it is one of
// options; it may be several, with commas between them.
func (a *account) filter(ctx context.Context, flag, name, value string) (key string, values []string, err error) {
	if key, err = a.property(ctx, flag, name); err != nil {
		return "", nil, err
	}
	p := a.byName[key]
	if p.Type == "date" {
		return "", nil, &usageError{
			err:  fmt.Errorf("%s: the metaproperty %s is a date, and the portal cannot search dates of its own metadata", flag, quote(key)),
			hint: "use --created-since, --modified-since or --modified-until",
		}
	}
	if len(p.Options) == 0 {
		return key, []string{value}, nil
	}
	list := &nameList{of: "the metaproperty " + quote(key), noun: "option", many: "options of the metaproperty " + quote(key), keyIsName: true}
	for _, o := range p.Options {
		list.all = append(list.all, entry{o.Name, o.Labels})
	}
	values, err = a.findEach(list, flag, value)
	return key, values, err
}

// brandList returns the portal's brands.
func (a *account) brandList(ctx context.Context) (*nameList, error) {
	if a.brands == nil {
		all, err := a.client.Brands(ctx)
		list := &nameList{of: "the portal", noun: "brand", many: "brands"}
		for _, b := range all {
			list.all = append(list.all, entry{b.ID, []string{b.Name}})
		}
		if a.brands, err = complete(list, err); err != nil {
			return nil, err
		}
	}
	return a.brands, nil
}

// brandIDs returns the ids of the brands of those ids or names.
func (a *account) brandIDs(ctx context.Context, flag string, names []string) ([]string, error) {
	list, err := a.brandList(ctx)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, name := range names {
		ids, err := a.findEach(list, flag, name)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	return all, nil
}

// collections lists the portal's collections, up to the one whose id is name. If one cannot be read, and may be the
// one that is called name, that is an error.
func (a *account) collections(ctx context.Context, name string) (*nameList, error) {
	list := &nameList{of: "the portal", noun: "collection", many: "collections"}
	var incomplete error
	for c, err := range a.client.Collections("").Each(ctx) {
		if err != nil {
			incomplete = err
		}
		if err != nil && !bynder.IsMalformedElement(err) {
			break
		}
		if err == nil {
			list.all = append(list.all, entry{c.ID, []string{c.Name}})
		}
		if err == nil && strings.EqualFold(c.ID, name) {
			return list, nil
		}
	}
	if bynder.IsMalformedElement(incomplete) {
		return nil, incomplete
	}
	return complete(list, incomplete)
}

// collection returns the id of the collection of that id or name.
func (a *account) collection(ctx context.Context, flag, name string) (string, error) {
	list, err := a.collections(ctx, name)
	if err != nil {
		return "", err
	}
	return a.find(list, flag, name)
}

// complete returns a list with the portal's error, nil if it is complete. An error that is not the
// portal's answer, or that every other call would get as well, ends the command.
func complete(list *nameList, err error) (*nameList, error) {
	api, isAPI := errors.AsType[*bynder.APIError](err)
	_, isProtocol := errors.AsType[*bynder.ProtocolError](err)
	refused := isAPI && !api.Unauthorized() && api.Status != http.StatusTooManyRequests
	if err != nil && !refused && !isProtocol {
		return nil, err
	}
	list.err = err
	return list, nil
}

// find returns the key of the entry that word names in a list, or the word itself if the portal refuses the list.
func (a *account) find(list *nameList, flag, word string) (string, error) {
	key, err := list.find(flag, word)
	if err == nil || list.err == nil {
		return key, err
	}
	a.sayUnlisted(list, flag+" is not checked")
	return word, nil
}

// findEach returns the keys of the entry that word names or, if no entry has that name, of several names with commas
// between them.
func (a *account) findEach(list *nameList, flag, word string) ([]string, error) {
	words := []string{word}
	if len(list.lookUp(word)) == 0 {
		words = strings.Split(word, ",")
	}
	keys := make([]string, len(words))
	for i, word := range words {
		var err error
		if keys[i], err = a.find(list, flag, word); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// sayUnlisted prints, once, what follows from a list that the portal refuses.
func (a *account) sayUnlisted(list *nameList, what string) {
	if !a.said[list] {
		a.said[list] = true
		a.say("%s, because the portal does not list its %s: %v", what, list.many, list.err)
	}
}

// labeled returns the metaproperties by name. If the portal refuses the list, it prints that and returns none.
func (a *account) labeled(ctx context.Context) (map[string]bynder.Property, error) {
	list, err := a.propertyList(ctx)
	if err == nil && list.err != nil {
		a.sayUnlisted(list, "labels are missing")
	}
	return a.byName, err
}

// brandNames returns the names of brands by their ids in capitals. If the portal refuses the list, it prints what follows and
// returns none.
func (a *account) brandNames(ctx context.Context, otherwise string) (map[string]string, error) {
	list, err := a.brandList(ctx)
	if err != nil {
		return nil, err
	}
	if list.err != nil {
		a.sayUnlisted(list, otherwise)
	}
	names := map[string]string{}
	for _, e := range list.all {
		names[strings.ToUpper(e.key)] = e.names[0]
	}
	return names, nil
}
