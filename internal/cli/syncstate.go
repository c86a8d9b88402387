package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/naming"
)

// syncFormat is the number of the format of a state.
const syncFormat = 1

// syncHead says of which sync a folder has the state.
type syncHead struct {
	Format    int    `json:"format"`
	Portal    string `json:"portal"`
	User      string `json:"user"`      // "" if the portal does not tell these credentials
	Selection string `json:"selection"` // which assets, and which files of them
	Template  string `json:"template"`
	// Names says what names in the filters stand for, so that the portal is asked once; nil if there are none, or if
	// the portal did not list them.
	Names *filterNames `json:"names,omitempty"`
}

// filterNames are those filters in which the portal's names are given, and what the API takes for them.
type filterNames struct {
	Given      []string            `json:"given"` // sorted
	Brands     []string            `json:"brands,omitempty"`
	Collection string              `json:"collection,omitempty"`
	Properties map[string][]string `json:"properties,omitempty"`
}

// openState opens the state in the folder, which a dry run leaves as it is. It is nil in a dry run if there is none.
func (s *syncRun) openState(ctx context.Context) error {
	o := s.o
	path := naming.Below(naming.Below(o.dir, stateFolder), stateFile)
	if s.root == nil {
		return nil
	}
	info, err := s.root.Stat(stateFolder)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.dryRun:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		err = s.root.Mkdir(stateFolder, 0o700)
	case err == nil && !info.IsDir():
		err = errors.New("it is not a folder")
	}
	if err != nil {
		return &download.Error{
			Code: download.CodeLocal, Err: fmt.Errorf("cannot keep the state of sync in %s: %w", naming.Below(o.dir, stateFolder), withoutPath(err)),
			Advice: "see that you may write there, or choose another folder",
		}
	}
	opts := o.journalOptions(s.conf, s.reporter.Screen(), "waiting for another sync of "+o.dir)
	opts.State, opts.Adopt, opts.KnowsHead, opts.HadHead = true, o.adopt, knowsHead, remembers(realPath(o.dir))
	if s.journal, err = journal.Open(ctx, path, opts); err != nil {
		return err
	}
	s.closeJournal()
	if o.dryRun {
		return nil
	}
	return mirror.PutBack(s.root)
}

// knowsHead reports whether a head is of the format that this program writes.
func knowsHead(raw json.RawMessage) bool {
	var head syncHead
	return json.Unmarshal(raw, &head) == nil && head.Format == syncFormat
}

// head asks the portal what the filters and the template name, and who the user is.
func (s *syncRun) head(ctx context.Context) (syncHead, error) {
	o := s.o
	var unlisted error
	names := newAccount(s.portal.client, func(format string, args ...any) { unlisted = fmt.Errorf(format, args...) })
	if err := o.resolveTemplate(ctx, names); err != nil {
		return syncHead{}, err
	}
	if unlisted != nil { // other names would be other paths of files
		return syncHead{}, unlisted
	}
	names.say = s.reporter.Screen().Say
	known, err := s.nameFilters(ctx, names)
	if err != nil {
		return syncHead{}, err
	}
	user, err := s.portal.client.CurrentUser(ctx)
	if isForbidden(err) {
		user, err = bynder.User{}, nil
	}
	if err != nil {
		return syncHead{}, err
	}
	return syncHead{
		Format: syncFormat, Portal: s.conf.Portal.Host, User: cmp.Or(user.ID, user.Username, user.Email, user.Name),
		Selection: o.selection(), Template: o.name,
		Names: known,
	}, nil
}

// nameFilters gives the filters what the API takes for names: as the state has it if the same names were given before,
// else as the portal says. A change that is accepted asks the portal again.
func (s *syncRun) nameFilters(ctx context.Context, names *account) (*filterNames, error) {
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
	before, _, err := s.headBefore()
	if err != nil {
		return nil, err
	}
	if was := before.Names; was != nil && !o.acceptChanges && before.Portal == s.conf.Portal.Host && slices.Equal(was.Given, given) {
		o.query.Brands, o.query.Collection, o.query.Properties = was.Brands, was.Collection, was.Properties
		return was, nil
	}
	if err := o.resolveFilters(ctx, names); err != nil || len(names.said) > 0 {
		return nil, err
	}
	return &filterNames{Given: given, Brands: o.query.Brands, Collection: o.query.Collection, Properties: o.query.Properties}, nil
}

