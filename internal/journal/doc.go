// Package journal records which files are done, so that a second run asks nothing about
// them. A journal is a file of results, one JSON object per line, in the shape that --json
// prints. Lines are added at its end, and the latest line about a file counts.
//
//	j, err := journal.Open(ctx, "done.ndjson", journal.Options{Portal: host, Dir: dir})
//	…
//	engine := &download.Engine{Results: []download.ResultObserver{j, reporter}, Recorder: j, Done: j.Done}
//	…
//	err = j.Close()
//
// A file is identified by its portal, media id and selector. In memory there is a
// fingerprint of these for each file, and where in the journal its latest line begins.
//
// Before a file gets its final name its intent is added: a line with the status "intent",
// the path, the size and the MD5. The result follows when the file is on disk: results wait
// for each other, at most 100 and at most for a second, then their files and folders
// are synced, and only then their lines are added, with one write, and synced too. A process
// that is killed in between leaves intents without results. If the file of such an intent is in
// place, Open makes a result of it.
//
// For a bucket, where no intent is needed, intents record how far the upload of a large file is (download.Upload).
//
// A journal in a file belongs to one process at a time, which holds its lock from Open to Close. Open
// also compacts it: if more lines are superseded than not, it removes the superseded ones.
//
// The state of sync is a journal, too (Options.State). It has a head line, {"sync":{…}}, that says of which sync it is,
// and failures do not replace the record of a file in place. A line that is neither a head nor a record is an error: a file
// whose record cannot be read would count as one of another program.
package journal
