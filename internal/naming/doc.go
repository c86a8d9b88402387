// Package naming turns foreign text into safe paths: the name that a storage
// gives a file ([FromDisposition], [FromURL]), one path element that is safe on
// every system ([Safe]), and the path that the --name template makes of an
// asset ([Template]). All of it is pure: the same text gives the same path on
// Linux, macOS and Windows, whatever is on the disk.
package naming
