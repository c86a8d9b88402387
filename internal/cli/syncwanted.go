package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/naming"
)

// list returns the files that the folder should have: those of all matching assets. An incomplete list is an
// error. Files of an asset of which only the id can be read have the reason as their error.
func (s *syncRun) list(ctx context.Context) (wanted []mirror.Wanted, err error) {
	q := s.o.query
	q.Order, q.Versions = "dateCreated asc", true
	assets := s.portal.client.Assets(q)
	n := 0
	for a, err := range assets.Each(ctx) {
		if n == 0 {
			wanted = make([]mirror.Wanted, 0, min(max(assets.Counted(), 0), manyLines)*int64(len(s.o.selectors)))
		}
		id := bynder.MalformedID(err)
		switch {
		case err == nil:
			files, err := s.wanted(ctx, a)
			if err != nil {
				return nil, err
			}
			wanted = append(wanted, files...)
		case id != "":
			wanted = append(wanted, s.unread(id, err)...)
		case bynder.IsMalformedElement(err):
			return nil, &download.Error{
				Code: download.CodeProtocol, Err: fmt.Errorf("the list of assets is incomplete: %w", err),
				Advice: "nothing was done; try again later, or ask the portal's administrator about this asset",
			}
		default:
			return nil, fmt.Errorf("listing the assets, after %s: %w", count(n, "asset"), err)
		}
		n++
		s.reporter.Listed(n, assets.Counted())
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if counted := assets.Counted(); int64(n) < counted {
		s.unlisted = counted - int64(n)
		if s.before == nil || s.before.Unlisted != s.unlisted || s.o.verbose { // or it was said before
			s.reporter.Screen().Warn("", "the portal counted %s and listed %d; these credentials may not see the rest", count(int(counted), "asset"), n)
		}
	}
	return wanted, nil
}

// unread returns the files of an asset that cannot be read. Only their records are known.
func (s *syncRun) unread(id string, err error) []mirror.Wanted {
	why := &download.Error{Code: download.CodeProtocol, Err: err, Advice: "ask the portal's administrator about this asset"}
	files := make([]mirror.Wanted, len(s.o.selectors))
	for i, each := range s.o.selectors {
		w := &files[i]
		w.File = download.FileID{Portal: s.conf.Portal.Host, MediaID: id, Selector: each.text}
		w.Selector, w.Key, w.Err = each.Selector, download.Key(id, each.Selector), why
		if was := s.known[w.File]; was != nil {
			w.Path = was.Path
		}
	}
	return files
}

// maxAssetName is the maximum length of an asset's name, in bytes; the rest is cut off.
const maxAssetName = 4 << 10

// wanted returns the files of an asset. Their paths are those of the template, from the list alone.
func (s *syncRun) wanted(ctx context.Context, a *bynder.Asset) ([]mirror.Wanted, error) {
	if len(a.Name) > maxAssetName {
		a.Name = strings.ToValidUTF8(a.Name[:maxAssetName], "")
	}
	var span mirror.Span
	if s.spool != nil {
		content, err := metadata.Content(a)
		if err == nil {
			span, err = s.spool.Add(content)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := s.nameBrand(ctx, a); err != nil {
		return nil, err
	}
	s.noteValues(a)
	files := make([]mirror.Wanted, len(s.o.selectors))
	for i, each := range s.o.selectors {
		w := &files[i]
		*w = mirror.Wanted{
			File:     download.FileID{Portal: s.conf.Portal.Host, MediaID: a.ID, Selector: each.text},
			Selector: each.Selector, Name: a.Name, Key: download.Key(a.ID, each.Selector), Created: a.DateCreated(),
			Listed: download.Listed{Modified: a.Modified}, Metadata: span,
		}
		chosen, link, err := download.Pick(a, each.Selector)
		if w.Err = err; each.HasChoices() {
			w.Chosen = chosen
		}
		if each.Kind == bynder.Original || chosen == bynder.OriginalChoice {
			w.Listed.Version = a.Version
			if size := a.Size; size >= 0 { // a pointer to that of a would keep all of a in memory
				w.Listed.Size = &size
			}
			if a.Version == 0 {
				link = anyDerivative(a)
			}
		}
		w.Listed.URL = withoutQuery(link)
		w.Path = s.path(a, w, chosen, link)
		if mirror.MayFetch(w, s.known[w.File], s.folder) { // of any other file the asset is not needed, and takes memory
			w.Asset = a.Slim(chosen)
		}
		share(w, s.known[w.File])
	}
	return files, nil
}

// share makes equal texts of a file and its record share their memory: there may be a million files.
func share(w *mirror.Wanted, was *download.Result) {
	if was == nil {
		return
	}
	w.File = was.File()
	pairs := []struct{ now, before *string }{{&w.Name, &was.Name}, {&w.Chosen, &was.Chosen}}
	if w.Key == w.File.MediaID {
		w.Key = w.File.MediaID
	}
	path := filepath.ToSlash(was.Path) // the same string if / is the separator
	pairs = append(pairs, struct{ now, before *string }{&w.Path, &path})
	if was.Listed != nil {
		pairs = append(pairs, []struct{ now, before *string }{
			{&w.Listed.URL, &was.Listed.URL}, {&w.Listed.Modified, &was.Listed.Modified},
		}...)
	}
	for _, text := range pairs {
		if *text.now == *text.before {
			*text.now = *text.before
		}
	}
}

// usualDerivatives are the derivatives that every portal has, the largest first.
var usualDerivatives = []string{"webimage", "mini", "thul"}

// anyDerivative returns the URL of one of an asset's derivatives, the same one each time; "" if it has none.
func anyDerivative(a *bynder.Asset) string {
	for _, name := range usualDerivatives {
		if link := a.Derivatives[name]; link != "" {
			return link
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Derivatives)) {
		return a.Derivatives[name]
	}
	return ""
}

// withoutQuery returns a URL without query and fragment, which may differ in each answer.
func withoutQuery(link string) string {
	link, _, _ = strings.Cut(link, "#")
	link, _, _ = strings.Cut(link, "?")
	return link
}

// path returns the path of a file by the template. chosen and link are those of download.Pick.
func (s *syncRun) path(a *bynder.Asset, w *mirror.Wanted, chosen, link string) string {
	own := a.Extension()
	ext := own
	switch {
	case w.Err != nil || w.Selector.Kind == bynder.Original || chosen == bynder.OriginalChoice:
	case w.Selector.Kind == bynder.Transform:
		link = anyDerivative(a)
		ext = cmp.Or(bynder.TransformFormat(w.Selector.Name), extensionOf(link), own)
	default:
		ext = extensionOf(link)
	}
	f := naming.Fields{ID: a.ID, Filename: naming.WithExtension(cmp.Or(a.Name, a.ID), own, ext), Ext: &ext, Derivative: chosen}
	s.o.names.describe(a, &f)
	if a.Version > 0 {
		f.Version = strconv.FormatInt(a.Version, 10)
	}
	return s.o.template.Path(f)
}

// extensionOf returns the extension of the file that a URL names, "" if it has none.
func extensionOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return naming.Extension(naming.FromURL(u))
}

// errEmpty returns the error of an empty list if the folder has files.
func errEmpty(dir string, files int) error {
	return &download.Error{
		Code: download.CodeLocal, Err: fmt.Errorf("the list of assets is empty, and sync has %s in %s: nothing was done", count(files, "file"), dir),
		Advice: "check the filters and what these credentials may see; to give the folder up, remove it by hand",
	}
}

// errRelative returns the error of --delete with a filter that selects other assets every day.
func errRelative(filter string) error {
	return &download.Error{
		Code: download.CodeLocal, Err: errors.New("--delete with " + filter + " would remove every file in time: the filter is relative to today"),
		Advice: "give a date such as 2026-01-31, or leave --delete out",
	}
}
