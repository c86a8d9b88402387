package cli

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// templateNames are what the portal calls the things that a template names. The state of a sync keeps them.
type templateNames struct {
	Properties map[string]string `json:"properties,omitempty"` // as the API knows them, by what the template calls them
	Brands     map[string]string `json:"brands,omitempty"`     // by their ids in capitals
}

// openTemplate looks up the metaproperties and brands of the template, with a call for each list. The beginnings of the lists
// of ids are read before: an invalid one costs no call.
func (s *session) openTemplate(ctx context.Context) error {
	o := s.flags
	if len(o.template.Properties()) == 0 && !o.template.HasBrand() {
		return nil
	}
	if err := s.list.Begin(ctx); err != nil {
		return err
	}
	return o.resolveTemplate(ctx, s.account())
}

// account returns the account of the run.
func (s *session) account() *account {
	return newAccount(s.portal.client, func(format string, args ...any) {
		if !s.flags.quiet {
			s.reporter.Screen().Say(format, args...)
		}
	})
}

// resolveTemplate finds what the portal calls the metaproperties and brands of the template.
func (o *transferFlags) resolveTemplate(ctx context.Context, names *account) error {
	err := o.resolveProperties(ctx, names)
	if err == nil && o.template.HasBrand() {
		o.names.Brands, err = names.brandNames(ctx, brandIsID)
	}
	return err
}

// resolveProperties finds what the portal calls those metaproperties of the template that are not known yet.
func (o *transferFlags) resolveProperties(ctx context.Context, names *account) error {
	for _, name := range o.template.Properties() {
		if o.names.Properties[name] != "" {
			continue
		}
		key, err := names.property(ctx, "--name", name)
		if err != nil {
			return err
		}
		if o.names.Properties == nil {
			o.names.Properties = map[string]string{}
		}
		o.names.Properties[name] = key
	}
	return nil
}

// metadataKeys are the fields of the API that have the values of a template's fields.
var metadataKeys = map[string]string{
	"name": "name", "type": "type", "version": "activeVersion", "tag": "tags", "brand": "brandId",
	"created": "dateCreated", "modified": "dateModified",
}

// brandIsID is what follows for a template if the portal does not list its brands.
const brandIsID = "{brand} is the id of the brand"

// withMetadata adds metadata to jobs. It replaces metadata from the list that lack fields for the template, the choice of a
// file or the file with the metadata: results must not depend on how the list was made.
func (o *transferFlags) withMetadata(ctx context.Context, p download.Portal, jobs iter.Seq[download.Job]) iter.Seq[download.Job] {
	return download.WithMetadata(ctx, p, o.withoutParts(jobs))
}

// withoutParts removes metadata from jobs that lack needed fields.
func (o *transferFlags) withoutParts(jobs iter.Seq[download.Job]) iter.Seq[download.Job] {
	var keys []string
	if o.direct {
		keys = append(keys, "original")
	}
	for _, field := range o.template.MetadataFields() {
		if name, ok := strings.CutPrefix(field, "property_"); ok {
			keys = append(keys, "property_"+cmp.Or(o.names.Properties[name], name))
		} else {
			keys = append(keys, metadataKeys[field])
		}
	}
	return func(yield func(download.Job) bool) {
		for job := range jobs {
			if job.Asset != nil && (job.Asset.Lacks(keys...) || o.wantsMetadata() && !job.Asset.IsWhole() || job.Asset.LacksFile(job.Selector)) {
				job.Asset = nil
			}
			if !yield(job) {
				return
			}
		}
	}
}

// describe sets the values of a path that come from an asset's metadata.
func (n templateNames) describe(a *bynder.Asset, f *naming.Fields) {
	f.Name, f.Type, f.Tags = a.Name, a.Type, a.Tags
	f.Created, f.Modified = a.DateCreated(), a.DateModified()
	f.Property = func(name string) []string { return a.Property(cmp.Or(n.Properties[name], name)) }
	f.Brand = cmp.Or(n.Brands[strings.ToUpper(a.BrandID())], a.BrandID())
}
