package retry

import "context"

// Await returns the results of call or, if ctx ends first, ctx's cause. It is for calls that take no context and
// may never return: a read from a terminal or a pipe, a write to a pipe whose reader has stopped, an
// operation of the system's keychain.
//
// Such a call cannot be canceled. If ctx ends, it continues in its goroutine, which ends with the call or,
// as ctx ends when a command does, with the process; its results are then dropped. So call must
// use only memory of its own: the caller copies what it reads or writes. The caller must not make a
// second call on the same file, because two concurrent ones would interleave their bytes; Await
// itself makes none after ctx has ended.
func Await[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	returned := make(chan outcome, 1) // buffered, for a call that returns too late
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
