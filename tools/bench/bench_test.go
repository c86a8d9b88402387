package main

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The clock in here is a played one: these are no measurements.
func TestThrottleHoldsToItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := randomBytes(3 << 20)
		var got bytes.Buffer
		began := time.Now()
		if err := throttle(t.Context(), &got, bytes.NewReader(sent), 1<<20); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), sent) {
			t.Error("the bytes are others")
		}
		if took := time.Since(began); took < 2990*time.Millisecond || took > 3*time.Second {
			t.Errorf("3 MiB at 1 MiB/s took %s", took)
		}
	})
}

func TestDelayCostsTimeAndNotThroughput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := randomBytes(3 << 20)
		var got bytes.Buffer
		began := time.Now()
		// Opened after 50 ms, and 25 ms on the way.
		err := delay(t.Context(), &got, iotest.HalfReader(bytes.NewReader(sent)), 25*time.Millisecond, began.Add(50*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), sent) {
			t.Error("the bytes are others")
		}
		if took := time.Since(began); took != 75*time.Millisecond {
			t.Errorf("all arrived after %s, want 75ms", took)
		}
	})
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func TestProxyPassesBytesOn(t *testing.T) {
	for name, through := range map[string]network{
		"loopback": {}, "far away": {roundTrip: time.Millisecond}, "limited": {rate: 1 << 30},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := listen(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				_, _ = io.Copy(conn, io.LimitReader(conn, 1<<20)) // an echo
			}()
			p, err := newProxy(t.Context(), l.Addr().String(), func(int) network { return through })
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			sent := randomBytes(1 << 20)
			go func() { _, _ = conn.Write(sent) }()
			got, err := io.ReadAll(conn)
			if err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%d bytes came back (%v), want the %d that were sent", len(got), err, len(sent))
			}
			if n := p.accepted.Load(); n != 1 {
				t.Errorf("%d connections were counted", n)
			}
		})
	}
}

