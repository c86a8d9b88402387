package cli

import "github.com/bynder-cli/bynder/internal/report"

// showStatus does nothing: Windows has no signal to ask with.
func showStatus(*report.Reporter) func() { return func() {} }