// selection describes the filters, their names resolved, and what is fetched, always in the same words. A date is as
// it was given: one relative to today is the same filter every day.
func (o *syncOptions) selection() string {
	var words []string
	add := func(flag string, values ...string) {
		values = slices.Sorted(slices.Values(values))
		for _, value := range slices.Compact(values) {
			if value != "" {
				words = append(words, "--"+flag+" "+shellQuote(value))
			}
		}
	}
	q := o.query
	add("keyword", q.Keyword)
	add("type", q.Types...)
	add("tag", q.Tags...)
	add("brand", q.Brands...)
	add("collection", q.Collection)
	for name, values := range q.Properties {
		add("property", name+"="+strings.Join(slices.Sorted(slices.Values(values)), ","))
	}
	for _, date := range o.dateFlags() {
		add(date.flag, date.text)
	}
	for flag, value := range map[string]*bool{"archived": q.Archived, "limited": q.Limited, "public": q.Public} {
		if value != nil {
			words = append(words, fmt.Sprintf("--%s=%t", flag, *value))
		}
	}
	slices.Sort(words)
	files := make([]string, len(o.selectors))
	for i, each := range o.selectors {
		files[i] = each.text
	}
	slices.Sort(files)
	return strings.TrimPrefix(strings.Join(words, " ")+": ", ": ") + strings.Join(files, " ")
}

// headBefore returns the head of the state, if there is one.
func (s *syncRun) headBefore() (head syncHead, ok bool, err error) {
	if s.journal == nil {
		return syncHead{}, false, nil
	}
	raw := s.journal.Head()
	if raw == nil {
		return syncHead{}, false, nil
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return syncHead{}, false, fmt.Errorf("reading the state of %s: %w", s.o.dir, err)
	}
	return head, true, nil
}

// admit refuses a run whose head is not that of the state, unless the change is accepted, and reports whether the state
// is to have this one. Other names for the same filters do not count as a change.
func (s *syncRun) admit(now syncHead) (isNew bool, err error) {
	before, ok, err := s.headBefore()
	if err != nil || !ok {
		return err == nil, err
	}
	isNew = !reflect.DeepEqual(before, now)
	var differ []string
	for _, each := range []struct{ what, before, now string }{
		{"portal", before.Portal, now.Portal}, {"user", before.User, now.User},
		{"search", before.Selection, now.Selection}, {"template", before.Template, now.Template},
	} {
		if each.before != each.now {
			differ = append(differ, fmt.Sprintf("the %s was %s and is %s now", each.what, cmp.Or(each.before, "unknown"), cmp.Or(each.now, "unknown")))
		}
	}
	if len(differ) == 0 || s.o.acceptChanges {
		return isNew, nil
	}
	return false, &download.Error{
		Code:   download.CodeLocal,
		Err:    fmt.Errorf("%s belongs to another sync: %s", s.o.dir, strings.Join(differ, "; ")),
		Advice: "run sync as before, choose another folder, or make it this sync's own with --accept-changes (without --delete)",
	}
}

// save makes a head that of the state.
func (s *syncRun) save(head syncHead) error {
	raw, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("encoding the head of the state: %w", err)
	}
	return s.journal.SetHead(raw)
}

// load returns the files of the state.
func (s *syncRun) load(ctx context.Context) (records []*download.Result, err error) {
	if s.journal == nil {
		return nil, nil
	}
	texts := map[string]string{} // those that many have in common, each kept once
	err = s.journal.Each(ctx, func(r download.Result) error {
		for _, text := range []*string{&r.Portal, &r.Selector, (*string)(&r.Status), (*string)(&r.Verified), &r.Chosen} {
			if kept, ok := texts[*text]; ok {
				*text = kept
			} else if len(texts) < maxTexts {
				texts[*text] = *text
			}
		}
		records = append(records, &r)
		return nil
	})
	return records, err
}

// maxTexts is how many texts are looked for in other records.
const maxTexts = 1000
