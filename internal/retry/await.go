package retry

import "context"

// Await returns what call returns or, if ctx ends first, ctx's cause. It is for calls that take no context and
// may never return: a read from a terminal or a pipe, a write to a pipe whose reader has stopped, a
// question to the system's keychain.
//
// Such a call cannot be ended. It is left behind, with its goroutine, which waits for nothing
// else and ends with the call or, as ctx ends when a command does, with the process; what the
// call returns then is dropped. So call may touch only memory of its own: what it has to fill
// or to send is copied. Its caller makes no second call on the same file, because two at once
// would mix up their bytes; Await itself makes none once ctx has ended.
func Await[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	returned := make(chan outcome, 1) // with room for one that comes too late
	go func() {
		value, err := call()
		returned <- outcome{value, err}
	}()
	select {
	case o := <-returned:
		return o.value, o.err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}
