package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/report"
)

// apiOptions are the flags of `bynder api`.
type apiOptions struct {
	portalFlags
	query    []string
	paginate bool

	call       bynder.Call // set by check
	parameters url.Values
	limit      int // elements per page
}

func newAPI(s Streams) *cobra.Command {
	o := apiOptions{}
	o.streams = s
	cmd := &cobra.Command{
		Use:   "api <path>",
		Short: "Make one call to the portal's API",
		Long: `Make a GET call to the portal's API, with the credentials, the allowance and the
retries of the other commands. Prints the body of the answer as it is; to a
terminal, control characters are printed as escapes of JSON.

The path is one below /api/v4/ (media/), one from the root (/api/v4/media/), or
a URL of this portal. Other hosts are refused, in redirects too.

Exit status: 0 if the portal answers with success, 4 if it rejects the
credentials (401), 1 for all other answers. The body is printed in each case,
and the reason to standard error. A body {"statuscode": 404} is a 404, whatever
the status of the answer is. If an error's body contains your credentials, they
are replaced by [redacted].

With --paginate the path must be that of a list. Prints its elements, one per
line, from all pages, and one that a later page repeats only once. If a call
fails, the elements before it are printed, and its body is not. An answer may
contain temporary URLs of files, which work for anyone until they expire.`,
		Example: `  # Show one asset
  bynder api media/D4AC0B41-141B-47D2-98B4FECDA8894CB2/ -q versions=1

  # List the elements of all pages of a list, one per line
  bynder api media/ -q type=image,video -q limit=100 --paginate`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return &usageError{err: errors.New("specify one path"), hint: "bynder api media/"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.checkCall(args[0]); err != nil {
				return err
			}
			return o.writeListing(cmd.Context(), func(ctx context.Context, p *portal, screen *report.Screen) error {
				if err := checkOrigin(o.call.Origin, p.origin); err != nil {
					return err
				}
				if o.paginate {
					return o.listPages(ctx, p, screen)
				}
				return o.writeAnswer(ctx, p, screen)
			})
		},
	}
	o.add(cmd.Flags())
	cmd.Flags().StringArrayVarP(&o.query, "query", "q", nil, "add this `KEY=VALUE` to the query (repeatable)")
	cmd.Flags().BoolVar(&o.paginate, "paginate", false, "request all pages of a list, and print its elements one per line")
	return cmd
}

// checkCall parses the path and the query, and rejects invalid ones before any call.
func (o *apiOptions) checkCall(path string) (err error) {
	if o.call, err = bynder.ParseCall(path); err != nil {
		return &usageError{err: fmt.Errorf("invalid path %s: %w", quote(path), err), hint: "write it as media/ or /api/v4/media/"}
	}
	if o.parameters, err = bynder.Parameters(append(o.call.Query, o.query...)); err != nil {
		return usagef("--query: %w", err)
	}
	if !o.paginate {
		return nil
	}
	if o.parameters.Has("page") || o.parameters.Has("cursor") {
		return usagef("--paginate requests all pages: leave out page and cursor")
	}
	o.limit = bynder.PageLimit
	if text := o.parameters.Get("limit"); text != "" {
		if o.limit, err = strconv.Atoi(text); err != nil || o.limit < 1 || o.limit > bynder.PageLimit {
			return usagef("--query: limit is %s, and must be from 1 to %d", quote(text), bynder.PageLimit)
		}
	}
	return nil
}

// checkOrigin rejects the URL of another host than the portal; nil is that of a path.
func checkOrigin(origin, portal *url.URL) error {
	if origin == nil {
		return nil
	}
	if asked, err := config.ParsePortal(origin.String()); err != nil || asked.String() != portal.String() {
		return &usageError{err: fmt.Errorf("%s is not this portal, which is %s", quote(origin.String()), portal), hint: "write a path, such as media/"}
	}
	return nil
}

// writeAnswer makes the call and writes the body of its answer.
func (o *apiOptions) writeAnswer(ctx context.Context, p *portal, screen *report.Screen) error {
	answer, err := p.client.Get(ctx, o.call.Path, o.parameters)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	out := screen.Body()
	n, err := io.Copy(stdoutWriter{out}, answer.Body)
	if failed := (*stdoutError)(nil); errors.As(err, &failed) {
		return err
	}
	if ended := written(out.Close()); ended != nil {
		return ended
	}
	if err != nil {
		err = fmt.Errorf("the answer broke off after %s: %w", report.Bytes(n), err)
	}
	return errors.Join(err, answer.Refused)
}

// stdoutWriter writes to standard output; its errors are a *stdoutError.
type stdoutWriter struct{ w io.Writer }

func (s stdoutWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	return n, written(err)
}

// listPages writes the elements of all pages.
func (o *apiOptions) listPages(ctx context.Context, p *portal, screen *report.Screen) error {
	elements := p.client.Pages(o.call.Path, o.parameters, o.limit)
	return listEach(ctx, report.NewListing(screen, nil, true), screen, elements, listed[json.RawMessage]{
		noun: "element", nothing: "the list is empty",
		row: func(raw json.RawMessage) report.Row { return report.Row{Object: raw} },
	})
}
