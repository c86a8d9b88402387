package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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

// syncHead says which sync the state of a folder belongs to.
type syncHead struct {
	Format    int    `json:"format"`
	Portal    string `json:"portal"`
	User      string `json:"user"`      // "" if these credentials may not see it
	Selection string `json:"selection"` // which assets, and which of their files
	Template  string `json:"template"`
	// Names and Fields have what the portal calls the things that filters and template name, so that it is asked once.
	// Names is nil if there are none, or if the portal did not list them.
	Names  *filterNames  `json:"names,omitempty"`
	Fields templateNames `json:"fields,omitzero"`
	// Unlisted is how many assets the portal counted and did not list, so that it is said once.
	Unlisted int64 `json:"unlisted,omitempty"`
}

// openState opens the state in the folder. A dry run does not change it; if it is missing then, the journal stays nil.
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
			Advice: "make sure that you may write there, or choose another folder",
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

// head asks the portal what the filters and the template name, unless the state says so, and who the user is.
func (s *syncRun) head(ctx context.Context) (syncHead, error) {
	o := s.o
	s.names = newAccount(s.portal.client, s.reporter.Screen().Say)
	if err := s.nameFields(ctx); err != nil {
		return syncHead{}, err
	}
	known, err := s.nameFilters(ctx)
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

// selection describes the filters, with names resolved, and what is fetched. The same search has the same text. A date is as
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

// readHead returns the head of the state, nil if there is none.
func (s *syncRun) readHead() (*syncHead, error) {
	if s.journal == nil {
		return nil, nil
	}
	raw := s.journal.Head()
	if raw == nil {
		return nil, nil
	}
	var head syncHead
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("reading the state of %s: %w", s.o.dir, err)
	}
	return &head, nil
}

// admit refuses a run whose head is not that of the state, unless the change is accepted. Other names for the same
// filters do not count as a change.
func (s *syncRun) admit(now syncHead) error {
	before := s.before
	if before == nil || s.o.acceptChanges {
		return nil
	}
	var differ []string
	for _, each := range []struct{ what, before, now string }{
		{"portal", before.Portal, now.Portal}, {"user", before.User, now.User},
		{"search", before.Selection, now.Selection}, {"template", before.Template, now.Template},
	} {
		if each.before != each.now {
			differ = append(differ, fmt.Sprintf("the %s was %s and is %s now", each.what, cmp.Or(each.before, "unknown"), cmp.Or(each.now, "unknown")))
		}
	}
	if len(differ) == 0 {
		return nil
	}
	return &download.Error{
		Code:   download.CodeLocal,
		Err:    fmt.Errorf("%s belongs to another sync: %s", s.o.dir, strings.Join(differ, "; ")),
		Advice: "run sync as before, choose another folder, or make it this sync's own with --accept-changes (without --delete)",
	}
}

// save makes a head that of the state, unless it is, and remembers the folder.
func (s *syncRun) save(head syncHead) error {
	raw, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("encoding the head of the state: %w", err)
	}
	if !bytes.Equal(raw, s.journal.Head()) {
		if err := s.journal.SetHead(raw); err != nil {
			return err
		}
	}
	remember(s.place())
	return nil
}

// load returns the files of the state.
func (s *syncRun) load(ctx context.Context) (records []*download.Result, err error) {
	if s.journal == nil {
		return nil, nil
	}
	texts := map[string]string{} // that many records have in common, to keep each once in memory
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

// maxTexts is the maximum number of texts that are shared between records.
const maxTexts = 1000

// bare returns a record as one without metadata, if there are none beside its file any more; see mirror.Bare.
func (s *syncRun) bare(r download.Result) (download.Result, bool) {
	if s.there != nil {
		return s.there.Bare(r)
	}
	return mirror.Bare(s.root, r)
}

// note records what the folder tells of files that are as they were: another time and, unless a step is about the file, that
// its metadata are gone. verify would miss them.
func (s *syncRun) note(p *syncPlan) {
	noted := make(map[download.FileID]bool, len(p.touched))
	note := func(r download.Result) {
		r.Status = download.Unchanged
		s.journal.Finished(download.Job{}, r)
	}
	for i := range p.steps {
		if r := p.steps[i].Record; r != nil {
			noted[r.File()] = true
		}
	}
	for _, r := range p.touched {
		again := *r
		if !noted[r.File()] {
			again, _ = s.bare(again)
		}
		noted[r.File()] = true
		note(again)
	}
	for _, r := range p.records {
		if noted[r.File()] {
			continue
		}
		if bare, is := s.bare(*r); is {
			note(bare)
		}
	}
}
