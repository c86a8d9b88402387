package terminal

import "os"

// InForeground reports true: on Windows, Ctrl-C reaches all processes of a console.
func InForeground() bool { return true }

// MayDraw reports true: Windows has no jobs in the background of a console.
func MayDraw(*os.File) bool { return true }

// WriteInBackground does nothing: Windows has no signal for it.
func WriteInBackground() {}

// IsRaw reports false: a program that uses the whole screen has a screen buffer of its own.
func IsRaw(*os.File) bool { return false }
