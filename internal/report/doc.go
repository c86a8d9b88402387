// Package report tells people and scripts what the engine does. A [Reporter] is
// one observer of the engine with several faces: a progress bar or plain lines, paths
// or NDJSON on standard output, errors as they happen, a closing summary. All of
// them write through one [Screen], so that no line tears another and the bar
// never stays behind.
//
//	r := report.New(report.Options{
//		Stdout: os.Stdout, Stderr: os.Stderr,
//		StdoutFailed: cancel, // func(error): nobody reads the results any more
//		Files:        list.Files, // how many there are
//	})
//	// … the engine runs with r as its Progress and among its Results …
//	err := r.Close(report.Totals{APICalls: calls, NotStarted: left})
//
// It is the only package that knows how a terminal is drawn on.
package report
