package terminal

import (
	"testing"

	"github.com/creack/pty"
)

// A terminal that another open has reserved is known to be, also by a process with the same open file.
func TestReserve(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer master.Close()
	defer tty.Close()
	if IsReserved(tty) {
		t.Error("it is reserved before")
	}
	release := Reserve(tty)
	if !IsReserved(tty) {
		t.Error("it is not reserved")
	}
	again := Reserve(tty)
	release()
	if IsReserved(tty) {
		t.Error("it is reserved after the end")
	}
	again()
}
