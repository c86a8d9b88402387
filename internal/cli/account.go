package cli

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// account knows what names mean in a portal. Each of the portal's lists is asked for once, when it is first
// needed. A list that the portal does not give is said once, and names are used as they are given.
type account struct {
	client *bynder.Client
	say    func(format string, args ...any)

	properties, brands *nameList
	said               map[*nameList]bool
}

func newAccount(client *bynder.Client, say func(format string, args ...any)) *account {
	return &account{client: client, say: say, said: map[*nameList]bool{}}
}

// property returns the name by which the API knows a metaproperty that is called by that name or by its label.
func (a *account) property(ctx context.Context, flag, name string) (string, error) {
	if a.properties == nil {
		all, err := a.client.Properties(ctx)
		list := &nameList{of: "the portal", noun: "metaproperty", many: "metaproperties", keyIsName: true}
		for _, p := range all {
			list.all = append(list.all, entry{p.Name, []string{p.Label}})
		}
		if a.properties, err = complete(list, err); err != nil {
			return "", err
		}
	}
	return a.find(a.properties, flag, name)
}

// brandList is the portal's brands.
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

// complete is a list of which err is what the portal said when it was asked. An error that is not the
// portal's answer, or that every other call would meet too, ends the command.
func complete(list *nameList, err error) (*nameList, error) {
	api, isAPI := errors.AsType[*bynder.APIError](err)
	_, isProtocol := errors.AsType[*bynder.ProtocolError](err)
	refused := isAPI && !api.Unauthorised() && api.Status != http.StatusTooManyRequests
	if err != nil && !refused && !isProtocol {
		return nil, err
	}
	list.err = err
	return list, nil
}

// find returns the key of what word names in a list, or the word itself if the list cannot be had.
func (a *account) find(list *nameList, flag, word string) (string, error) {
	key, err := list.find(flag, word)
	if err == nil || list.err == nil {
		return key, err
	}
	a.sayUnlisted(list, flag+" is not checked")
	return word, nil
}

// sayUnlisted says, once, what follows from a list that cannot be had.
func (a *account) sayUnlisted(list *nameList, what string) {
	if !a.said[list] {
		a.said[list] = true
		a.say("%s, because the portal does not list its %s: %v", what, list.many, list.err)
	}
}

// brandNames returns the names of brands by their ids in capitals; none, and says so, if they cannot be had.
func (a *account) brandNames(ctx context.Context) (map[string]string, error) {
	list, err := a.brandList(ctx)
	if err != nil {
		return nil, err
	}
	if list.err != nil {
		a.sayUnlisted(list, "{brand} is the id of the brand")
	}
	names := map[string]string{}
	for _, e := range list.all {
		names[strings.ToUpper(e.key)] = e.names[0]
	}
	return names, nil
}
