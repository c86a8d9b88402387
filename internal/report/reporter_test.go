package report

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
)

// pass lets d go by in a synctest bubble and waits until all goroutines are blocked.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestParseProgress(t *testing.T) {
	for _, s := range []string{"auto", "always", "never"} {
		if got, err := ParseProgress(s); err != nil || string(got) != s {
			t.Errorf("ParseProgress(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "Auto", "yes"} {
		if got, err := ParseProgress(s); err == nil {
			t.Errorf("ParseProgress(%q) = %q, want an error", s, got)
		}
	}
}

// Where there is no terminal, a plain line tells every 30 s where things stand.
func TestPlainLines(t *testing.T) {
	const status = "bynder: a.jpg, 25%, 1.0/4.0 MiB\n"
	for _, tc := range []struct {
		name    string
		options Options
		want    map[int]int // after so many seconds, so many lines
	}{
		{"auto", Options{}, map[int]int{1: 0, 29: 0, 30: 1, 59: 1, 60: 2, 90: 3}},
		{"always", Options{Progress: ProgressAlways}, map[int]int{1: 1, 29: 1, 30: 2, 59: 2, 60: 3}},
		{"never", Options{Progress: ProgressNever}, map[int]int{90: 0}},
		{"quiet", Options{Quiet: true}, map[int]int{90: 0}},
		{"quiet wins over always", Options{Quiet: true, Progress: ProgressAlways}, map[int]int{90: 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out, errs stream
				tc.options.Stdout, tc.options.Stderr, tc.options.Single, tc.options.Files = &out, &errs, true, all(1)
				r := New(tc.options)
				pass(5 * time.Minute) // nothing to tell: nothing told
				if errs.count() != 0 {
					t.Fatalf("told %q before anything happened", errs.writes)
				}
				r.Started(job("a"), "a.jpg", object(4*mib), mib)
				synctest.Wait()
				for second := range 91 {
					if want, ok := tc.want[second]; ok && errs.count() != want {
						t.Errorf("%d lines after %d s, want %d: %q", errs.count(), second, want, errs.writes)
					}
					pass(time.Second)
				}
				if err := r.Close(Totals{}); err != nil {
					t.Error(err)
				}
				pass(5 * time.Minute)
				for i, line := range errs.writes {
					if line != status {
						t.Errorf("line %d is %q, want %q", i, line, status)
					}
				}
				if out.count() != 0 {
					t.Errorf("stdout %q", out.writes)
				}
			})
		})
	}
}

