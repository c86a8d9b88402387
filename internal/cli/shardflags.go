package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/budget"
	"github.com/bynder-cli/bynder/internal/input"
	"github.com/bynder-cli/bynder/internal/report"
)

// shardFlags select a share of the ids, for one of several machines.
type shardFlags struct {
	shard      string
	ownAddress bool

	share input.Shard // set by check
}

func (o *shardFlags) add(f *pflag.FlagSet) {
	f.StringVar(&o.shard, "shard", "", "only share `K/N` of the ids, for one of N machines or tasks; auto = as the scheduler's variables say")
	f.BoolVar(&o.ownAddress, "own-address", false, "with --shard: each share has an IP address of its own; do not divide --api-rate")
}

// shardPlace stands for the share in the paths of files that the run writes for itself.
const shardPlace = "{shard}"

// checkShard parses --shard, and puts the share into the paths of files that tasks write for themselves. The portal's
// allowance is then divided.
func (o *transferFlags) checkShard() (err error) {
	if o.shard == "" {
		if o.ownAddress {
			return usagef("--own-address needs --shard")
		}
	} else if o.share, err = input.ParseShard(o.shard, o.streams.Getenv); err != nil {
		return &usageError{err: fmt.Errorf("--shard: %w", err), hint: hintOf(err)}
	}
	for _, own := range []struct {
		flag string
		path *string
	}{{"journal", &o.journal}, {"undone-out", &o.undoneOut}, {"metadata-csv", &o.metadataCSV}} {
		if !strings.Contains(*own.path, shardPlace) {
			continue
		}
		if o.shard == "" {
			return usagef("--%s has %s, which needs --shard", own.flag, shardPlace)
		}
		*own.path = strings.ReplaceAll(*own.path, shardPlace, o.share.FileName())
	}
	if !o.share.Divided() || o.ownAddress {
		return nil
	}
	o.allowance = budget.Share(o.share)
	if most := budget.MaxShares(o.apiRate); o.share.Of > most {
		return &usageError{
			err:  fmt.Errorf("--shard: %d shares of one address are too many at --api-rate %g: at most %d", o.share.Of, o.apiRate, most),
			hint: "use fewer shares or, if each has an IP address of its own, --own-address",
		}
	}
	return nil
}

// sayShare prints which part of the API allowance the run has.
func (s *session) sayShare() {
	o := s.flags
	if o.quiet || o.allowance.Of <= 1 || o.apiRate == 0 {
		return
	}
	s.reporter.Screen().Say("share %s: API calls are limited to %s; all shares together have %g/s (--own-address: each has an IP address of its own)",
		o.share, rateText(o.apiRate/float64(o.share.Of)), o.apiRate)
}

// rateText returns a number of API calls per second.
func rateText(rate float64) string {
	if rate < budget.MinRate && rate > 0 {
		return "one per " + report.Duration(time.Duration(float64(time.Second)/rate))
	}
	return fmt.Sprintf("%.3g/s", rate)
}

// shareText returns "3 of 6", or "" if the run is for the whole list.
func (o *shardFlags) shareText() string {
	if !o.share.Divided() {
		return ""
	}
	return o.share.String()
}
