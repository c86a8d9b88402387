package terminal

// OnStatusKey never calls show: Windows has no signal to ask with.
func OnStatusKey(func()) (stop func()) { return func() {} }