// One run seen by each of the faces of standard output.
func TestResultsOnStdout(t *testing.T) {
	run := func(o Options) string {
		var out, errs stream
		o.Stdout, o.Stderr = &out, &errs
		r := New(o)
		r.Finished(job("b"), present("b", "b.jpg", 2))
		r.Finished(job("a"), withStatus(present("a", "a.jpg", 1), download.Unchanged))
		r.Finished(job("c"), failed("c", download.CodeNotFound, "not found", ""))
		r.Finished(job("d"), withStatus(present("d", "d.jpg", 1), download.Skipped))
		if err := r.Close(Totals{}); err != nil {
			t.Error(err)
		}
		return out.String()
	}
	for _, tc := range []struct {
		name    string
		options Options
		want    string
	}{
		{"paths", Options{}, "b.jpg\na.jpg\nd.jpg\n"},
		{"paths, quiet", Options{Quiet: true}, "b.jpg\na.jpg\nd.jpg\n"},
		{"paths with NUL", Options{Print0: true}, "b.jpg\x00a.jpg\x00d.jpg\x00"},
		{"JSON", Options{JSON: true, Quiet: true}, `{"portal":"","mediaId":"b","selector":"original","status":"downloaded","path":"b.jpg","bytes":2}
{"portal":"","mediaId":"a","selector":"original","status":"unchanged","path":"a.jpg","bytes":1}
{"portal":"","mediaId":"c","selector":"original","status":"failed","error":{"code":"not_found","message":"not found","retryable":false}}
{"portal":"","mediaId":"d","selector":"original","status":"skipped","path":"d.jpg","bytes":1}
`},
		{"the bytes themselves", Options{Streamed: true}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, run(tc.options)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}

// Errors come as they happen, in quiet mode too; a hint is given once; what an
// interruption stopped is left to the summary where there is one.
func TestErrorsOnStderr(t *testing.T) {
	const summary = `bynder: 1 downloaded, 4 failed, 2 not started
bynder: failed by cause: 3 exists, 1 interrupted
bynder: 0 B in 0 s, API calls: 5
`
	const refused = `bynder: a: a.jpg is another file
hint: try --name '{id}/{filename}'
bynder: b: b.jpg is another file
bynder: c: c.jpg is another file
hint: another hint
`
	const again = "hint: run the same command again to continue\n"
	for _, tc := range []struct {
		name    string
		options Options
		want    string
	}{
		{"many", Options{Progress: ProgressNever}, refused + summary + again},
		{"many, JSON", Options{JSON: true}, refused + summary + again},
		{"many, quiet", Options{Quiet: true}, refused + "bynder: 1 file interrupted\n" + again},
		{"one asset", Options{Single: true}, refused + "bynder: d: interrupted\n" + again},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out, errs stream
				tc.options.Stdout, tc.options.Stderr = &out, &errs
				r := New(tc.options)
				hint := "try --name '{id}/{filename}'"
				r.Finished(job("a"), failed("a", download.CodeExists, "a.jpg is another file", hint))
				r.Finished(job("b"), failed("b", download.CodeExists, "b.jpg is another file", hint))
				r.Finished(job("c"), failed("c", download.CodeExists, "c.jpg is another file", "another hint"))
				r.Finished(job("d"), failed("d", download.CodeInterrupted, "interrupted", ""))
				r.Finished(job("e"), present("e", "e.jpg", 1))
				for range 2 { // the second Close does nothing
					if err := r.Close(Totals{APICalls: 5, NotStarted: 2}); err != nil {
						t.Error(err)
					}
				}
				if diff := cmp.Diff(tc.want, errs.String()); diff != "" {
					t.Errorf("stderr (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// After an interruption users learn that bytes were kept, and how to go on.
func TestHintAfterAnInterruption(t *testing.T) {
	const kept = "partial downloads that can be continued were kept\n"
	for _, tc := range []struct {
		name    string
		options Options
		want    string
	}{
		{"one file", Options{Single: true}, "\nhint: run the same command again: " + kept},
		{"several files", Options{}, "\nhint: run the same command again: " + kept},
		{"a file that the same command starts over", Options{Single: true, NoResume: true}, "\nhint: run the same command again without --no-resume: " + kept},
		{"several such files", Options{NoResume: true}, "\nhint: run the same command again without --no-resume: " + kept},
		{"a file in a stream, which is not kept", Options{Single: true, NoPartials: true}, ""},
	} {
		var errs stream
		tc.options.Stdout, tc.options.Stderr, tc.options.Progress = &stream{}, &errs, ProgressNever
		r := New(tc.options)
		r.Started(job("a"), "a.jpg", object(2*mib), 0)
		r.Advanced(job("a"), mib)
		r.Finished(job("a"), failed("a", download.CodeInterrupted, "interrupted", ""))
		if err := r.Close(Totals{}); err != nil {
			t.Error(err)
		}
		if got := errs.String(); !strings.HasSuffix(got, tc.want) || strings.Contains(got, "hint:") != (tc.want != "") || strings.Count(got, "hint:") > 1 {
			t.Errorf("%s: stderr %q", tc.name, got)
		}
	}
}

// After a full disk, the only hint is to free some space.
func TestHintAfterAFullDisk(t *testing.T) {
	full := failed("a", download.CodeDiskFull, "no space left", "free some space")
	stopped := failed("b", download.CodeInterrupted, "interrupted", "")
	for _, results := range [][]download.Result{{full, stopped}, {stopped, full}} {
		for _, changes := range []bool{false, true} {
			var errs stream
			r := New(Options{Stdout: &stream{}, Stderr: &errs, Progress: ProgressNever, Changes: changes})
			for _, result := range results {
				if changes {
					r.Changed(result)
				} else {
					r.Finished(job(result.MediaID), result)
				}
			}
			if err := r.Close(Totals{}); err != nil {
				t.Error(err)
			}
			if got := errs.String(); strings.Count(got, "hint: ") != 1 || !strings.Contains(got, "hint: free some space\n") {
				t.Errorf("changes %t: stderr %q", changes, got)
			}
		}
	}
}

// A quiet run says once how many files were interrupted, however many there are.
func TestQuietInterruptionIsOneLine(t *testing.T) {
	for _, changes := range []bool{false, true} {
		var errs stream
		r := New(Options{Stdout: &stream{}, Stderr: &errs, Quiet: true, Changes: changes})
		for _, id := range []string{"a", "b", "c"} {
			if result := failed(id, download.CodeInterrupted, "interrupted", ""); changes {
				r.Changed(result)
			} else {
				r.Finished(job(id), result)
			}
		}
		if err := r.Close(Totals{}); err != nil {
			t.Error(err)
		}
		if got, want := errs.String(), "bynder: 3 files interrupted\nhint: run the same command again to continue\n"; got != want {
			t.Errorf("changes %t: stderr %q, want %q", changes, got, want)
		}
	}
}

func TestHintsAreForgottenAtTheLimit(t *testing.T) {
	var errs stream
	r := New(Options{Stdout: &stream{}, Stderr: &errs, Quiet: true})
	for range 2 {
		for i := range hintLimit + 1 {
			r.Finished(job("a"), failed("a", download.CodeLocal, "m", fmt.Sprint("advice ", i)))
		}
	}
	if err := r.Close(Totals{}); err != nil {
		t.Error(err)
	}
	if n := len(r.screen.hints); n != hintLimit {
		t.Errorf("%d hints are kept", n)
	}
	if n := strings.Count(errs.String(), "hint: "); n != hintLimit+2 {
		t.Errorf("%d hints were given, want each of the first %d once and the other one twice", n, hintLimit)
	}
}

func TestRetriesAreToldWhenVerboseOrLong(t *testing.T) {
	for _, tc := range []struct {
		options Options
		file    string
		wait    time.Duration
		want    string
	}{
		{Options{}, "", 2 * time.Second, ""},
		{Options{Verbose: true}, "", 2 * time.Second, "bynder: a: get https://storage.example/a: connection reset; trying again in 2 s\n"},
		{Options{Verbose: true}, "Lo\x1bgo", 2 * time.Second, "bynder: Logo (a): get https://storage.example/a: connection reset; trying again in 2 s\n"},
		{Options{Verbose: true}, "", 0, "bynder: a: get https://storage.example/a: connection reset; trying again\n"},
		{Options{Verbose: true, Quiet: true}, "", 2 * time.Second, ""},
		{Options{}, "", 10 * time.Minute, "bynder: a: storage: connection reset; trying again in 10 min\n"},
		{Options{Quiet: true}, "", 10 * time.Minute, ""},
	} {
		var errs stream
		tc.options.Stdout, tc.options.Stderr, tc.options.Single = &stream{}, &errs, true
		r := New(tc.options)
		r.Retried(job("a"), tc.file, errors.New("get https://storage.example/a: connection\n reset"), tc.wait)
		if err := r.Close(Totals{}); err != nil {
			t.Error(err)
		}
		if got := strings.ReplaceAll(errs.String(), "  ", " "); got != tc.want {
			t.Errorf("%+v: stderr %q, want %q", tc.options, got, tc.want)
		}
	}
}

func TestStatusLineOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs stream
		r := New(Options{Stdout: &stream{}, Stderr: &errs, Progress: ProgressNever, Files: all(3)})
		r.Started(job("a"), "a.jpg", object(2*mib), 0)
		pass(time.Second)
		r.Advanced(job("a"), mib)
		r.Finished(job("b"), failed("b", download.CodeNotFound, "not found", ""))
		r.ShowWait("portal blocks until 14:32", time.Now().Add(time.Minute))
		want := "1/3 files, 25%, 1.0 MiB, 1.0 MiB/s, 1 in flight, 1 failed; portal blocks until 14:32"
		if got := r.status(); got != want {
			t.Errorf("\n got %q\nwant %q", got, want)
		}
		pass(time.Minute)
		if got := r.status(); !strings.Contains(got, "portal") {
			t.Errorf("the wait ends now, yet %q", got)
		}
		pass(waitShownFor)
		if got := r.status(); strings.Contains(got, "portal") {
			t.Errorf("the wait is over, yet %q", got)
		}
		if err := r.Close(Totals{}); err != nil {
			t.Error(err)
		}
	})
}

// The time before the first id is not a part of the summary's time, and so not of its rate.
func TestSummaryBeginsWithTheFirstID(t *testing.T) {
	for begins, want := range map[bool]string{
		true:  "bynder: 1 downloaded\nbynder: 4.0 MiB in 2 s (2.0 MiB/s), API calls: 1\n",
		false: "bynder: 1 downloaded\nbynder: 4.0 MiB in 10 s (410 KiB/s), API calls: 1\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var errs stream
			r := New(Options{Stdout: &stream{}, Stderr: &errs, Progress: ProgressNever, Files: all(1)})
			pass(8 * time.Second)
			if begins {
				r.Begin()
			}
			pass(time.Second) // for the portal
			r.Started(job("a"), "a.jpg", object(4*mib), 0)
			pass(time.Second)
			r.Advanced(job("a"), 4*mib)
			r.Finished(job("a"), present("a", "a.jpg", 4*mib))
			if err := r.Close(Totals{APICalls: 1}); err != nil {
				t.Error(err)
			}
			if got := errs.String(); got != want {
				t.Errorf("\n got %q\nwant %q", got, want)
			}
		})
	}
}

// A pipe whose reader is gone ends the run through the callback, and Close says why.
func TestClosedPipe(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	reader.Close()
	var reported error
	var errs stream
	r := New(Options{
		Stdout: writer, Stderr: &errs, JSON: true,
		StdoutFailed: func(err error) { reported = err },
	})
	r.Finished(job("a"), present("a", "a.jpg", 1))
	r.Finished(job("b"), present("b", "b.jpg", 1))
	if reported == nil {
		t.Error("nobody was told")
	}
	if err := r.Close(Totals{}); err == nil || err != reported { //nolint:errorlint // the very same
		t.Errorf("Close() = %v, want %v", err, reported)
	}
	if !strings.HasPrefix(errs.String(), "bynder: 2 downloaded\n") {
		t.Errorf("no summary: %q", errs.String())
	}
}

// A result that cannot be written as JSON is no result that may be left out.
func TestResultThatIsNoJSON(t *testing.T) {
	var out, errs stream
	var reported error
	r := New(Options{Stdout: &out, Stderr: &errs, JSON: true, StdoutFailed: func(err error) { reported = err }})
	bad := present("a", "a.jpg", 1)
	bad.Seconds = math.NaN()
	r.Finished(job("a"), bad)
	if err := r.Close(Totals{}); err == nil || err != reported { //nolint:errorlint // the very same
		t.Errorf("Close() = %v, reported %v, want one error", err, reported)
	}
}

func TestPathsAreShownWithTheirFolder(t *testing.T) {
	show := func(path string) string { return "dir/" + path }
	for want, o := range map[string]Options{
		"dir/a.jpg\n":        {},
		"dir/a.jpg\x00":      {Print0: true},
		`"path":"dir/a.jpg"`: {JSON: true},
	} {
		var out, errs stream
		o.Stdout, o.Stderr, o.Show, o.Single = &out, &errs, show, true
		r := New(o)
		r.Finished(job("a"), present("a", "a.jpg", 1))
		r.Finished(job("b"), failed("b", download.CodeNotFound, "not found", ""))
		r.Finished(job("c"), present("c", "", 1)) // standard output has no path
		if err := r.Close(Totals{}); err != nil {
			t.Error(err)
		}
		if got := out.String(); strings.Count(got, want) != 1 || strings.Count(got, "dir/") != 1 {
			t.Errorf("standard output is %q, want one %q", got, want)
		}
	}
}

// Many goroutines at once, on every face; the race detector looks on.
func TestManyAtOnce(t *testing.T) {
	var out, errs stream
	r := New(Options{Stdout: &out, Stderr: &errs, Verbose: true})
	const workers, files = 16, 40
	var running sync.WaitGroup
	for w := range workers {
		running.Go(func() {
			for i := range files {
				id := fmt.Sprintf("%d-%d", w, i)
				r.Started(job(id), id+".jpg", object(100), 0)
				for range 10 {
					r.Advanced(job(id), 10)
				}
				if i%10 == 0 {
					r.Retried(job(id), "", errors.New("reset"), time.Second)
					r.ShowWait("API allowance", time.Now().Add(time.Second))
					r.status()
					r.bar(80)
				}
				if i%20 == 0 {
					r.Finished(job(id), failed(id, download.CodeNetwork, "reset", "try again"))
					continue
				}
				r.Finished(job(id), present(id, id+".jpg", 100))
			}
		})
	}
	running.Wait()
	if err := r.Close(Totals{}); err != nil {
		t.Error(err)
	}
	if n := strings.Count(out.String(), "\n"); n != workers*files-workers*2 {
		t.Errorf("%d paths, want %d", n, workers*files-workers*2)
	}
	if want := "bynder: 608 downloaded, 32 failed\nbynder: failed by cause: 32 network\nbynder: 62.5 KiB in"; !strings.Contains(errs.String(), want) {
		t.Errorf("no %q in the summary: %q", want, errs.writes[errs.count()-1])
	}
}
