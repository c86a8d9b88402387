package bucket

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestConformance holds the sink of a bucket to what download.Sink promises.
func TestConformance(t *testing.T) {
	for _, policy := range []sink.IfExists{sink.Fail, sink.Skip, sink.Overwrite, sink.Rename} {
		t.Run(policy.String(), func(t *testing.T) {
			sinktest.Run(t, func(t *testing.T) sinktest.Subject {
				s := newServer(t)
				return sinktest.Subject{Sink: s.sink(SinkOptions{IfExists: policy}), Delivered: func() string { return s.contents()[sinktest.Name] }}
			})
		})
	}
}
