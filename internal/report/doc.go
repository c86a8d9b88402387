// Package report shows people and scripts what the engine does. A [Reporter] is
// an observer of the engine with several outputs: a progress bar or plain lines, paths
// or NDJSON on standard output, errors as they happen, a closing summary. All
// output goes through one [Screen], so that lines stay whole and the bar is always
// removed.
//
//	r := report.New(report.Options{
//		Stdout: os.Stdout, Stderr: os.Stderr,
//		StdoutFailed: cancel, // func(error): the reader of the results has gone
//		Files:        list.Files, // how many files the run is for
//	})
//	// … the engine runs with r as its Progress and among its Results …
//	err := r.Close(report.Totals{APICalls: calls, NotStarted: left})
//
// No other package draws on a terminal.
package report
