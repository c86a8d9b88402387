package terminal

// InForeground reports true: on Windows, Ctrl-C reaches all processes of a console.
func InForeground() bool { return true }
