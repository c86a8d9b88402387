package mirror

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

// Witness is what Confirm asks of the portal: a *bynder.Client.
type Witness interface {
	// AssetsListed yields those of the assets named by q.IDs that its filters choose, and bynder.ErrMiscounted if the
	// portal has counted others.
	AssetsListed(ctx context.Context, q bynder.Query) iter.Seq2[*bynder.Asset, error]
	// Asset asks for one asset.
	Asset(ctx context.Context, mediaID string) (*bynder.Asset, error)
}

// maxSilent is after how many errors in a row, which are about no asset, the portal is asked no more.
const maxSilent = 3

// Confirm asks the portal what has become of assets that a list with these filters did not have. An asset that the
// filters choose after all, and one of which the portal says neither that it is gone nor that it may not be seen, is
// Unconfirmed. A list that does not have as many assets as the portal counts may have left out any of these: then none
// counts as left or deleted that it does not have. The error is one that every other call would meet, too: credentials
// that are refused, an allowance that is used up, the end of ctx.
func Confirm(ctx context.Context, w Witness, filters bynder.Query, ids []string) (map[string]Verdict, error) {
	verdicts := make(map[string]Verdict, len(ids))
	for _, id := range ids {
		verdicts[id] = Unconfirmed
	}
	chosen, err := listed(ctx, w, filters, ids)
	if err != nil || chosen.broken { // an asset that is missing in part of a list may be in the rest
		return verdicts, err
	}
	ids, doubtful := without(ids, chosen.has), chosen.miscounted
	if filters.HasFilters() {
		there, err := listed(ctx, w, bynder.Query{}, ids)
		if err != nil {
			return verdicts, err
		}
		for _, id := range ids {
			if there.has[bynder.FoldedID(id)] && !doubtful {
				verdicts[id] = AssetLeft
			}
		}
		ids, doubtful = without(ids, there.has), doubtful || there.miscounted
	}
	silent := 0
	for _, id := range ids {
		_, err := w.Asset(ctx, id)
		if ends(ctx, err) {
			return verdicts, err
		}
		verdict, answered := verdictOf(err)
		if verdict != AssetDeleted || !doubtful {
			verdicts[id] = verdict
		}
		if answered {
			silent = 0
		} else if silent++; silent == maxSilent {
			break
		}
	}
	return verdicts, nil
}

// verdictOf returns what the answer to a call for one asset says of it, and whether there was one. A page that a firewall or
// a proxy has sent does not count as an answer.
func verdictOf(err error) (v Verdict, answered bool) {
	if err == nil {
		return Unconfirmed, true // the portal has it, but no list does
	}
	if _, protocol := errors.AsType[*bynder.ProtocolError](err); protocol {
		return Unconfirmed, true
	}
	api, ok := errors.AsType[*bynder.APIError](err)
	switch {
	case ok && api.Foreign:
		return Unconfirmed, false
	case ok && api.Status == http.StatusNotFound:
		return AssetDeleted, true
	case ok && api.Status == http.StatusForbidden:
		return AssetHidden, true
	default:
		return Unconfirmed, false
	}
}

// list is what the portal lists of the assets that it was asked for.
type list struct {
	has        map[string]bool // by their folded ids
	broken     bool            // there may be more
	miscounted bool            // the portal has counted others
}

// listed asks which of the assets the portal lists. The error is one that ends Confirm.
func listed(ctx context.Context, w Witness, filters bynder.Query, ids []string) (list, error) {
	l := list{has: map[string]bool{}}
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		asked[bynder.FoldedID(id)] = true
	}
	if len(ids) == 0 {
		return l, nil
	}
	filters.IDs, filters.Limit = ids, 0
	for a, err := range w.AssetsListed(ctx, filters) {
		switch {
		case ends(ctx, err):
			return l, err
		case errors.Is(err, bynder.ErrMiscounted):
			l.miscounted = true
		case err != nil || !asked[bynder.FoldedID(a.ID)]: // a portal that ignores ids lists what it likes
			l.broken = true
		default:
			l.has[bynder.FoldedID(a.ID)] = true
		}
	}
	return l, nil
}

// without returns the ids that are not among the folded ones.
func without[V any](ids []string, folded map[string]V) (left []string) {
	for _, id := range ids {
		if _, is := folded[bynder.FoldedID(id)]; !is {
			left = append(left, id)
		}
	}
	return left
}

// ends reports whether every other call would meet an error, too.
func ends(ctx context.Context, err error) bool {
	if err == nil {
		return false
	}
	if ctx.Err() != nil {
		return true
	}
	switch download.FailureOf(ctx, err).Code {
	case download.CodeAuth, download.CodeRateLimited, download.CodeInterrupted:
		return true
	default:
		return false
	}
}
