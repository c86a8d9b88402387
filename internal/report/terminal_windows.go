package report

import (
	"os"

	"golang.org/x/sys/windows"
)

// understandsEscapes switches the console's escape sequences on, which are off
// by default, and reports whether that worked (it does from Windows 10 on).
func understandsEscapes(f *os.File) bool {
	console := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
