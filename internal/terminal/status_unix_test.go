//go:build unix

package terminal

import (
	"syscall"
	"testing"
)

// Every signal that asks for a status line is answered, until stop.
func TestOnStatusKey(t *testing.T) {
	shown := make(chan struct{})
	stop := OnStatusKey(func() { shown <- struct{}{} })
	defer stop()
	for _, s := range statusSignals {
		if err := syscall.Kill(syscall.Getpid(), s.(syscall.Signal)); err != nil {
			t.Fatal(err)
		}
		<-shown
	}
}