func TestRatiosAreOfPairs(t *testing.T) {
	o := outcome{}
	for _, pair := range [][2]int{{1, 2}, {30, 60}, {5, 4}} { // the second pair met a busy machine
		o.ours = append(o.ours, usage{Wall: time.Duration(pair[0]) * time.Second})
		o.theirs = append(o.theirs, usage{Wall: time.Duration(pair[1]) * time.Second})
	}
	if got, want := spreadOf(o.ratios(wall)), (spread[float64]{0.5, 0.5, 1.25}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTable(t *testing.T) {
	run := func(wall time.Duration, mib int64) []usage {
		return []usage{{Wall: wall, User: wall / 2, System: wall / 2, Peak: mib << 20}}
	}
	curl := row{work: "1 GiB", beside: "`curl -o`", target: limits{wall: 0.6, peak: 20}}
	for name, tt := range map[string]struct {
		outcome outcome
		quick   bool
		want    string
	}{
		"met": {
			outcome: outcome{row: curl, ours: run(500*time.Millisecond, 18), theirs: run(time.Second, 9)},
			want:    "| 1 GiB | `curl -o` | **0.50** (0.50–0.50) | ≤ 0.60 ✓ | 0.50 s (0.50–0.50) | 1.00 s (1.00–1.00) | CPU 0.50; 18.0 MiB ≤ 20 MiB ✓ |",
		},
		"missed": {
			outcome: outcome{row: curl, ours: run(900*time.Millisecond, 21), theirs: run(time.Second, 9)},
			want:    "| 1 GiB | `curl -o` | **0.90** (0.90–0.90) | ≤ 0.60 ✗ | 0.90 s (0.90–0.90) | 1.00 s (1.00–1.00) | CPU 0.90; 21.0 MiB ≤ 20 MiB ✗ |",
		},
		"quick runs judge nothing": {
			outcome: outcome{row: curl, ours: run(900*time.Millisecond, 21), theirs: run(time.Second, 9)}, quick: true,
			want: "| 1 GiB | `curl -o` | **0.90** (0.90–0.90) | ≤ 0.60 | 0.90 s (0.90–0.90) | 1.00 s (1.00–1.00) | CPU 0.90; 21.0 MiB ≤ 20 MiB |",
		},
		"beside nothing": {
			outcome: outcome{row: row{work: "ids", target: limits{perSecond: 200_000}}, ours: run(2*time.Second, 50), units: 1_000_000},
			want:    "| ids | – | – | – | 2.00 s (2.00–2.00) | – | 500,000 per second ≥ 200,000 ✓; 50.0 MiB |",
		},
		"beside itself": {
			outcome: outcome{
				row:  row{work: "in place", beside: "first", counts: "connections", target: limits{wall: 0.6, count: 128}},
				ours: counted(run(time.Second, 50), 1769), theirs: counted(run(2*time.Second, 50), 32),
			},
			want: "| in place | first | **0.50** (0.50–0.50) | ≤ 0.60 ✓ | 1.00 s (1.00–1.00) | 2.00 s (2.00–2.00) | CPU 0.50; 1,769 connections ≤ 128 ✗, beside 32; 50.0 MiB |",
		},
		"at most this long": {
			outcome: outcome{
				row:  row{work: "sync", counts: "API calls", target: limits{took: 3 * time.Second, count: 21}},
				ours: counted(run(3*time.Second, 50), 21),
			},
			want: "| sync | – | – | ≤ 3.00 s ✓ | 3.00 s (3.00–3.00) | – | 21 API calls ≤ 21 ✓; 50.0 MiB |",
		},
		"a tool is missing": {
			outcome: outcome{row: curl, skipped: tools{}.lacks([]string{"nginx", "curl"})},
			want:    "| 1 GiB | `curl -o` | – | – | – | – | not measured: nginx and curl are not installed (Debian: apt-get install nginx-light curl) |",
		},
		"a run failed": {
			outcome: outcome{row: curl, err: errors.New("exit status 1:\na|b")},
			want:    `| 1 GiB | ` + "`curl -o`" + ` | – | – | – | – | failed: exit status 1: a\|b |`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			table := newReport(machine{}, []outcome{tt.outcome}, options{quick: tt.quick, pairs: 1}).Table()
			lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
			if got := lines[len(lines)-1]; got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func counted(runs []usage, n int64) []usage {
	for i := range runs {
		runs[i].Count = n
	}
	return runs
}

func TestSecondsSpread(t *testing.T) {
	const ms = time.Millisecond
	for want, s := range map[string]spread[time.Duration]{
		"1.48 s (1.37–12.0)":    {1480 * ms, 1370 * ms, 12_000 * ms},
		"3.6 ms (3.2–4.9)":      {3600 * time.Microsecond, 3200 * time.Microsecond, 4900 * time.Microsecond},
		"21.5 ms (20.7–0.42 s)": {21_500 * time.Microsecond, 20_700 * time.Microsecond, 420 * ms},
		"0.12 s (99.0 ms–0.20)": {120 * ms, 99 * ms, 200 * ms},
	} {
		if got := secondsSpread(s); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestPage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "performance.md")
	var all []outcome
	for _, r := range rows(fullSizes) {
		runs := []usage{{Wall: time.Second, User: time.Second, Peak: 1 << 20}}
		all = append(all, outcome{row: r, ours: runs, theirs: runs, units: 2000})
	}
	if err := newReport(machine{Cores: 2}, all, options{pairs: 5}).write(file); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 cores", "10 × slower", "2,000 per second", "| 1,000,000 originals | 1,000,000 | 27.8 h | 19.8 h |"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(string(got), "<no value>") {
		t.Error("the template asks for something that is not there")
	}
}

// docs/performance.md has the words of the template: what is changed in one is changed in the other.
func TestPageHasTheWordsOfTheTemplate(t *testing.T) {
	written, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := regexp.MustCompile(`{{[^}]*}}`).Split(pageText, -1)
	if len(texts) < 15 {
		t.Fatalf("the template has %d texts", len(texts))
	}
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, "**Other programs ran") { // only on a machine that was not idle
			continue
		}
		if isQuick := strings.Contains(text, "This was a quick run"); strings.Contains(string(written), text) == isQuick {
			t.Errorf("the page and the template differ in this text of the template:\n%s", text)
		}
	}
}

func TestWaiting(t *testing.T) {
	for _, tt := range []struct {
		calls int
		rate  float64
		want  time.Duration
	}{
		{500, 10, 0},
		{1000, 10, 50 * time.Second},
		{1_000_000, 10, 99_950 * time.Second},
		{200, 14, 0},
		{1600, 14, 100 * time.Second},
		{4400, 44.0 / 3, 0},
		{8800, 44.0 / 3, 300 * time.Second},
	} {
		if got := waiting(tt.calls, tt.rate).Round(time.Millisecond); got != tt.want {
			t.Errorf("%d calls at %g/s: %s, want %s", tt.calls, tt.rate, got, tt.want)
		}
	}
}

func TestSameFiles(t *testing.T) {
	for name, tt := range map[string]struct {
		got  map[string]string
		same bool
	}{
		"the same":     {map[string]string{"a": "1", "b": "2"}, true},
		"one missing":  {map[string]string{"a": "1"}, false},
		"one too many": {map[string]string{"a": "1", "b": "2", "b.part": "2"}, false},
		"other bytes":  {map[string]string{"a": "1", "b": "3"}, false},
		"cut off":      {map[string]string{"a": "1", "b": ""}, false},
		"too long":     {map[string]string{"a": "1", "b": "22"}, false},
		"other name":   {map[string]string{"a": "1", "c": "2"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			want, got := folder(t, map[string]string{"a": "1", "b": "2"}), folder(t, tt.got)
			if err := sameFiles(want, got); (err == nil) != tt.same {
				t.Errorf("got %v", err)
			}
		})
	}
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestParse(t *testing.T) {
	for args, wrong := range map[string]bool{
		"": false, "-quick": false, "-only near|large": false, "-quick -write x.md": false, "-pairs 3": false,
		"-only (": true, "-only near -write x.md": true, "-pairs 0": true, "extra": true, "-nonsense": true,
	} {
		if _, err := parse(strings.Fields(args), io.Discard); (err != nil) != wrong {
			t.Errorf("%q: %v", args, err)
		}
	}
}
