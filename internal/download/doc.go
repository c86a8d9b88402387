// Package download is the engine: it turns each job (which file of which asset) into
// exactly one result (what happened to it). The work is done by implementations of its
// interfaces: a Portal finds temporary locations, a Sink writes bytes, observers receive
// events.
package download
