// Package journal remembers which files are done, so that a second run asks nothing about
// them. A journal is a file of results, one JSON object a line, in the shape that --json
// prints; lines are only ever added, and of the lines about one file the latest counts.
//
//	j, err := journal.Open(ctx, "done.ndjson", journal.Options{Portal: host, Dir: dir})
//	…
//	engine := &download.Engine{Observer: download.Observers{reporter, j}, Done: j.Done}
//	…
//	err = j.Close()
//
// What a file is, is told by its portal, media id and selector. In memory there is a
// fingerprint of these for each file, and where in the journal its latest line begins.
//
// A file is on disk before the journal says that it is: results wait for each other, at
// most 100 of them and at most for a second, then their files and folders are synced, and
// only then their lines are added, with one write, and synced too. So a process can be
// killed at any moment. Several processes add to one journal in turns, under a lock.
package journal
