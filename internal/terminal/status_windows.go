package terminal

// OnStatusKey does nothing: Windows has no such signal.
func OnStatusKey(func()) (stop func()) { return func() {} }
