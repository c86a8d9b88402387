// Package download is the engine: it turns jobs (which file of which asset) into
// results (what became of it), each exactly once. It decides, and leaves the doing
// to the interfaces it declares: a Locator finds temporary locations, a Sink takes
// bytes, observers are told what happens. It knows no flag and no terminal.
package download
