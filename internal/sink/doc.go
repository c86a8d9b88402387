// Package sink is where the bytes of files land: in a folder (Dir), or in a
// stream that cannot be taken back (Stream: standard output, devices, FIFOs).
// Both are a download.Sink and pass one conformance suite.
//
// A Dir receives a file under a name that is its identity,
//
//	<final>.<idhash>-<versionhash>.part
//
// so that the next run finds it, knows that it is of the same object, and
// continues at its length. Its folder is made when the file is published; until
// then the partial is in the nearest folder above. Whoever writes it holds a lock on it. The final name
// appears only when the file is whole, and never over a file that appeared in
// the meantime, unless overwriting was asked for.
//
// Every file that is being received costs one open file. The Go runtime raises
// the soft limit of open files to the hard one when a program that imports os
// starts (syscall.init), so there is nothing to raise here.
package sink
