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

// templateNames are what the portal calls the things that a template names.
type templateNames struct {
	properties map[string]string // as the API knows them, by what the template calls them
	brands     map[string]string // by their ids in capitals
}

// openTemplate asks the portal for what its template needs of the whole run, with a call for each list: whether its
// metaproperties exist, and what brands are called. Before a call the beginnings of lists are read: one that cannot be
// read as it was meant costs none.
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

// account knows what names mean in the portal of the run.
func (s *session) account() *account {
	return newAccount(s.portal.client, func(format string, args ...any) {
		if !s.flags.quiet {
			s.reporter.Screen().Say(format, args...)
		}
	})
}

// resolveTemplate finds what the portal calls what the template names.
func (o *transferFlags) resolveTemplate(ctx context.Context, names *account) error {
	o.names.properties = map[string]string{}
	var err error
	for _, name := range o.template.Properties() {
		if o.names.properties[name], err = names.property(ctx, "--name", name); err != nil {
			return err
		}
	}
	if o.template.HasBrand() {
		o.names.brands, err = names.brandNames(ctx)
	}
	return err
}

// metadataKeys are the fields of the API in which the portal tells the values of a template's fields.
var metadataKeys = map[string]string{
	"name": "name", "type": "type", "version": "activeVersion", "tag": "tags", "brand": "brandId",
	"created": "dateCreated", "modified": "dateModified",
}

// withMetadata is download.WithMetadata, which also replaces what came with the list if that lacks what the template,
// the choice of a file or the file with the metadata needs: none must depend on how the list was made.
func (o *transferFlags) withMetadata(ctx context.Context, p download.Portal, jobs iter.Seq[download.Job]) iter.Seq[download.Job] {
	return download.WithMetadata(ctx, p, o.withoutParts(jobs))
}

// withoutParts drops what came with the list if it lacks what is needed.
func (o *transferFlags) withoutParts(jobs iter.Seq[download.Job]) iter.Seq[download.Job] {
	var keys []string
	for _, field := range o.template.MetadataFields() {
		if name, ok := strings.CutPrefix(field, "property_"); ok {
			keys = append(keys, "property_"+cmp.Or(o.names.properties[name], name))
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

// describe adds what the portal tells of an asset to the values of a path.
func (n templateNames) describe(a *bynder.Asset, f *naming.Fields) {
	f.Name, f.Type, f.Tags = a.Name, a.Type, a.Tags
	f.Created, f.Modified = a.DateCreated(), a.DateModified()
	f.Property = func(name string) []string { return a.Property(cmp.Or(n.properties[name], name)) }
	f.Brand = cmp.Or(n.brands[strings.ToUpper(a.BrandID())], a.BrandID())
}
