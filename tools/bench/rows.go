package main

import (
	"context"
	"fmt"
	"time"
)

const (
	// limitedRate is what storage that limits a connection gives it, in bytes per second.
	limitedRate = 10 << 20
	// slowdown is by how much one of eight connections is slower.
	slowdown = 10
)

// distant is a network with the round trip of a portal on another continent.
var distant = &network{roundTrip: 50 * time.Millisecond}

// rows are the lines of the table.
func rows(z sizes) []row {
	return append(append(smallRows(z), largeRows(z)...), recordedRows(z)...)
}

// smallRows fetch many small files.
func smallRows(z sizes) []row {
	files := fmt.Sprintf("%s × %s derivatives", thousands(z.many), sizeText(z.small))
	served := []string{"nginx", "curl"}
	return []row{
		{
			name: "distant-curl-32", work: files + ", 50 ms", beside: "`curl --parallel --parallel-max 32`",
			target: limits{wall: 0.55, peak: 90}, needs: served,
			set: manySmall(distant, curlMany(32)),
		}, {
			name: "distant-curl-128", work: files + ", 50 ms", beside: "`curl --parallel --parallel-max 128`",
			target: limits{wall: 1.15, peak: 90}, needs: served,
			set: manySmall(distant, curlMany(128)),
		}, {
			name: "distant-wget2", work: files + ", 50 ms", beside: "`wget2 --max-threads 32`",
			target: limits{wall: 0.60, peak: 90}, needs: []string{"nginx", "wget2"},
			set: manySmall(distant, wget2("--max-threads=32")),
		}, {
			name: "near-curl", work: files + ", near", beside: "`curl --http1.1 --parallel --parallel-max 32`",
			target: limits{wall: 1.10, peak: 90}, needs: served,
			set: manySmall(nil, curlMany(32, "--http1.1")),
		}, {
			name: "near-wget2", work: files + ", near", beside: "`wget2`",
			target: limits{wall: 1.10, peak: 90}, needs: []string{"nginx", "wget2"},
			set: manySmall(nil, wget2()),
		},
	}
}

// largeRows fetch one large file.
func largeRows(z sizes) []row {
	large, limited := sizeText(z.large), sizeText(z.limited)+", 10 MiB/s per connection"
	aria := []string{"nginx", "aria2c"}
	return []row{
		{
			name: "large", work: large + ", `--no-verify`", beside: "`curl --http1.1`",
			target: limits{wall: 1.00}, needs: []string{"nginx", "curl"},
			set: oneLarge(fromNginx, []string{"--no-verify"}, curlOne),
		}, {
			name: "large-md5", work: large + ", verified by its MD5 ETag", beside: "`curl --http1.1 && md5sum`",
			target: limits{wall: 0.70}, needs: []string{"curl", "md5sum"},
			set: oneLarge(withDigest, nil, curlAndSum),
		}, {
			name: "limited-8", work: limited, beside: "`aria2c -x8 -s8 -k1M`",
			target: limits{wall: 1.03}, needs: aria, slow: true,
			set: fromLimited(8, false),
		}, {
			name: "limited-16", work: limited + ", `--connections 16`", beside: "`aria2c -x16 -s16 -k1M`",
			target: limits{wall: 1.05}, needs: aria, slow: true,
			set: fromLimited(16, false),
		}, {
			name: "limited-straggler", work: limited + ", one of eight 10 × slower", beside: "`aria2c -x8 -s8 -k1M`",
			target: limits{wall: 0.90}, needs: aria, slow: true,
			set: fromLimited(8, true),
		},
	}
}

// recordedRows have little to fetch, need an API call per file, or only start.
func recordedRows(z sizes) []row {
	small := sizeText(z.small)
	return []row{
		{
			name: "unchanged", work: fmt.Sprintf("%s × %s derivatives in place, 50 ms, `--if-exists overwrite`", thousands(z.unchanged), small),
			beside: "the first run of bynder", counts: "connections",
			target: limits{wall: 0.60, count: maxJobs}, needs: []string{"nginx"},
			set: unchanged(distant),
		}, {
			name: "sync", work: fmt.Sprintf("`sync` of %s assets, unchanged", thousands(z.listed)), counts: "API calls",
			// One call for the user, and one for each page of the list.
			target: limits{took: 3 * time.Second, peak: 60, count: 1 + int64(z.listed+assetsPerPage-1)/assetsPerPage}, needs: []string{"nginx"},
			set: syncUnchanged,
		}, {
			name: "originals", work: fmt.Sprintf("%s × %s originals, near, `--api-rate 0`", thousands(z.many), small), beside: "`xargs -P 8`, two `curl` per file",
			target: limits{wall: 0.05}, needs: []string{"nginx", "curl", "xargs"}, slow: true,
			set: originals,
		}, {
			name: "journal", work: thousands(z.known) + " ids that the journal records as done",
			target: limits{peak: 64, perSecond: 200_000},
			set:    knownToJournal,
		}, {
			name: "version", work: "`bynder version`", beside: "`curl --version`",
			target: limits{wall: 0.8, peak: 12}, needs: []string{"curl"}, pairs: z.starts,
			set: func(_ context.Context, s *site) (*contest, error) {
				return &contest{ours: side{args: []string{s.bynder, "version"}}, beside: side{args: []string{"curl", "--version"}}, portal: "127.0.0.1"}, nil
			},
		},
	}
}

// maxJobs is the most connections to storage that bynder opens by default.
const maxJobs = 128
