package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/report"
)

// readItems returns the media items of an asset that can be read, and the error of the first that cannot.
func readItems(asset *bynder.Asset) (items []bynder.MediaItem, malformed error) {
	for item, err := range asset.Items() {
		if err != nil {
			if malformed == nil {
				malformed = err
			}
			continue
		}
		items = append(items, item)
	}
	return items, malformed
}

// details returns what is known of an asset, with the names and labels that the portal has for people.
func (s *showing) details(ctx context.Context, asset *bynder.Asset, items []bynder.MediaItem) ([]report.Detail, error) {
	text := func(field string) string { return asset.Texts([]string{field}, false)[0] }
	brand, err := s.brand(ctx, asset)
	if err != nil {
		return nil, err
	}
	size := ""
	if asset.Size >= 0 {
		size = fmt.Sprintf("%d bytes (%s)", asset.Size, report.Bytes(asset.Size))
	}
	all := []report.Detail{
		{Key: "id", Value: asset.ID},
		{Key: "name", Value: asset.Name},
		{Key: "description", Value: text("description")},
		{Key: "copyright", Value: text("copyright")},
		{Key: "type", Value: asset.Type},
		{Key: "extension", Value: strings.ReplaceAll(text("extension"), ",", ", ")},
		{Key: "size", Value: size},
		{Key: "dimensions", Value: dimensions(asset.Pixels())},
		{Key: "created", Value: text("dateCreated")},
		{Key: "modified", Value: asset.Modified},
		{Key: "published", Value: text("datePublished")},
		{Key: "created by", Value: text("userCreated")},
		{Key: "brand", Value: brand},
		{Key: "tags", Value: strings.Join(asset.Tags, ", ")},
	}
	properties, err := s.properties(ctx, asset)
	if err != nil {
		return nil, err
	}
	all = append(all, properties...)
	if asset.Version > 0 {
		all = append(all, report.Detail{Key: "version", Value: strconv.FormatInt(asset.Version, 10)})
	}
	all = append(all, report.Detail{Key: "versions", Value: versions(items)})
	for _, item := range items {
		all = append(all, report.Detail{Key: "item", Value: itemText(&item)})
	}
	return append(all,
		report.Detail{Key: "derivatives", Value: strings.Join(slices.Sorted(maps.Keys(asset.Derivatives)), ", ")},
		report.Detail{Key: "flags", Value: flagsOf(asset)},
		report.Detail{Key: "page", Value: s.portal.client.PageURL(asset.ID)},
	), nil
}

// brand returns the name of an asset's brand with its id, or the id alone if the portal does not list it.
func (s *showing) brand(ctx context.Context, asset *bynder.Asset) (string, error) {
	id := asset.BrandID()
	if id == "" {
		return "", nil
	}
	names, err := s.account.brandNames(ctx, "brands have no names")
	if err != nil {
		return "", err
	}
	if name := names[strings.ToUpper(id)]; name != "" {
		return name + " (" + id + ")", nil
	}
	return id, nil
}

// properties returns the values of an asset's metaproperties, with the labels of both. Without metaproperties it makes no call.
func (s *showing) properties(ctx context.Context, asset *bynder.Asset) (all []report.Detail, err error) {
	fields := asset.PropertyFields()
	if len(fields) == 0 {
		return nil, nil
	}
	labeled, err := s.account.labeled(ctx)
	if err != nil {
		return nil, err
	}
	for _, field := range fields {
		name := strings.TrimPrefix(field, "property_")
		property := labeled[name]
		labels := map[string]string{}
		for _, option := range property.Options {
			if len(option.Labels) > 0 {
				labels[option.Name] = option.Labels[0]
			}
		}
		values := slices.Clone(asset.Property(name))
		for i, value := range values {
			values[i] = cmp.Or(labels[value], value)
		}
		all = append(all, report.Detail{Key: "property " + cmp.Or(property.Label, name), Value: strings.Join(values, ", ")})
	}
	return all, nil
}

// versions returns the numbers of the versions of which there is an original, from the oldest up.
func versions(items []bynder.MediaItem) string {
	var numbers []int64
	for _, item := range items {
		if item.HasVersion && strings.EqualFold(item.Type, "original") {
			numbers = append(numbers, item.Version)
		}
	}
	slices.Sort(numbers)
	var texts []string
	for _, n := range slices.Compact(numbers) {
		texts = append(texts, strconv.FormatInt(n, 10))
	}
	return strings.Join(texts, ", ")
}

// itemText returns a media item on one line: its id, what it is, and the name of its file.
func itemText(m *bynder.MediaItem) string {
	parts := []string{m.ID, m.Type}
	if m.HasVersion {
		parts = append(parts, fmt.Sprintf("version %d", m.Version))
	}
	if m.Active {
		parts = append(parts, "active")
	}
	if m.Size >= 0 {
		parts = append(parts, report.Bytes(m.Size))
	}
	parts = append(parts, dimensions(m.Width, m.Height), m.FileName)
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ", ")
}

// dimensions returns a size in pixels, "" if it is unknown.
func dimensions(width, height int64) string {
	if width <= 0 || height <= 0 {
		return ""
	}
	return fmt.Sprintf("%d x %d", width, height)
}

// flagsOf returns what restricts the use of an asset, and whether it is public.
func flagsOf(asset *bynder.Asset) string {
	var all []string
	for _, flag := range []struct {
		isSet bool
		name  string
	}{{asset.Archived, "archived"}, {asset.Limited, "limited"}, {asset.Watermarked, "watermarked"}, {asset.Public(), "public"}} {
		if flag.isSet {
			all = append(all, flag.name)
		}
	}
	return strings.Join(all, ", ")
}
