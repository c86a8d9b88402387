package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

// filterNames are those filters in which the portal's names are given, and what the API takes for them.
type filterNames struct {
	Given      []string            `json:"given"` // sorted
	Brands     []string            `json:"brands,omitempty"`
	Collection string              `json:"collection,omitempty"`
	Properties map[string][]string `json:"properties,omitempty"`
}

// knows reports whether what names stand for is taken from the state. A change that is accepted asks the portal again.
func (s *syncRun) knows() bool {
	return s.before != nil && s.before.Portal == s.conf.Portal.Host && !s.o.acceptChanges
}

// nameFilters gives the filters what the API takes for names: as the state has it if the same names were given before,
// else as the portal says. Names are also kept as they were given, if these credentials may not see what they stand for.
func (s *syncRun) nameFilters(ctx context.Context) (*filterNames, error) {
	o := s.o
	var given []string
	for _, brand := range o.query.Brands {
		given = append(given, "--brand "+brand)
	}
	if o.query.Collection != "" {
		given = append(given, "--collection "+o.query.Collection)
	}
	for _, property := range o.properties {
		given = append(given, "--property "+property)
	}
	if len(given) == 0 {
		return nil, nil
	}
	slices.Sort(given)
	if s.knows() && s.before.Names != nil && slices.Equal(s.before.Names.Given, given) {
		was := s.before.Names
		o.query.Brands, o.query.Collection, o.query.Properties = was.Brands, was.Collection, was.Properties
		return was, nil
	}
	if err := o.resolveFilters(ctx, s.names); err != nil {
		return nil, err
	}
	for list := range s.names.said {
		if !isForbidden(list.err) { // the portal may give it the next time
			return nil, nil
		}
	}
	return &filterNames{Given: given, Brands: o.query.Brands, Collection: o.query.Collection, Properties: o.query.Properties}, nil
}

// nameFields gives the template what the portal calls its metaproperties, as the state has it for the same template. Brands
// are added when an asset has one; see nameBrand.
func (s *syncRun) nameFields(ctx context.Context) error {
	o := s.o
	if s.knows() && s.before.Template == o.name {
		o.names = templateNames{Properties: maps.Clone(s.before.Fields.Properties), Brands: maps.Clone(s.before.Fields.Brands)}
	}
	for _, name := range o.template.Properties() {
		if o.names.Properties[name] == "" {
			if err := mustHave(s.names.propertyList(ctx)); err != nil {
				return err
			}
		}
	}
	return o.resolveProperties(ctx, s.names)
}

// mustHave returns why a list of the portal, which the template's values are from, cannot be had. Paths with other values
// would be other paths of files.
func mustHave(list *nameList, err error) error {
	if err == nil && list.err != nil {
		err = fmt.Errorf("cannot fill in --name: the portal does not list its %s: %w", list.many, list.err)
	}
	return err
}

// nameBrand finds what the brand of an asset is called, if the template has it: as the state has it or, if that lacks it, as
// the portal says. A brand that the portal does not list is called by its id.
func (s *syncRun) nameBrand(ctx context.Context, a *bynder.Asset) error {
	id := a.BrandID()
	key := strings.ToUpper(id)
	if id == "" || s.o.names.Brands[key] != "" || !s.o.template.HasBrand() {
		return nil
	}
	if s.brands == nil {
		if err := mustHave(s.names.brandList(ctx)); err != nil {
			return err
		}
		s.brands, _ = s.names.brandNames(ctx, brandIsID) // of that list
	}
	if s.o.names.Brands == nil {
		s.o.names.Brands = map[string]string{}
	}
	s.o.names.Brands[key] = cmp.Or(s.brands[key], id)
	return nil
}

// noteValues notes of which metaproperties of the template an asset has a value.
func (s *syncRun) noteValues(a *bynder.Asset) {
	for name, key := range s.o.names.Properties {
		if !s.valued[name] && len(a.Property(key)) > 0 {
			if s.valued == nil {
				s.valued = map[string]bool{}
			}
			s.valued[name] = true
		}
	}
}

// checkProperties refuses a plan that would rename files because the portal has a metaproperty of the template no more. The
// portal is asked only if the state says what it is called, no asset has a value of it, and files are to be renamed.
func (s *syncRun) checkProperties(ctx context.Context, p *syncPlan) error {
	renames := false
	for i := range p.steps {
		renames = renames || p.steps[i].Action == download.ActionMove
	}
	for _, name := range s.o.template.Properties() {
		if !renames || s.valued[name] {
			continue
		}
		err := mustHave(s.names.propertyList(ctx))
		if err == nil {
			_, err = s.names.property(ctx, "--name", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxBrandNames is how much of the brands' ids and names a state keeps, in bytes: less than a line of a journal may have.
// Brands beyond it are asked for in each run.
const maxBrandNames = 256 << 10

// kept returns the names that the state keeps.
func (n templateNames) kept() templateNames {
	size := 0
	n.Brands = maps.Clone(n.Brands)
	for _, id := range slices.Sorted(maps.Keys(n.Brands)) {
		if size += len(id) + len(n.Brands[id]); size > maxBrandNames {
			delete(n.Brands, id)
		}
	}
	return n
}
