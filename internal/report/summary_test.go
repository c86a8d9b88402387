package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
)

func TestFailure(t *testing.T) {
	withSelector := func(r download.Result, s string) download.Result {
		r.Selector = s
		return r
	}
	for _, tc := range []struct {
		name       string
		r          download.Result
		what, hint string
	}{
		{
			"with advice",
			failed("A1", download.CodeAuth, "the portal refused the credentials (401)", "run bynder auth login"),
			"A1: the portal refused the credentials (401)", "run bynder auth login",
		},
		{
			"without", failed("A1", download.CodeNotFound, "not found", ""),
			"A1: not found", "",
		},
		{
			"another file than the original",
			withSelector(failed("A1", download.CodeNotFound, "not found", ""), "item/B2"),
			"A1: item/B2: not found", "",
		},
		{"a name", withName(failed("A1", download.CodeNotFound, "not found", ""), "Logo"), "Logo (A1): not found", ""},
		{
			"a name of another file than the original",
			withSelector(withName(failed("A1", download.CodeNotFound, "not found", ""), "Logo"), "derivative/mini"),
			"Logo (A1): derivative/mini: not found", "",
		},
		{"a hostile name", withName(failed("A1", download.CodeNotFound, "not found", ""), "a\x1b[2J\u202e\nb"), "a[2J b (A1): not found", ""},
		{"a hidden name", withName(failed("A1", download.CodeNotFound, "not found", ""), "\u202e\u200b"), "A1: not found", ""},
		{
			"a line of input that is no id", withSelector(failed("", download.CodeUsage, "line 3: the id is empty", ""), ""),
			"line 3: the id is empty", "",
		},
		{
			"hostile text",
			failed("A\x1b[2J1", download.CodeStorage, "<html>\n\u202e</html>\x07", "do\r\nthis"),
			"A[2J1: <html> </html>", "do this",
		},
		{
			"endless text", failed("A1", download.CodeProtocol, strings.Repeat("x", 1<<20), ""),
			"A1: " + strings.Repeat("x", messageLimit/2-3) + "..." + strings.Repeat("x", messageLimit/2), "",
		},
		{
			"a reason after a long path", failed("A1", download.CodeLocal, "s3://bucket/"+strings.Repeat("x", 1024)+": the reason", ""),
			"A1: s3://bucket/" + strings.Repeat("x", messageLimit/2-15) + "..." + strings.Repeat("x", messageLimit/2-12) + ": the reason", "",
		},
		{"no message", failed("A1", download.CodeTimeout, "", ""), "A1: timeout", ""},
		{"no cause", download.Result{MediaID: "A1", Status: download.Failed}, "A1: unexplained", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			what, hint := failure(tc.r, false)
			if what != tc.what || hint != tc.hint {
				t.Errorf("\n got %q, %q\nwant %q, %q", what, hint, tc.what, tc.hint)
			}
		})
	}
}

// A URL of storage is long and names no asset: a user needs it only to find out about storage.
func TestStorageURLsAreVerbose(t *testing.T) {
	for _, tc := range []struct{ message, short string }{
		{"get https://storage.example/a/b%20c.jpg: storage answered 403 Forbidden", "storage answered 403 Forbidden"},
		{"get http://127.0.0.1:80/a: read: connection reset", "storage: read: connection reset"},
		{"get https://storage.example/a: storage answered 500, after 4 download URLs", "storage answered 500, after 4 download URLs"},
		{"reading the partial download: get https://storage.example/a: EOF", "reading the partial download: storage: EOF"},
		{"redirected to https://other.example/a, which is refused", "redirected to https://other.example/..., which is refused"},
		{"the location http://storage.example/a/b.jpg is not encrypted (http)", "the location http://storage.example/... is not encrypted (http)"},
		{"the portal at https://portal.example does not answer", "the portal at https://portal.example does not answer"},
		{"budget https://x: y", "budget https://x: y"},
	} {
		r := failed("A1", download.CodeStorage, tc.message, "")
		if what, _ := failure(r, false); what != "A1: "+tc.short {
			t.Errorf("%q, want %q", what, tc.short)
		}
		if what, _ := failure(r, true); what != "A1: "+tc.message {
			t.Errorf("verbose: %q, want %q", what, tc.message)
		}
	}
}

