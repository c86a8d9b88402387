package report

import (
	"strings"
	"testing"
)

const mib = 1 << 20

func TestOneFile(t *testing.T) {
	half := progress{
		name: "IMG_2026_harbour_at_night_0042.jpg", known: 1, inFlight: 1,
		held: 600 * mib, total: 1200 * mib, rate: 3 * mib,
	}
	with := func(change func(*progress)) progress {
		p := half
		change(&p)
		return p
	}
	for _, tc := range []struct {
		name string
		p    progress
		room int
		want string
	}{
		{"wide", half, 119, "IMG_2026_harbour_at_night_0042.jpg  50% [===============>................]  600 MiB/1.2 GiB  3.0 MiB/s  3 min 20 s left"},
		{"80 columns", half, 79, "IMG_2026...042.jpg  50% [===>....]  600 MiB/1.2 GiB  3.0 MiB/s  3 min 20 s left"},
		{"60 columns: no rate", half, 59, "IMG_2026_...0042.jpg  50%  600 MiB/1.2 GiB  3 min 20 s left"},
		{"50 columns: no time left", half, 49, "IMG_202...42.jpg  50% [===>....]  600 MiB/1.2 GiB"},
		{"40 columns", half, 39, "IMG_202...042.jpg  50%  600 MiB/1.2 GiB"},
		{"30 columns: no bytes", half, 29, "IMG_2026_ha...t_0042.jpg  50%"},
		{"20 columns", half, 19, "IMG_20...2.jpg  50%"},
		{"10 columns", half, 9, "50%"},
		{"3 columns", half, 2, "50"},
		{"none", half, 0, ""},
		{"a short name leaves room for the gauge", with(func(p *progress) { p.name = "a.jpg" }), 79,
			"a.jpg  50% [=========>...........]  600 MiB/1.2 GiB  3.0 MiB/s  3 min 20 s left"},
		{"no size", with(func(p *progress) { p.total = -1 }), 79,
			"IMG_2026_harbour_at_night_0042.jpg  600 MiB  3.0 MiB/s"},
		{"no size, narrow", with(func(p *progress) { p.total = -1 }), 29, "IMG_2026_...0042.jpg  600 MiB"},
		{"a wait instead of a rate", with(func(p *progress) { p.wait = "portal blocks until 14:32" }), 79,
			"IMG_2026...0042.jpg  50% [===>....]  600 MiB/1.2 GiB  portal blocks until 14:32"},
		{"a hold, narrow", with(func(p *progress) { p.wait = "portal blocks until 14:32" }), 29,
			"50%  portal blocks until..."},
		{"a wait before anything is known", progress{known: 1, total: -1, wait: "portal blocks until 14:32"}, 79,
			"portal blocks until 14:32"},
		{"nothing known", progress{known: 1, total: -1}, 79, ""},
		{"a hostile name", with(func(p *progress) { p.name = "\x1b[2J\u202eevil\r\n.jpg"; p.rate = 0 }), 59,
			"[2Jevil .jpg  50% [==========>...........]  600 MiB/1.2 GiB"},
		{"done", with(func(p *progress) { p.held = p.total; p.name = "a.jpg"; p.rate = 0 }), 49,
			"a.jpg 100% [=======================]  1.2/1.2 GiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := oneFile(tc.p, tc.room)
			if columns(got) > tc.room {
				t.Errorf("%d columns where there are %d", columns(got), tc.room)
			}
			if got != tc.want {
				t.Errorf("bar for %d columns:\n got %q\nwant %q", tc.room, got, tc.want)
			}
		})
	}
}

func TestManyFiles(t *testing.T) {
	run := progress{
		done: 1203, known: 20000, inFlight: 32, failures: 3,
		held: 6 * 1024 * mib, total: 60 * 1024 * mib, rate: 12 * mib,
	}
	with := func(change func(*progress)) progress {
		p := run
		change(&p)
		return p
	}
	const wait = "API allowance: 10/s, about 3 h 10 min left"
	held := with(func(p *progress) { p.wait = wait })
	for _, tc := range []struct {
		name string
		p    progress
		room int
		want string
	}{
		{"wide", run, 119, "1203/20000  10% [==>....................................]  6.0 GiB  12.0 MiB/s  32 in flight  3 failed  1 h 16 min left"},
		{"80 columns", run, 79, "1203/20000  10%  6.0 GiB  12.0 MiB/s  32 in flight  3 failed  1 h 16 min left"},
		{"60 columns", run, 59, "1203/20000  10%  32 in flight  3 failed  1 h 16 min left"},
		{"40 columns", run, 39, "1203/20000  10%  32 in flight  3 failed"},
		{"30 columns", run, 29, "1203/20000  10%  3 failed"},
		{"10 columns", run, 9, "1203/2..."},
		{"none", run, 0, ""},
		{"held up, wide", held, 119, "1203/20000  10% [>...........]  6.0 GiB  12.0 MiB/s  32 in flight  3 failed  API allowance: 10/s, about 3 h 10 min left"},
		{"held up, 80 columns", held, 79, "1203/20000  32 in flight  3 failed  API allowance: 10/s, about 3 h 10 min left"},
		{"held up, 60 columns", held, 59, "1203/20000  10%  API allowance: 10/s, about 3 h 10 min left"},
		{"held up, 40 columns", held, 39, "1203/20000  API allowance: 10/s, abo..."},
		{"held up, 30 columns", held, 29, "1203/20000  API allowance:..."},
		{"more ids are coming", with(func(p *progress) { p.open = true }), 79, "1203/20000+  6.0 GiB  12.0 MiB/s  32 in flight  3 failed"},
		{"no failures", with(func(p *progress) { p.failures = 0 }), 79, "1203/20000  10% [.........]  6.0 GiB  12.0 MiB/s  32 in flight  1 h 16 min left"},
		{"nothing known", progress{}, 79, ""},
		{"held up before the first file", progress{known: 5, total: -1, wait: wait}, 79, "0/5  0 B  0 in flight  API allowance: 10/s, about 3 h 10 min left"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := manyFiles(tc.p, tc.room)
			if columns(got) > tc.room {
				t.Errorf("%d columns where there are %d", columns(got), tc.room)
			}
			if got != tc.want {
				t.Errorf("bar for %d columns:\n got %q\nwant %q", tc.room, got, tc.want)
			}
		})
	}
}

// Whatever the width, a bar never wraps, and from 30 columns up it tells the name
// and how far the file is.
func TestBarsFit(t *testing.T) {
	one := progress{
		name: strings.Repeat("写真_é_", 30) + ".jpg", known: 1, inFlight: 1,
		held: 1023 * mib, total: 1023 * 1024 * mib, rate: 1023 * mib,
	}
	many := one
	many.done, many.known, many.inFlight, many.failures = 123456, 1000000, 128, 999
	for room := range 200 {
		for _, wait := range []string{"", "API allowance: 10/s, about 3 h 10 min left"} {
			one.wait, many.wait = wait, wait
			a, b := oneFile(one, room), manyFiles(many, room)
			if columns(a) > room || columns(b) > room {
				t.Fatalf("room for %d columns:\n%q\n%q", room, a, b)
			}
			if wait == "" && room >= 29 && !strings.Contains(a, "写真") {
				t.Errorf("no name in %d columns: %q", room, a)
			}
			if room >= 29 && !strings.Contains(a, "0%") {
				t.Errorf("no percentage in %d columns: %q", room, a)
			}
			if room >= 29 && (!strings.Contains(b, "123456/1000000") || wait == "" && !strings.Contains(b, "999 failed")) {
				t.Errorf("no counts in %d columns: %q", room, b)
			}
		}
	}
}
