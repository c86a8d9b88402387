package cli

// inForeground is true: on Windows, Ctrl-C reaches all processes of a console.
func inForeground() bool { return true }
