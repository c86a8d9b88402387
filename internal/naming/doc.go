// Package naming turns untrusted text into safe paths: the name that storage gives a file
// ([FromDisposition], [FromURL]), a path element that is safe on every system ([Safe]), and
// the path of an asset by the --name template ([Template]). Its functions are pure: the same
// text gives the same path on Linux, macOS and Windows, whatever is on the disk.
package naming
