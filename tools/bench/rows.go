package main

import (
	"context"
	"fmt"
	"time"
)

const (
	// limitedRate is what a limited origin gives a connection, in bytes a second.
	limitedRate = 10 << 20
	// slowdown is by how much one of eight connections is slower.
	slowdown = 10
	// roundTrip is how far away a distant origin is.
	roundTrip = 50 * time.Millisecond
)

// rows are the lines of the table.
//
//nolint:funlen // one literal: a table
func rows(z sizes) []row {
	large, limited := sizeText(z.large), sizeText(z.limited)
	small := func(n int) string { return fmt.Sprintf("%s × %s", thousands(n), sizeText(z.small)) }
	served := []string{"nginx", "curl"}
	return []row{
		{
			name: "plain", work: large + ", plain HTTP, `--no-verify --connections 1`", beside: "`curl -o`",
			target: limits{wall: 0.60, cpu: 0.65, peak: 20}, needs: served,
			set: oneLarge(plain, []string{"--no-verify", "--connections", "1"}, curlOne),
		}, {
			name: "plain-default", work: large + ", plain HTTP, `--no-verify`", beside: "itself with `--connections 1`",
			target: limits{wall: 1.10, peak: 110}, needs: []string{"nginx"},
			set: oneLarge(plain, []string{"--no-verify"}, func(s *site, _ string) []string {
				return s.download("--no-verify", "--connections", "1", mediaID(0))
			}),
		}, {
			name: "md5", work: large + ", verified by its MD5 ETag", beside: "`curl -o f && md5sum f`",
			target: limits{wall: 0.70}, needs: []string{"curl", "md5sum"},
			set: oneLarge(digested, nil, curlAndSum),
		}, {
			name: "tls", work: large + ", TLS, `--no-verify`", beside: "`curl --http1.1 -o`",
			target: limits{wall: 1.00}, needs: served,
			set: oneLarge(encrypted, []string{"--no-verify"}, curlTLS),
		}, {
			name: "limited-8", work: limited + ", 10 MiB/s a connection", beside: "`aria2c -x8 -s8 -k1M`",
			target: limits{wall: 1.05}, needs: []string{"nginx", "aria2c"}, slow: true,
			set: fromLimited(8, false),
		}, {
			name: "limited-16", work: limited + ", 10 MiB/s a connection, `--connections 16`", beside: "`aria2c -x16 -s16 -k1M`",
			target: limits{wall: 1.10}, needs: []string{"nginx", "aria2c"}, slow: true,
			set: fromLimited(16, false),
		}, {
			name: "limited-straggler", work: limited + ", 10 MiB/s a connection, one of eight 10 × slower", beside: "`aria2c -x8 -s8 -k1M`",
			target: limits{wall: 1.00}, needs: []string{"nginx", "aria2c"}, slow: true,
			set: fromLimited(8, true),
		}, {
			name: "derivatives-curl", work: small(z.many) + " derivatives", beside: "`curl --parallel --parallel-max 32 -K`",
			target: limits{wall: 1.00}, needs: served,
			set: derivatives(z.many, 0, curlMany),
		}, {
			name: "derivatives-wget2", work: small(z.many) + " derivatives", beside: "`wget2 -i`",
			target: limits{wall: 1.15}, needs: []string{"nginx", "wget2"},
			set: derivatives(z.many, 0, wget2),
		}, {
			name: "originals", work: small(z.many) + " originals, `--api-rate 0`", beside: "`xargs -P 8`, two `curl` each",
			target: limits{wall: 0.05}, needs: append([]string{"xargs"}, served...), slow: true,
			set: originals(z.many),
		}, {
			name: "distant", work: small(z.distant) + " derivatives, 50 ms to storage", beside: "`curl --parallel --parallel-max 32 -K`",
			target: limits{wall: 1.05}, needs: served,
			set: derivatives(z.distant, storageDistant, curlMany),
		}, {
			name: "distant-portal", work: "the same, 50 ms to the portal, too, which `curl` has not to ask", beside: "`curl --parallel --parallel-max 32 -K`",
			needs: served,
			set:   derivatives(z.distant, storageDistant|portalDistant, curlMany),
		}, {
			name: "version", work: "`bynder version`", beside: "`curl --version`",
			target: limits{wall: 0.8, peak: 12}, needs: []string{"curl"}, pairs: z.starts,
			set: func(_ context.Context, s *site) (*contest, error) {
				return &contest{ours: []string{s.bynder, "version"}, theirs: []string{"curl", "--version"}, portal: "127.0.0.1"}, nil
			},
		}, {
			name: "journal", work: thousands(z.known) + " ids that the journal knows",
			target: limits{peak: 64, perSecond: 200_000}, flag: "--journal",
			set: knownToJournal(z.known),
		},
	}
}
