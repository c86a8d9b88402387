// Command bynder gets files out of a Bynder portal.
package main

import (
	"os"

	"github.com/bynder-cli/bynder/internal/cli"
)

func main() {
	ctx, stop := cli.SignalContext()
	code := cli.Main(ctx, os.Args[1:], cli.System())
	stop()
	os.Exit(code)
}