// What an old journal has of a URL is shown as little as what a run has.
func TestMessagesHaveNoQueries(t *testing.T) {
	const message = "get https://storage.example/a.jpg?sig=secret&e=1: storage answered 403, redirected to http://other.example?sig=secret"
	for verbose, want := range map[bool]string{
		false: "storage answered 403, redirected to http://other.example/...",
		true:  "get https://storage.example/a.jpg storage answered 403, redirected to http://other.example",
	} {
		if got := Message(message, verbose); got != want {
			t.Errorf("verbose %t: %q, want %q", verbose, got, want)
		}
	}
}

func withName(r download.Result, name string) download.Result {
	r.Name = name
	return r
}

func TestWarning(t *testing.T) {
	suspect := func(r download.Result) download.Result {
		r.Name, r.Suspect = "a.jpg", "storage sent \x1b[2JHTML"
		return r
	}
	const warning = "warning: suspect file: storage sent [2JHTML\n"
	for _, tc := range []struct {
		name  string
		r     download.Result
		quiet bool
		want  string
	}{
		{"a file in place", suspect(present("A1", "out/a.jpg", 9)), false, "bynder: a.jpg (A1): " + warning},
		{"quiet", suspect(present("A1", "out/a.jpg", 9)), true, ""},
		{"one that failed", suspect(failed("A1", download.CodeIntegrity, "no", "")), false, "bynder: a.jpg (A1): no\n"},
		{"any other", present("A1", "out/a.jpg", 9), false, ""},
	} {
		var errs stream
		r := New(Options{Stdout: &stream{}, Stderr: &errs, Single: true, Quiet: tc.quiet})
		r.Finished(job("A1"), tc.r)
		if err := r.Close(Totals{}); err != nil {
			t.Error(err)
		}
		if got := errs.String(); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestSummary(t *testing.T) {
	for _, tc := range []struct {
		name   string
		events func(*tally)
		totals Totals
		want   []string
	}{
		{
			name: "everything at once",
			events: func(t *tally) {
				t.start(job("a"), "a.jpg", object(3*mib), mib, epoch)
				t.advance(job("a"), 2*mib, epoch.Add(time.Second))
				t.finish(job("a"), present("a", "a.jpg", 3*mib))
				odd := present("h", "h.jpg", 0)
				odd.Suspect = "why"
				t.finish(job("h"), odd)
				odd = failed("i", download.CodeExists, "", "")
				odd.Suspect = "why"
				t.finish(job("i"), odd)
				t.finish(job("b"), withStatus(present("b", "b.jpg", 9), download.Unchanged))
				t.finish(job("c"), withStatus(present("c", "c.jpg", 9), download.Skipped))
				for _, id := range []string{"d", "e"} {
					t.finish(job(id), failed(id, download.CodeNotFound, "", ""))
				}
				t.finish(job("f"), failed("f", download.CodeExists, "", ""))
				t.finish(job("g"), failed("g", download.CodeInterrupted, "", ""))
			},
			totals: Totals{APICalls: 12, NotStarted: 17, InputUnread: true},
			want: []string{
				"bynder: 2 downloaded, 1 unchanged, 1 skipped, 5 failed, 1 suspect, 17 not started",
				"bynder: failed by cause: 2 exists, 2 not_found, 1 interrupted",
				"bynder: 2.0 MiB in 1 min 40 s (20.5 KiB/s), API calls: 12",
				"bynder: stopped early; remaining input not read",
			},
		},
		{
			name: "a dry run",
			events: func(t *tally) {
				for i := range 2014 {
					r := present("a", "a.jpg", 21*mib)
					if r.Plan = download.PlanNew; i%100 == 0 {
						r.Plan = download.PlanChanged
					}
					t.finish(job("a"), withStatus(r, download.Skipped))
				}
				sizeless := present("b", "b.jpg", 0)
				sizeless.Bytes, sizeless.Plan = nil, download.PlanNew
				t.finish(job("b"), withStatus(sizeless, download.Skipped))
				same := withStatus(present("c", "c.jpg", mib), download.Unchanged)
				same.Plan = download.PlanUnchanged
				t.finish(job("c"), same)
				taken := failed("d", download.CodeExists, "", "")
				taken.Plan = download.PlanExists
				t.finish(job("d"), taken)
			},
			totals: Totals{APICalls: 2017, CallEach: true},
			want: []string{
				"bynder: 2,015 files, 41.3 GiB to fetch, and 1 of unknown size",
				"bynder: 1994 new, 21 changed, 1 unchanged, 1 exists",
				"bynder: failed by cause: 1 exists",
				"bynder: API calls: 2017; the run makes about as many, one per file that is not recorded in the journal",
			},
		},
		{
			name: "a dry run of --if-exists skip",
			events: func(t *tally) {
				for range 7 {
					kept := present("a", "a.jpg", mib)
					kept.Plan = download.PlanExists
					t.finish(job("a"), withStatus(kept, download.Skipped))
				}
				for range 2 {
					taken := failed("d", download.CodeExists, "", "")
					taken.Plan = download.PlanExists
					t.finish(job("d"), taken)
				}
			},
			totals: Totals{APICalls: 9},
			want: []string{
				"bynder: 0 files, 0 B to fetch",
				"bynder: 9 exists (7 skipped, 2 failed)",
				"bynder: failed by cause: 2 exists",
				"bynder: API calls: 9; the run makes about as many",
			},
		},
		{
			name: "choices of derivatives",
			events: func(t *tally) {
				for i, chosen := range []string{"original", "webimage", "mini\x1b", "webimage", "webimage", ""} {
					r := present("a", "a.jpg", 0)
					if r.Chosen = chosen; i == 4 {
						r = failed("a", download.CodeExists, "", "")
						r.Chosen = chosen
					}
					t.finish(job("a"), r)
				}
			},
			want: []string{
				"bynder: 5 downloaded, 1 failed",
				"bynder: from webimage 2, mini 1, original 1",
				"bynder: failed by cause: 1 exists",
				"bynder: 0 B in 1 min 40 s, API calls: 0",
			},
		},
		{
			name:   "nothing failed",
			events: func(t *tally) { t.finish(job("b"), withStatus(present("b", "b.jpg", 9), download.Unchanged)) },
			totals: Totals{APICalls: 1},
			want:   []string{"bynder: 1 unchanged", "bynder: 0 B in 1 min 40 s, API calls: 1"},
		},
		{
			name:   "an empty list",
			events: func(*tally) {},
			want:   []string{"bynder: no ids given", "bynder: 0 B in 1 min 40 s, API calls: 0"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tally := newTally(epoch, nil)
			tc.events(tally)
			if diff := cmp.Diff(tc.want, tally.summary(epoch.Add(100*time.Second), tc.totals)); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatusLine(t *testing.T) {
	for _, tc := range []struct {
		name   string
		p      progress
		single bool
		want   string
	}{
		{"one file", progress{name: "a.jpg", known: 1, inFlight: 1, held: mib, total: 4 * mib, rate: mib}, true,
			"a.jpg, 25%, 1.0/4.0 MiB, 1.0 MiB/s, 3 s left"},
		{"one file of unknown size", progress{name: "a.jpg", known: 1, inFlight: 1, held: mib, total: -1}, true,
			"a.jpg, 1.0 MiB"},
		{"one file, in place already", progress{done: 1, known: 1, held: mib, total: mib}, true, "1/1 files, 100%, 1.0/1.0 MiB"},
		{"one file, not begun", progress{known: 1, total: -1}, true, "waiting for the portal, 0 B"},
		{"many files", progress{done: 12, known: 20, inFlight: 4, failures: 1, held: mib, total: 4 * mib, estimated: true, rate: mib}, false,
			"12/20 files, 25%, 1.0 MiB, 1.0 MiB/s, 4 in flight, 1 failed, 3 s left"},
		{"held up", progress{done: 12, known: 20, open: true, inFlight: 4, held: mib, total: 4 * mib, wait: "portal blocks until 14:32"}, false,
			"12/20+ files, 1.0 MiB, 4 in flight, 0 failed; portal blocks until 14:32"},
		{"a hostile name", progress{name: "\x1b[2J\r\n", total: -1}, true, "[2J , 0 B"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := statusLine(tc.p, tc.single); got != tc.want {
				t.Errorf("\n got %q\nwant %q", got, tc.want)
			}
		})
	}
}
