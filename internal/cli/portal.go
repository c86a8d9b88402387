package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/budget"
	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/transport"
)

// retries is the default number of consecutive retries without progress of a call or a
// transfer.
const retries = 5

// portalFlags are the flags of every command that calls the portal.
type portalFlags struct {
	configFlags
	streams Streams
	verbose bool
	apiRate float64
	retries int
	// allowance is the share of the API allowance that --shard leaves; the zero value is all of it.
	allowance budget.Share
	// trace, if not nil, is called for each exchange, from many goroutines.
	trace func(transport.Exchange)
}

// add adds the flags to f.
func (o *portalFlags) add(f *pflag.FlagSet) {
	o.configFlags.add(f)
	f.Float64Var(&o.apiRate, "api-rate", budget.DefaultRate, "API calls per second, shared by all bynder processes of this user for this portal: 0.1 to 14 (0 = do not wait)")
	f.IntVar(&o.retries, "retries", retries, "give up after this number of consecutive retries without progress")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show each request and the reason for each retry")
}

// check rejects invalid flags before any call.
func (o *portalFlags) check() error {
	if o.apiRate != 0 && !(o.apiRate >= budget.MinRate && o.apiRate <= budget.MaxRate) {
		return usagef("--api-rate is %g, and must be 0 or from %g to %g", o.apiRate, budget.MinRate, float64(budget.MaxRate))
	}
	if o.retries < 0 {
		return usagef("--retries is %d, and must not be negative", o.retries)
	}
	return nil
}

// portal has the clients of the portal's API and of storage.
type portal struct {
	origin  *url.URL
	client  *bynder.Client
	storage *http.Client
	names   nameStore                        // for completions
	calls   func() int64                     // number of API calls
	note    func(format string, args ...any) // prints a line of -v; does nothing without
}

// portal creates the two HTTP clients and the client of the API.
func (o *portalFlags) portal(conf config.Config, screen *report.Screen, notify func(budget.Wait), connections int) (*portal, error) {
	allowance, err := budget.Open(conf.Portal.String(), o.apiRate, budget.Options{
		Share: o.allowance, Notify: notify,
	})
	if err != nil {
		return nil, usagef("--api-rate: %w", err)
	}
	t := transport.Options{
		Roots:       conf.Roots,
		UserAgent:   userAgent(),
		PlainHTTP:   config.IsLoopback(conf.Portal.Hostname()),
		Allowance:   allowance,
		Retries:     o.retries,
		Connections: connections,
		Refusal:     bynder.Refusal,
	}
	t.Retried = func(err error, wait time.Duration) {
		if o.verbose || wait >= time.Minute { // the portal asked for a long wait
			screen.Say("asking the portal again in %s: %v", report.Duration(wait), err)
		}
	}
	note := func(string, ...any) {}
	if t.Trace = o.trace; o.verbose {
		note = screen.Say
		screen.Say("credentials from %s", conf.From)
		t.Trace = func(e transport.Exchange) {
			screen.Say("%s", exchangeLine(e))
			if o.trace != nil {
				o.trace(e)
			}
		}
		if err := allowance.Unshared(); err != nil {
			screen.Say("the API allowance is not shared with other processes: %v", err)
		}
	}
	client := bynder.New(conf.Portal, transport.Portal(conf, t))
	client.Signs = conf.Credentials.Kind == config.OAuth1
	return &portal{
		origin:  conf.Portal,
		client:  client,
		storage: transport.Storage(t),
		names:   o.nameStore(o.streams.Getenv),
		calls:   allowance.Calls,
		note:    note,
	}, nil
}

// waitText returns the reason for which API calls wait.
func waitText(w budget.Wait) string {
	if w.Reason == budget.Block {
		return "the portal refuses calls until " + w.Until.Local().Format(time.TimeOnly)
	}
	return "API allowance: " + rateText(w.Rate)
}

// notifyWaits returns a function that prints why calls wait, once per minute at most: a long list waits at every page.
func notifyWaits(screen *report.Screen) func(budget.Wait) {
	printed := map[budget.Reason]time.Time{}
	return func(w budget.Wait) {
		if time.Since(printed[w.Reason]) >= time.Minute {
			printed[w.Reason] = time.Now()
			screen.Say("waiting: %s", waitText(w))
		}
	}
}

// exchangeLine returns the line of -v for one request.
func exchangeLine(e transport.Exchange) string {
	outcome := fmt.Sprint(e.Status)
	if e.Err != nil {
		outcome = e.Err.Error()
	}
	again := ""
	if e.Try > 1 {
		again = fmt.Sprintf(", try %d", e.Try)
	}
	return fmt.Sprintf("%s %s %s (%s%s)", e.Method, e.URL, outcome, e.Took.Round(time.Millisecond), again)
}
