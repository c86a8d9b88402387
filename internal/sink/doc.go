// Package sink writes the bytes of files: to a folder (Dir), or to a stream that
// cannot be rewound (Stream: standard output, devices, FIFOs). Both implement
// download.Sink and pass one conformance suite.
//
// A Dir receives a file under a name that identifies it,
//
//	<final>.<idhash>-<versionhash>.part
//
// so that the next run finds it, can check that it is of the same object, and
// continues at its length. Its folder is created when the file is published; until
// then the partial is in the nearest folder above. The process that writes it holds
// a lock on it. The final name appears only when the file is whole, and never
// replaces a file that appeared in the meantime, unless the user chose to overwrite.
//
// Each file that is being received needs one open file. The Go runtime raises the
// soft limit of open files to the hard one when a program that imports os starts
// (syscall.init), so this package does not.
package sink
